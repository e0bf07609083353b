"""
Pages for people: the board at `/` and the API's reference at `/docs`; rendered here, nothing loaded from elsewhere.

What is shown comes from `services.status`; how it looks is in `templates` and `static`.
"""

import math
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.staticfiles import StaticFiles

import batcher
from batcher.api import words
from batcher.api.health import Health, Stale
from batcher.rules.floor import Site
from batcher.services.context import Floor
from batcher.services.status import FloorStatus, StationStatus, TicketBrief, floor_status

_FRESH_S = 2.0


@dataclass(frozen=True)
class Verdict:
    """The floor in one line: how bad it is (good, warning or bad), and why."""

    grade: str
    text: str


class Fresh:
    """
    A page that is made anew at most every other second, so that many screens cost no more than one.

    Parameters
    ----------
    make
        Makes the page; never called twice at once.
    monotonic
        Seconds of a clock that only goes forward.
    """

    def __init__(self, make: Callable[[], str], monotonic: Callable[[], float] = time.monotonic) -> None:
        self._make, self._monotonic = make, monotonic
        self._lock = threading.Lock()
        self._page, self._until = "", -math.inf

    def get(self) -> str:
        """Return the page, at most two seconds old."""
        with self._lock:
            if self._monotonic() >= self._until:
                self._page = self._make()
                self._until = self._monotonic() + _FRESH_S
            return self._page


def add_pages(app: FastAPI, floor: Floor, health: Health) -> None:
    """Add the board, the reference and what they look like."""
    pages = templates()

    def render() -> str:
        site, speed = floor.rules.current.site, floor.settings.speed
        return render_board(pages, site, speed, floor_status(floor), health.stale_loops())

    fresh = Fresh(render)

    @app.get("/", response_class=HTMLResponse, include_in_schema=False)
    def board() -> str:
        return fresh.get()

    @app.get("/docs", response_class=HTMLResponse, include_in_schema=False)
    def reference() -> str:
        return pages.get_template("reference.html").render(api=app.openapi(), version=batcher.__version__)

    app.mount("/static", StaticFiles(packages=[("batcher.api", "static")]), name="static")


def templates() -> Environment:
    """Return the templates: everything escaped, every unknown name an error."""
    pages = Environment(
        loader=PackageLoader("batcher.api"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    pages.filters.update(span=words.span, percent=words.percent, station_word=station_word)
    return pages


def render_board(pages: Environment, site: Site, speed: float, status: FloorStatus, stale: list[Stale]) -> str:
    """Return the board as HTML; times are the site's."""
    return pages.get_template("status.html").render(
        site=site,
        status=status,
        verdict=verdict(status, stale),
        version=batcher.__version__,
        speed=speed,
        clock=partial(words.clock, now=status.now, zone=site.zone),
        money=partial(words.money, currency=site.currency),
        progress=partial(progress, now=status.now),
    )


def verdict(status: FloorStatus, stale: list[Stale]) -> Verdict:
    """Return what matters most right now."""
    if stale:
        return Verdict("bad", "; ".join(map(str, stale)))
    does = Counter(map(station_word, status.stations))
    counted = [
        (status.late_count, "late"),
        (status.at_risk_count, "at risk"),
        (does["in doubt"], "in doubt"),
        (does["down"], "station down" if does["down"] == 1 else "stations down"),
        (status.orders.get("held", 0), "held"),
    ]
    told = " · ".join(f"{count} {what}" for count, what in counted if count)
    if status.late_count:
        return Verdict("bad", told)
    return Verdict("warning", told) if told else Verdict("good", _all_well(status))


def _all_well(status: FloorStatus) -> str:
    open_orders = status.orders.get("waiting", 0) + status.orders.get("in_production", 0)
    if not open_orders:
        return "Nothing to do"
    return "1 open order, on course" if open_orders == 1 else f"All {open_orders} open orders on course"


def station_word(station: StationStatus) -> str:
    """Return what a station is doing, in a word."""
    if station.state == "down":
        return "down"
    if any(ticket.state == "in_doubt" for ticket in station.queue):
        return "in doubt"
    if station.running is not None:
        return "running"
    return "queued" if station.queue else "idle"


def progress(ticket: TicketBrief, now: datetime) -> float:
    """Return how much of a ticket's planned time has gone by, 0 to 1."""
    whole = (ticket.end_at - ticket.start_at).total_seconds()
    gone = (now - ticket.start_at).total_seconds()
    return min(1.0, max(0.0, gone / whole)) if whole > 0 else 1.0
