"""Tokens for tests, and what a client sends with them."""

from collections.abc import Iterable

from batcher.domain.access import Scope
from batcher.services.access import create_token
from batcher.services.context import Floor


def bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


def token_with(
    floor: Floor,
    scopes: Iterable[Scope],
    *,
    name: str = "",
    source: str | None = None,
    station: str | None = None,
    days: int = 30,
) -> dict[str, str]:
    """Make a token and return the headers that carry it."""
    wanted = tuple(scopes)
    called = name or "-".join(scope.name for scope in wanted) + f"-{source or station or 'free'}"
    return bearer(create_token(floor, called[:64], wanted, days=days, source=source, station=station).secret)
