"""The application: routes, pages, the guard and the one form of failures, put together."""

from typing import Any

from fastapi import Depends, FastAPI
from fastapi.responses import JSONResponse

import batcher
from batcher.api import problems
from batcher.api.access import with_access
from batcher.api.archive import archive_routes
from batcher.api.backlog import Backlog
from batcher.api.blanks import BlankSaid, blank_routes
from batcher.api.board.pages import add_pages
from batcher.api.bodies import Reason, Resolution, add_bodies
from batcher.api.express import Express, Lane
from batcher.api.floor import floor_routes
from batcher.api.gate import Gate, Rate
from batcher.api.gift import gift_routes
from batcher.api.guard import RequestGuard
from batcher.api.health import Health
from batcher.api.hooks import HookWanted, hook_routes
from batcher.api.news import news_routes
from batcher.api.order_actions import order_action_routes
from batcher.api.order_desk import OrderDesk
from batcher.api.orders import order_routes
from batcher.api.papers import paper_routes
from batcher.api.preview import PreviewWanted, preview_routes
from batcher.api.probes import probe_routes
from batcher.api.quotes import quote_routes
from batcher.api.reconciliation import reconciliation_routes
from batcher.api.report_desk import ReportDesk
from batcher.api.rules_in_force import rules_routes
from batcher.api.sources import Rewind, source_routes
from batcher.api.stations import station_routes
from batcher.api.ticket_actions import ticket_action_routes
from batcher.api.tokens import TokenWanted, token_routes
from batcher.api.why import why_routes
from batcher.dispatch.report import ReportDocument
from batcher.intake.changes import OrderChange
from batcher.intake.documents import OrderDocument
from batcher.intake.quotes import QuoteDocument
from batcher.services.context import Floor

_BODIES = (
    OrderDocument, OrderChange, QuoteDocument, ReportDocument, Reason, Resolution, HookWanted, PreviewWanted,
    Rewind, TokenWanted, BlankSaid,
)  # fmt: skip
_FAILURES: dict[int | str, dict[str, Any]] = {
    "4XX": {"model": problems.Problem, "description": "refused; `code` says why"},
    "5XX": {"model": problems.Problem, "description": "batcher, or its database, failed"},
}


def create_app(floor: Floor, health: Health, *, operator: str | None = None) -> FastAPI:
    """
    Return the application over one floor; its schema is at /openapi.json, for people at /docs.

    Parameters
    ----------
    operator
        Digest of the token that the command line on this machine uses.
    """
    gate = Gate(floor, Rate(floor.settings.requests_per_s), operator)
    app = FastAPI(
        title="batcher",
        version=batcher.__version__,
        description="Orders in, batches and job tickets out, and why anything is where it is.",
        dependencies=[Depends(gate)],
        openapi_url=None,  # ours passes the gate like every route
        docs_url=None,  # the stock pages load scripts from elsewhere; ours does not
        redoc_url=None,
        redirect_slashes=False,
    )
    orders, reports = OrderDesk(floor, Backlog(floor)), ReportDesk(floor)
    lanes = (Lane("/v1/orders", orders.serve), Lane("/v1/reports", reports.serve))
    app.add_middleware(Express, gate=gate, lanes=lanes)
    app.add_middleware(RequestGuard, metrics=floor.metrics)  # the last to be added is the first to be asked
    problems.install(app)
    app.include_router(order_routes(floor, orders), responses=_FAILURES)
    app.include_router(order_action_routes(floor), responses=_FAILURES)
    app.include_router(why_routes(floor), responses=_FAILURES)
    app.include_router(quote_routes(floor), responses=_FAILURES)
    app.include_router(station_routes(floor, reports), responses=_FAILURES)
    app.include_router(floor_routes(floor), responses=_FAILURES)
    app.include_router(paper_routes(floor), responses=_FAILURES)
    app.include_router(ticket_action_routes(floor), responses=_FAILURES)
    app.include_router(reconciliation_routes(floor), responses=_FAILURES)
    app.include_router(rules_routes(floor), responses=_FAILURES)
    app.include_router(news_routes(floor, health), responses=_FAILURES)
    app.include_router(hook_routes(floor), responses=_FAILURES)
    app.include_router(preview_routes(floor), responses=_FAILURES)
    app.include_router(source_routes(floor), responses=_FAILURES)
    app.include_router(blank_routes(floor), responses=_FAILURES)
    app.include_router(archive_routes(floor), responses=_FAILURES)
    app.include_router(token_routes(floor), responses=_FAILURES)
    app.include_router(probe_routes(health, floor.metrics.registry), responses=_FAILURES)
    add_pages(app, floor, health, gate)
    app.include_router(gift_routes(floor), responses=_FAILURES)
    schema = app.openapi

    def openapi() -> dict[str, Any]:
        return app.openapi_schema or problems.documented(with_access(add_bodies(schema(), _BODIES)))

    app.openapi = openapi  # type: ignore[method-assign] # how FastAPI wants its schema extended

    @app.get("/openapi.json", include_in_schema=False)
    def get_schema() -> JSONResponse:
        return JSONResponse(app.openapi())

    return app
