"""
Who asks, and what they may: scopes, and the bounds of a token.

Values only. Tokens are kept in `store.tokens`, known and made in `services.access`; which route needs what is in
`api.access`.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Scope(StrEnum):
    """One thing that a token may allow; a token allows nothing that it does not name."""

    ORDERS_READ = "orders:read"  #: see orders, pieces and why they are where they are
    ORDERS_WRITE = "orders:write"  #: send, change, hold, release and cancel orders
    QUOTES = "quotes"  #: ask for dates, and reserve them
    EVENTS_READ = "events:read"  #: read news
    HOOKS_WRITE = "hooks:write"  #: have news sent somewhere
    FLOOR_READ = "floor:read"  #: see stations, batches, tickets, plan, rules and board
    FLOOR_WRITE = "floor:write"  #: take stations down and up
    REPORTS_WRITE = "reports:write"  #: report what a station did
    METRICS_READ = "metrics:read"  #: scrape metrics
    ADMIN = "admin"  #: make and revoke tokens, erase personal texts


#: What a token may be allowed that is bound to one source of orders, and to one station.
SOURCE_SCOPES = frozenset({Scope.ORDERS_READ, Scope.ORDERS_WRITE, Scope.QUOTES, Scope.EVENTS_READ, Scope.HOOKS_WRITE})
STATION_SCOPES = frozenset({Scope.FLOOR_READ, Scope.FLOOR_WRITE, Scope.REPORTS_WRITE})


@dataclass(frozen=True)
class Actor:
    """Who acts; `source` and `station` bound what is there for them at all."""

    name: str
    scopes: frozenset[Scope]
    source: str | None = None
    station: str | None = None

    def may_see_source(self, source: str) -> bool:
        """Tell whether orders of a source are there for this actor."""
        return self.source in (None, source)

    def may_see_station(self, station: str) -> bool:
        """Tell whether a station, with its batches and tickets, is there for this actor."""
        return self.station in (None, station)


@dataclass(frozen=True)
class Token:
    """A token as kept: everything but the token itself."""

    id: str
    name: str
    scopes: tuple[Scope, ...]
    source: str | None
    station: str | None
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None

    def actor(self) -> Actor:
        """Return whom it stands for."""
        return Actor(self.name, frozenset(self.scopes), self.source, self.station)
