"""Every page for people, put together: the views of the board, what they look like, and the API's reference."""

from typing import Annotated

from fastapi import FastAPI, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from markupsafe import Markup

from batcher.api.board.acting import add_acting
from batcher.api.board.assets import Assets
from batcher.api.board.looks import templates
from batcher.api.board.readers import Readers, batch_asked, ref_asked, time_asked
from batcher.api.board.sign_in import add_sign_in
from batcher.api.board.views import Board, View, nothing_asked
from batcher.api.gate import ActorDep, Gate
from batcher.api.handbook import handbook_routes
from batcher.api.health import Health
from batcher.services.board.order_view import found_orders
from batcher.services.context import Floor


def add_pages(app: FastAPI, floor: Floor, health: Health, gate: Gate) -> None:
    """Add the board, the reference and what they look like."""
    pages = templates()
    board, readers = Board(floor, health, pages), Readers(floor, health)
    for view in (
        View("/", "floor.html", "Floor", nothing_asked, readers.floor),
        View("/timeline", "timeline.html", "Timeline", time_asked, readers.timeline),
        View("/batch/{ref}", "one.html", "Batch", batch_asked, readers.batch),
        View("/order/{ref}", "one.html", "Order", ref_asked, readers.order),
        View("/wall", "wall.html", "Wall", nothing_asked, readers.wall),
        View("/night", "night.html", "Night", nothing_asked, readers.night),
        View("/rules", "one.html", "Rules", nothing_asked, readers.rules),
        View("/trouble", "trouble.html", "Trouble", nothing_asked, readers.trouble),
    ):
        board.add(app, view)

    add_sign_in(app, board, gate)
    add_acting(app, floor, board)
    app.state.problem_page = board.problem

    @app.get("/orders", response_class=HTMLResponse, include_in_schema=False)
    def search(request: Request, actor: ActorDep, q: Annotated[str, Query(max_length=64)] = "") -> Response:
        wanted = q.strip()
        found = found_orders(floor, wanted) if wanted else []
        if len(found) == 1:
            return RedirectResponse(f"/order/{found[0].key}", 303)
        return board.respond(request, actor, "orders.html", "Orders", wanted=wanted, found=found)

    @app.get("/docs", response_class=HTMLResponse, include_in_schema=False)
    def reference() -> str:
        return pages.get_template("reference.html").render(api=app.openapi())

    def help_page(request: Request, title: str, body: Markup) -> HTMLResponse:
        return board.respond(request, None, "help.html", title, body=body)

    app.include_router(handbook_routes(help_page))
    app.mount("/static", Assets(packages=[("batcher.api", "static")]), name="static")
