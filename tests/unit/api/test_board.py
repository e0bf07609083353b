"""The board: what people see of the floor."""

import re
from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import httpx
import pytest

from batcher.api.board import Fresh, progress, render_board, station_word, templates, verdict
from batcher.api.health import Stale
from batcher.rules.floor import Site
from batcher.services.context import Floor
from batcher.services.status import (
    FloorStatus,
    HeldOrder,
    NextBatch,
    OrderRisk,
    PlanBrief,
    StationStatus,
    TicketBrief,
)
from tests.builders_api import NOW, order, save_plan, send_ticket

_SITE = Site("Hartley & Sons", ZoneInfo("Europe/London"), "GBP", 300)
_EMPTY = FloorStatus(NOW, "9f31c2d4e8aa77", NOW, {}, 0, 0, [], [], [], None, [])
_TICKET = TicketBrief(
    "T1", "running", 14, 0.93, NOW - timedelta(minutes=10), NOW + timedelta(minutes=30), "tins", "tin-jig"
)
_STATION = StationStatus("uv-1", "uv-print", "up", "", True, None, [], None)
_RISK = OrderRisk("W-1", "web", "01K", "next-day", NOW - timedelta(hours=2), NOW + timedelta(hours=1), "late")


def _page(status: FloorStatus, stale: list[Stale] | None = None) -> str:
    """Return the board's text with runs of white space made one space."""
    html = render_board(templates(), _SITE, 1, status, stale or [])
    return re.sub(r"\s+", " ", html)


def test_an_empty_floor_says_so_everywhere_instead_of_showing_nothing() -> None:
    page = _page(_EMPTY)

    for told in (
        "Nothing to do", "The rules name no stations.", "No open order is past its leave-by time.",
        "As planned, every order leaves in time.", "No order waits for a person.", "No plan yet",
    ):  # fmt: skip
        assert told in page


def test_what_came_from_outside_is_escaped() -> None:
    nasty = "<script>alert(1)</script>"
    held = HeldOrder(nasty, nasty, '01K"/../x', nasty, nasty)
    down = replace(_STATION, id=nasty, state="down", reason=nasty)

    page = _page(replace(_EMPTY, held=[held], stations=[down], orders={"held": 1}))

    assert "<script>alert" not in page
    assert page.count("&lt;script&gt;") >= 5
    assert "/v1/orders/01K%22/../x/why" in page
    assert "Hartley &amp; Sons" in page


def test_a_running_station_shows_its_batch_its_end_and_what_comes_next() -> None:
    batch = NextBatch(NOW + timedelta(hours=1), 9, 0.6, "plate-jig", "may wait to fill")
    page = _page(replace(_EMPTY, stations=[replace(_STATION, running=_TICKET, next_batch=batch)]))

    assert "14 pieces on tin-jig, 93 % full, done at 09:30" in page
    assert 'value="0.250"' in page
    assert "Next at 10:00: 9 on plate-jig, 60 % full; may wait to fill." in page


def test_a_batch_past_its_end_says_for_how_long() -> None:
    overdue = replace(_TICKET, end_at=NOW - timedelta(minutes=4))

    assert "due 4 min ago" in _page(replace(_EMPTY, stations=[replace(_STATION, running=overdue)]))


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({}, "idle"),
        ({"running": _TICKET}, "running"),
        ({"queue": [_TICKET]}, "queued"),
        ({"queue": [replace(_TICKET, state="in_doubt")]}, "in doubt"),
        ({"state": "down", "running": _TICKET}, "down"),
    ],
)
def test_a_station_is_told_in_one_word(changes: dict[str, object], word: str) -> None:
    assert station_word(replace(_STATION, **changes)) == word  # type: ignore[arg-type] # changes by name


def test_late_and_at_risk_orders_show_by_how_much_and_how_many_are_not_listed() -> None:
    soon = replace(_RISK, order_id="W-2", leave_by_at=NOW + timedelta(minutes=30), expected_at=None)

    page = _page(replace(_EMPTY, late=[_RISK], late_count=61, at_risk=[soon], at_risk_count=1))

    assert "2 h 0 min ago" in page
    assert "+3 h 0 min" in page
    assert "and 60 more" in page
    assert "in 30 min" in page
    assert "not planned yet" in page


def test_the_plan_is_told_with_its_cost_age_and_distance_from_the_best() -> None:
    plan = PlanBrief(NOW - timedelta(seconds=90), "feasible", 1843250, 1800000, 0.0235, 4.97, 1523, 131)

    page = _page(replace(_EMPTY, plan=plan))
    bare = _page(replace(_EMPTY, plan=replace(plan, gap=None)))

    assert "Plan feasible, 1 min old: 1523 jobs in 131 batches for 18,432.50 GBP" in page
    assert "within 2.4 % of the best possible" in page
    assert "best possible" not in bare


@pytest.mark.parametrize(
    ("status", "stale", "grade", "text"),
    [
        (replace(_EMPTY, orders={"waiting": 1}), [], "good", "1 open order, on course"),
        (replace(_EMPTY, orders={"waiting": 4, "in_production": 3}), [], "good", "All 7 open orders on course"),
        (replace(_EMPTY, orders={"held": 2}), [], "warning", "2 held"),
        (replace(_EMPTY, at_risk_count=3, stations=[replace(_STATION, state="down")]), [], "warning",
         "3 at risk · 1 station down"),
        (replace(_EMPTY, late_count=1, at_risk_count=3), [], "bad", "1 late · 3 at risk"),
        (_EMPTY, [Stale("plan", 90, 60)], "bad", "loop plan made no progress for 90 s (allowed 60 s)"),
    ],
)  # fmt: skip
def test_the_verdict_says_what_matters_most(status: FloorStatus, stale: list[Stale], grade: str, text: str) -> None:
    told = verdict(status, stale)

    assert (told.grade, told.text) == (grade, text)


def test_progress_stays_between_nothing_and_all() -> None:
    before, after = NOW - timedelta(hours=1), NOW + timedelta(hours=1)

    assert [progress(_TICKET, at) for at in (before, NOW, after)] == [0.0, 0.25, 1.0]
    assert progress(replace(_TICKET, end_at=_TICKET.start_at), NOW) == 1.0


def test_many_screens_cost_one_page_every_other_second() -> None:
    now, made = [100.0], []

    def make() -> str:
        made.append(now[0])
        return f"page {len(made)}"

    fresh = Fresh(make, lambda: now[0])
    shown = []
    for now[0] in (100.0, 101.9, 102.0, 103.0, 200.0):
        shown.append(fresh.get())

    assert shown == ["page 1", "page 1", "page 2", "page 2", "page 3"]


def test_a_page_names_nothing_that_lies_on_another_server(client: httpx.Client) -> None:
    for path in ("/", "/docs"):
        page = client.get(path).text
        loaded = re.findall(r'(?:src|href)="([^"]*)"', page)
        assert loaded
        assert all(re.match(r"/(?!/)|#", link) for link in loaded)
        assert "<style" not in page
        assert not re.search(r"<script(?! src=)", page)
        for link in loaded:
            if link.startswith("/static/"):
                assert client.get(link).status_code == 200


def test_the_board_of_a_real_floor_shows_its_orders_and_stations(client: httpx.Client, floor: Floor) -> None:
    client.post("/v1/orders", json=[order("W-1"), order("W-2", lines=[{"sku": "NO-SUCH", "quantity": 1}])])
    save_plan(floor, "uv-2", "uv-print")
    send_ticket(floor, "uv-1", "uv-print")

    page = client.get("/")

    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    for told in ("W-2", "sku_unknown", "uv-1", "press-1", floor.rules.current.hash[:12]):
        assert told in page.text
    assert "Zs" not in page.text
