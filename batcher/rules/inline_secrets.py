"""Warn of secrets written into rules files, which are read by many and kept in version control; tell no values."""

import re
from collections.abc import Iterable, Iterator

from batcher.errors import Fault
from batcher.rules.yaml_source import Document, Route

_KEY = re.compile(r"passw(or)?d|secret|token|api[-_]?key|credential", re.IGNORECASE)
_VALUE = re.compile(r"://[^/\s:@]+:[^/\s@]+@|-----BEGIN |\bAKIA[0-9A-Z]{16}\b|\bBearer [A-Za-z0-9._-]{16,}")


def secret_warnings(documents: Iterable[Document]) -> list[Fault]:
    """Return a warning for every key or value that looks like a secret."""
    return [
        Fault(
            document.at(route, key=True),
            f"'{route[-1]}' looks like a secret; rules take none, give it to the service by file: or credential:",
            "secret",
        )
        for document in documents
        for route, value in _leaves((), document.data)
        if _KEY.search(str(route[-1])) or (isinstance(value, str) and _VALUE.search(value))
    ]


def _leaves(route: Route, value: object) -> Iterator[tuple[Route, object]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _leaves((*route, key), inner)
    elif isinstance(value, list):
        for position, inner in enumerate(value):
            yield from _leaves((*route, position), inner)
    else:
        yield route, value
