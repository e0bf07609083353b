"""Shops for tests: real HTTP servers that hold orders in the shapes of public order documents, and rules that fit."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from batcher.rules.compile_sources import compile_source
from batcher.rules.faults import read_shape
from batcher.rules.files import Source as File
from batcher.rules.grammar import Known
from batcher.rules.source_models import SourceShape
from batcher.rules.yaml_source import parse
from batcher.services.context import Floor, RulesBox
from batcher.services.sources import SourceDesk


@dataclass(frozen=True)
class Asked:
    """One request as the shop got it."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Said:
    """What a shop answers."""

    content: Any = None  #: JSON, or bytes as they are
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Shop:
    """A server that answers by a function."""

    answer: Callable[[Asked], Said]
    url: str = ""
    asked: list[Asked] = field(default_factory=list)


@contextmanager
def serving(answer: Callable[[Asked], Said]) -> Iterator[Shop]:
    """Serve on this machine until the end of the block."""
    shop = Shop(answer)

    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            parts = urlsplit(self.path)
            query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            asked = Asked(self.command, parts.path, query, headers, body)
            shop.asked.append(asked)
            said = shop.answer(asked)
            content = said.content if isinstance(said.content, bytes) else json.dumps(said.content).encode()
            self.send_response(said.status)
            for name, value in {"Content-Length": str(len(content)), **said.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            with suppress(BrokenPipeError):  # who asked may have gone
                self.wfile.write(content)

        def do_GET(self) -> None:
            self._serve()

        def do_POST(self) -> None:
            self._serve()

        def do_PUT(self) -> None:
            self._serve()

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        shop.url = f"http://127.0.0.1:{server.server_address[1]}"
        try:
            yield shop
        finally:
            server.shutdown()
            thread.join()


PLAIN = """
every: 1 min
http: {{url: "{url}/orders", orders: orders, private: true{more}}}
order: {{order_id: id, placed_at: at, service: "'next-day'", lines: lines}}
line: {{sku: sku, quantity: quantity, text: text}}
"""


def plain_order(number: int, **changes: Any) -> dict[str, Any]:
    """Return an order of a shop that speaks almost as we do."""
    line = {"sku": "TIN-CAK-NATURAL-01", "quantity": 1, "text": f"Name {number}"}
    at = f"2026-11-23T08:{number // 60:02}:{number % 60:02}Z"
    return {"id": f"P-{number}", "number": number, "at": at, "changed": at, "lines": [line]} | changes


def with_source(floor: Floor, yaml: str, name: str = "shop") -> Floor:
    """Return the floor with one source in its rules, read as a file of rules would be."""
    document, faults = parse(File(Path("sources.yaml"), "sources", b"", yaml))
    assert document is not None
    assert faults == []
    shape, faults = read_shape(SourceShape, document.data, document, (), Known())
    assert faults == []
    rules = replace(floor.rules.current, sources={name: compile_source(name, shape)})
    return replace(floor, rules=RulesBox(rules, floor.rules.loaded_at))


def look(floor: Floor) -> int:
    """Look at all sources that are due, to the end; return at how many."""
    desk = SourceDesk(floor, lambda: 1.0)
    try:
        return desk.turn()
    finally:
        desk.finish()
        desk.stop()
