"""
Which route needs what: one table, and nothing is served that is not in it.

Who is asking is found out in `gate`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from batcher.domain.access import Scope


class Bound(StrEnum):
    """What a token may be bound to; a route names the kinds it knows how to keep within their bounds."""

    SOURCE = "source"
    STATION = "station"


@dataclass(frozen=True)
class Access:
    """What a route needs; without a scope it is open to everybody."""

    scope: Scope | None
    bound: frozenset[Bound] = frozenset()
    page: bool = False  #: for people: who asks may be known by the cookie of a sign-in


_OPEN = Access(None)
_SOURCE, _STATION = frozenset({Bound.SOURCE}), frozenset({Bound.STATION})
_SEE_ORDERS, _DO_ORDERS = Access(Scope.ORDERS_READ, _SOURCE), Access(Scope.ORDERS_WRITE, _SOURCE)
_SEE_STATION, _DO_STATION = Access(Scope.FLOOR_READ, _STATION), Access(Scope.FLOOR_WRITE, _STATION)
_HOOKS = Access(Scope.HOOKS_WRITE, _SOURCE)
_SEE_FLOOR, _ADMIN = Access(Scope.FLOOR_READ), Access(Scope.ADMIN)
_FLOOR_PAGE, _ORDER_PAGE = Access(Scope.FLOOR_READ, page=True), Access(Scope.ORDERS_READ, page=True)
_PAPER = Access(Scope.FLOOR_READ, _STATION, page=True)
_ACT_ON_ORDERS = Access(Scope.ORDERS_WRITE, page=True)
_ACT_ON_FLOOR = Access(Scope.FLOOR_WRITE, page=True)
_OPEN_PAGE = Access(None, page=True)

#: Access by method and path.
ROUTES: Mapping[tuple[str, str], Access] = {
    ("POST", "/v1/orders"): _DO_ORDERS,
    ("GET", "/v1/orders"): _SEE_ORDERS,
    ("GET", "/v1/orders/{ref}"): _SEE_ORDERS,
    ("GET", "/v1/orders/{ref}/why"): _SEE_ORDERS,
    ("GET", "/v1/orders/{ref}/link"): _SEE_ORDERS,
    ("PATCH", "/v1/orders/{ref}"): _DO_ORDERS,
    ("POST", "/v1/orders/{ref}/hold"): _DO_ORDERS,
    ("POST", "/v1/orders/{ref}/release"): _DO_ORDERS,
    ("POST", "/v1/orders/{ref}/cancel"): _DO_ORDERS,
    ("POST", "/v1/orders/{ref}/erase"): _ADMIN,
    ("GET", "/v1/archive/{ref}"): _SEE_ORDERS,
    ("POST", "/v1/archive"): Access(Scope.FLOOR_WRITE),
    ("POST", "/v1/quotes"): Access(Scope.QUOTES, _SOURCE),
    ("GET", "/v1/reservations/{ident}"): Access(Scope.QUOTES, _SOURCE),
    ("POST", "/v1/reservations/{ident}/give-up"): Access(Scope.QUOTES, _SOURCE),
    ("GET", "/v1/items/{item_id}"): _SEE_ORDERS,
    ("POST", "/v1/preview"): _SEE_ORDERS,
    ("POST", "/v1/reports"): Access(Scope.REPORTS_WRITE, _STATION),
    ("GET", "/v1/stations"): _SEE_STATION,
    ("GET", "/v1/stations/{station}"): _SEE_STATION,
    ("GET", "/v1/stations/{station}/why"): _SEE_FLOOR,
    ("GET", "/v1/rules/{rule}/why"): _SEE_FLOOR,
    ("POST", "/v1/stations/{station}/down"): _DO_STATION,
    ("POST", "/v1/stations/{station}/up"): _DO_STATION,
    ("GET", "/v1/blanks"): _SEE_FLOOR,
    ("POST", "/v1/blanks/out"): Access(Scope.FLOOR_WRITE),
    ("POST", "/v1/blanks/back"): Access(Scope.FLOOR_WRITE),
    ("GET", "/v1/batches"): _SEE_STATION,
    ("GET", "/v1/batches/{batch_id}"): _SEE_STATION,
    ("GET", "/v1/batches/{batch_id}/sheet.pdf"): _PAPER,
    ("GET", "/v1/batches/{batch_id}/labels.pdf"): _PAPER,
    ("GET", "/v1/tickets"): _SEE_STATION,
    ("GET", "/v1/tickets/{ticket_id}"): _SEE_STATION,
    ("POST", "/v1/tickets/{ticket_id}/resolve"): Access(Scope.FLOOR_WRITE),
    ("GET", "/v1/load-lists"): _SEE_STATION,
    ("GET", "/v1/reconciliation"): _SEE_FLOOR,
    ("POST", "/v1/reconciliation"): Access(Scope.FLOOR_WRITE),
    ("GET", "/v1/plan"): _SEE_FLOOR,
    ("GET", "/v1/status"): _SEE_FLOOR,
    ("GET", "/v1/rules"): _SEE_FLOOR,
    ("GET", "/v1/events"): Access(Scope.EVENTS_READ, _SOURCE),
    ("GET", "/v1/events/stream"): Access(Scope.EVENTS_READ, _SOURCE),
    ("POST", "/v1/hooks"): _HOOKS,
    ("GET", "/v1/hooks"): _HOOKS,
    ("GET", "/v1/hooks/{ref}/deliveries"): _HOOKS,
    ("POST", "/v1/hooks/{ref}/replay"): _HOOKS,
    ("POST", "/v1/hooks/{ref}/rotate"): _HOOKS,
    ("POST", "/v1/hooks/{ref}/{switch}"): _HOOKS,
    ("GET", "/v1/sources"): _SEE_FLOOR,
    ("GET", "/v1/sources/{name}/refused"): _SEE_FLOOR,
    ("POST", "/v1/sources/{name}/rewind"): Access(Scope.FLOOR_WRITE),
    ("GET", "/v1/tokens"): _ADMIN,
    ("POST", "/v1/tokens"): _ADMIN,
    ("POST", "/v1/tokens/{ref}/revoke"): _ADMIN,
    ("GET", "/"): _FLOOR_PAGE,
    ("GET", "/live"): _FLOOR_PAGE,
    ("GET", "/timeline"): _FLOOR_PAGE,
    ("GET", "/timeline/live"): _FLOOR_PAGE,
    ("GET", "/batch/{ref}"): _FLOOR_PAGE,
    ("GET", "/batch/{ref}/live"): _FLOOR_PAGE,
    ("GET", "/wall"): _FLOOR_PAGE,
    ("GET", "/wall/live"): _FLOOR_PAGE,
    ("GET", "/night"): _FLOOR_PAGE,
    ("GET", "/night/live"): _FLOOR_PAGE,
    ("GET", "/rules"): _FLOOR_PAGE,
    ("GET", "/rules/live"): _FLOOR_PAGE,
    ("GET", "/trouble"): _FLOOR_PAGE,
    ("GET", "/trouble/live"): _FLOOR_PAGE,
    ("GET", "/order/{ref}"): _ORDER_PAGE,
    ("GET", "/order/{ref}/live"): _ORDER_PAGE,
    ("GET", "/orders"): _ORDER_PAGE,
    ("GET", "/act/orders/{ref}/{verb}"): _ACT_ON_ORDERS,
    ("POST", "/act/orders/{ref}/{verb}"): _ACT_ON_ORDERS,
    ("GET", "/act/items/{ref}/{verb}"): _ACT_ON_ORDERS,
    ("POST", "/act/items/{ref}/{verb}"): _ACT_ON_ORDERS,
    ("GET", "/act/stations/{ref}/{verb}"): _ACT_ON_FLOOR,
    ("POST", "/act/stations/{ref}/{verb}"): _ACT_ON_FLOOR,
    ("GET", "/act/blanks/{ref:path}/{verb}"): _ACT_ON_FLOOR,
    ("POST", "/act/blanks/{ref:path}/{verb}"): _ACT_ON_FLOOR,
    ("GET", "/act/tickets/{ref}/{verb}"): _ACT_ON_FLOOR,
    ("POST", "/act/tickets/{ref}/{verb}"): _ACT_ON_FLOOR,
    ("GET", "/help/{path:path}"): _OPEN_PAGE,
    ("GET", "/sign-in"): _OPEN_PAGE,
    ("POST", "/sign-in"): _OPEN_PAGE,
    ("POST", "/sign-out"): _OPEN_PAGE,
    ("GET", "/s/{code}"): _OPEN,
    ("POST", "/s/{code}"): _OPEN,
    ("GET", "/docs"): _OPEN,
    ("GET", "/openapi.json"): _OPEN,
    ("GET", "/healthz"): _OPEN,
    ("GET", "/readyz"): _OPEN,
    ("GET", "/metrics"): Access(Scope.METRICS_READ),
}


def with_access(openapi: dict[str, Any]) -> dict[str, Any]:
    """Add to a schema what each of its routes needs."""
    openapi["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    for path, methods in openapi["paths"].items():
        for method, route in methods.items():
            scope = ROUTES[method.upper(), path].scope
            route["security"] = [] if scope is None else [{"token": [str(scope)]}]
    return openapi
