"""The board's pages: what people see of the floor, made once for all of them."""

import asyncio
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import httpx
import pytest

from batcher.api.board import watched
from batcher.api.board.forms import place_within
from batcher.api.board.looks import templates
from batcher.api.board.parts import Painter, Part
from batcher.api.board.readers import TimeAsked
from batcher.api.board.verdict import verdict
from batcher.api.board.wall import AT_ONCE, by_turns
from batcher.api.board.watched import Watched
from batcher.api.health import Health, Stale
from batcher.domain.access import Scope
from batcher.domain.clock import Clock
from batcher.domain.states import OrderState
from batcher.rules.floor import ServiceCase
from batcher.services.access import create_token
from batcher.services.blanks import say_out
from batcher.services.board.floor_view import FloorBoard, floor_board
from batcher.services.board.rules_view import rules_view
from batcher.services.board.stations import Doing
from batcher.services.context import Floor
from batcher.services.intake import take_orders
from batcher.services.load_list import Blank, Load, LoadList, Night
from batcher.services.rules_diff import Outcome, RulesDiff, ShadowSeen, Start
from batcher.store import board, orders
from batcher.store.session import Session
from tests.builders_api import NOW, order, save_plan, send_ticket

#: What a browser says of a form of our own page.
_OWN = {"Origin": "http://batcher"}
_NASTY = "<script>alert(1)</script>"


def _text(page: str) -> str:
    """Return a page's HTML with runs of white space made one space."""
    return re.sub(r"\s+", " ", page)


def test_an_empty_floor_says_so_instead_of_showing_nothing(client: httpx.Client) -> None:
    page = _text(client.get("/").text)

    for told in ("Nothing to do", "No order waits for a courier.", "No plan yet"):
        assert told in page


def test_the_floor_shows_its_orders_stations_and_rules(client: httpx.Client, floor: Floor) -> None:
    client.post("/v1/orders", json=[order("W-1"), order("W-2", lines=[{"sku": "NO-SUCH", "quantity": 1}])])
    save_plan(floor, "uv-2", "uv-print")
    send_ticket(floor, "uv-1", "uv-print")

    page = client.get("/")

    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    for told in ("1 held", "uv-1", "press-1", "/batch/B-T1", floor.rules.current.hash[:12]):
        assert told in page.text
    assert "Zs" not in page.text


def test_a_page_names_nothing_that_lies_on_another_server(client: httpx.Client) -> None:
    for path in ("/", "/docs"):
        page = client.get(path).text
        loaded = re.findall(r'(?:src|href)="([^"]*)"', page)
        assert loaded
        assert all(re.match(r"/(?!/)|#", link) for link in loaded)
        assert "<style" not in page
        assert " style=" not in page
        assert not re.search(r"<script(?! src=)", page)
        for link in loaded:
            if link.startswith("/static/"):
                assert client.get(link).status_code == 200


def test_what_came_from_outside_is_escaped(floor: Floor) -> None:
    painter = Painter(templates(), floor, lambda: [Part("verdict", "parts/verdict.html", _said(_NASTY))])

    (part,) = painter.paint().parts

    assert "<script>" not in part.html
    assert "&lt;script&gt;" in part.html


def _said(text: str) -> object:
    return replace(verdict(_BOARD, []), text=text)


_BOARD = FloorBoard(NOW, "Hartley", {}, 0, 0, (), (), None, None, "9f31", NOW)


@pytest.mark.parametrize(
    ("shown", "stale", "grade", "text"),
    [
        (replace(_BOARD, orders={OrderState.WAITING: 1}), [], "good", "1 open order, on course"),
        (replace(_BOARD, orders={OrderState.WAITING: 4, OrderState.IN_PRODUCTION: 3}), [], "good",
         "All 7 open orders on course"),
        (replace(_BOARD, orders={OrderState.HELD: 2}), [], "warning", "2 held"),
        (replace(_BOARD, at_risk=3), [], "warning", "3 at risk"),
        (replace(_BOARD, blanks_missed=1, orders={OrderState.HELD: 2}), [], "warning", "1 blank out · 2 held"),
        (replace(_BOARD, late=1, at_risk=3), [], "bad", "1 late · 3 at risk"),
        (replace(_BOARD, plan_is_old=True), [], "good", "Nothing to do"),
        (replace(_BOARD, plan_is_old=True, orders={OrderState.WAITING: 1}), [], "bad",
         "Planning stands still: there is no new plan for more than ten minutes"),
        (_BOARD, [Stale("plan", 90, 60)], "bad", "loop plan made no progress for 90 s (allowed 60 s)"),
    ],
)  # fmt: skip
def test_the_verdict_says_what_matters_most(shown: FloorBoard, stale: list[Stale], grade: str, text: str) -> None:
    told = verdict(shown, stale)

    assert (told.grade, told.text) == (grade, text)


def test_only_parts_that_changed_are_painted_again_and_sent(floor: Floor) -> None:
    grades = {"a": "good", "b": "good"}

    def read() -> Sequence[Part]:
        return [Part(name, "parts/verdict.html", replace(verdict(_BOARD, []), grade=g)) for name, g in grades.items()]

    painter = Painter(templates(), floor, read)
    first = painter.paint()
    grades["b"] = "bad"
    second = painter.paint()

    assert [part.id for part in second.changed_since(first.look)] == ["b"]
    assert second.html()["a"] is first.html()["a"]
    assert [part.id for part in second.changed_since(0)] == ["a", "b"]


def test_many_screens_cost_one_look(floor: Floor) -> None:
    now, made = [100.0], []

    def read() -> Sequence[Part]:
        made.append(now[0])
        return []

    painter = Painter(templates(), floor, read)

    async def watch() -> None:
        watched = Watched(painter.paint, lambda: now[0])
        await asyncio.gather(*(watched.now() for _ in range(20)))
        now[0] = 100.9
        await watched.now()
        now[0] = 101.1
        await asyncio.gather(*(watched.now() for _ in range(20)))

    asyncio.run(watch())

    assert made == [100.0, 101.1]


def test_who_waits_for_changes_is_woken_when_somebody_has_done_something(
    floor: Floor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watched, "FRESH_S", 3600.0)
    view = Watched(Painter(templates(), floor, list).paint)

    async def wait() -> None:
        waiting = asyncio.create_task(view.pause())
        await asyncio.sleep(0)  # it waits now
        await asyncio.to_thread(view.look_again)
        await waiting

    asyncio.run(wait())


def test_a_stream_sends_what_has_changed_since_the_page_was_made(floor: Floor, client: httpx.Client) -> None:
    page = client.get("/").text
    look = int(re.findall(r'data-look="(\d+)"', page)[0])

    assert abs(look / 1000 - datetime.now(UTC).timestamp()) < 3600
    assert 'data-live="/live"' in page


def test_a_plan_that_is_long_past_is_told_where_work_waits_for_it(floor: Floor) -> None:
    take_orders(floor, [order("W-1")], "shop")
    save_plan(floor, "uv-2", "uv-print")

    then = [Clock(floor_at=NOW + timedelta(minutes=age), anchor_at=datetime.now(UTC)) for age in (5, 11)]

    assert [floor_board(replace(floor, clock=clock)).plan_is_old for clock in then] == [False, True]


def test_a_station_that_is_down_says_why(floor: Floor, client: httpx.Client) -> None:
    client.post("/v1/stations/uv-1/down", json={"reason": "lens cracked"})

    card = floor_board(floor).stations[0]

    assert (card.id, card.doing, card.note) == ("uv-1", Doing.DOWN, "lens cracked")
    assert "lens cracked" in client.get("/").text


def test_health_is_told_on_the_board(client: httpx.Client, health: Health) -> None:
    health.register("plan", -1.0)

    assert "loop plan made no progress" in client.get("/").text


def _painted(floor: Floor, template: str, value: object) -> str:
    (part,) = Painter(templates(), floor, lambda: [Part("it", template, value)]).paint().parts
    return _text(part.html)


def test_the_night_tells_place_by_place_what_to_lay_ready(floor: Floor) -> None:
    load = Load(
        1, "tin-jig", "tins", True, NOW, NOW + timedelta(hours=1), (Blank("TIN-1", 12), Blank("TIN-2", 3)), None
    )
    night = LoadList("uv-1", Night(NOW, NOW + timedelta(hours=12)), 6, "tins", (load, replace(load, ticket_id="T1")))

    page = _painted(floor, "parts/night.html", night)

    for told in ("2 of 6 places", "leave it set up as <b>tins</b>", "12 × TIN-1", "changeover to tins", "released"):
        assert told in page


def test_the_rules_tell_what_the_shadow_would_do_otherwise(floor: Floor) -> None:
    start = Start("uv-1", "tin-jig", "full", ("J1", "J2"))
    ours = Outcome("a" * 64, 10, 0, 4, 1, 1250.0, ())
    diff = RulesDiff(ours, replace(ours, rules_hash="b" * 64, cost_minor=1100.0, starts=(start,)), 3, (), (start,))
    shadowed = replace(rules_view(floor), shadowed=True)

    page = _painted(floor, "parts/rules.html", replace(shadowed, shadow=ShadowSeen(NOW, diff)))
    broken = _painted(floor, "parts/rules.html", replace(shadowed, shadow=ShadowSeen(NOW, None, "no such file")))

    for told in ("11.00 GBP", "uv-1: 2 on tin-jig", "3 batches are the same"):
        assert told in page
    assert "They cannot be used: no such file" in broken


def test_the_rules_tell_for_whom_a_service_is_something_else(floor: Floor) -> None:
    view = rules_view(floor)
    cases = (
        ServiceCase({"country": ("IE", "DE")}, collection=3, leaves_by=time(12)),
        ServiceCase({"carrier": ("bike",)}, offered=False),
    )
    service = replace(view.services[0], cases=cases)

    page = _painted(floor, "parts/rules.html", replace(view, services=(service,)))

    for told in ("for country IE or DE", "<b>3 days after</b>", "<b>12:00</b>", "for carrier bike", "not offered"):
        assert told in page


def test_texts_on_a_batch_are_for_those_who_may_see_orders(floor: Floor, client: httpx.Client) -> None:
    client.post("/v1/orders", json=order("W-1"))
    send_ticket(floor, "uv-1", "uv-print")
    with floor.store.read() as session:
        text = orders.items_of(session, _key(session, "W-1"))[0].text
    looker = create_token(floor, "wall", [Scope.FLOOR_READ], days=1).secret
    seer = create_token(floor, "desk", [Scope.FLOOR_READ, Scope.ORDERS_READ], days=1).secret

    pages = [client.get("/batch/B-T1", headers={"Authorization": f"Bearer {each}"}).text for each in (seer, looker)]

    assert [text in page for page in pages] == [True, False]


def test_a_planned_batch_is_known_by_its_pieces_before_and_after_it_is_released(
    floor: Floor, client: httpx.Client
) -> None:
    client.post("/v1/orders", json=order("W-1"))
    save_plan(floor, "uv-2", "uv-print")
    with floor.store.read() as session:
        job = orders.jobs_of(session, _key(session, "W-1"))[0].id

    assert f"/batch/{job}" in client.get("/").text
    assert f"/batch/{job}" in client.get("/timeline").text
    assert "tentative" in client.get(f"/batch/{job}").text
    send_ticket(floor, "uv-1", "uv-print")
    assert "T1" in client.get(f"/batch/{job}").text


@pytest.mark.parametrize(("hours", "shift", "wanted", "kept"), [(8, 0, 24, 0), (8, 3, 4, 6), (4, -6, 8, -3)])
def test_zooming_keeps_what_was_looked_at_in_the_middle(hours: int, shift: int, wanted: int, kept: int) -> None:
    assert TimeAsked(hours, shift).zoomed(wanted) == TimeAsked(wanted, kept)


def test_stations_that_do_not_fit_on_a_wall_come_by_turns_and_trouble_at_every_one(floor: Floor) -> None:
    card = floor_board(floor).stations[0]
    cards = [replace(card, id=f"s{number}", doing=Doing.IDLE) for number in range(60)]
    cards[50] = replace(cards[50], doing=Doing.DOWN)

    shown = by_turns(cards)

    at_every = [each.card.id for each in shown.cards if each.turn is None]
    together = Counter(each.turn for each in shown.cards if each.turn is not None)
    assert at_every == ["s50"]
    assert len(shown.cards) == 60
    assert (shown.turns, max(together.values())) == (4, AT_ONCE - 1)
    assert by_turns(cards[:AT_ONCE]).turns == 1


def test_a_floor_without_trouble_says_so_kind_by_kind(client: httpx.Client) -> None:
    page = client.get("/trouble").text

    assert page.count('class="empty"') == 7


def test_a_blank_that_has_run_out_is_told_with_the_pieces_that_wait_and_may_be_said_to_be_back(
    client: httpx.Client, floor: Floor
) -> None:
    client.post("/v1/orders", json=order("W-1"))
    say_out(floor, "tin/natural", reason="the truck comes at three", who="mia")
    assert "1 blank out" in client.get("/").text
    told = _text(client.get("/trouble").text)
    for part in ("tin/natural", "the truck comes at three", "<td>1</td>", "/act/blanks/tin/natural/back"):
        assert part in told
    assert client.get("/v1/blanks").json()[0]["waiting"] == 1

    done = client.post("/act/blanks/tin/natural/back", data={"why": "it came", "who": "mia"}, headers=_OWN)

    assert done.status_code == 303
    assert client.get("/v1/blanks").json() == []
    assert "There is enough of everything." in client.get("/trouble").text


def test_a_product_may_be_said_to_have_run_out_and_nothing_else(client: httpx.Client) -> None:
    said = {"why": "two boxes were scratched", "who": "mia"}
    assert "/act/blanks/tin/out" in client.get("/trouble").text
    assert client.post("/act/blanks/no-such/out", data=said, headers=_OWN).status_code == 404
    assert client.post("/act/blanks/tin/out", data=said, headers=_OWN).status_code == 303
    assert [out["blank"] for out in client.get("/v1/blanks").json()] == ["tin"]


def test_a_browser_is_shown_failures_as_pages_and_a_program_as_problems(client: httpx.Client) -> None:
    page = client.get("/batch/no-such", headers={"Accept": "text/html"})
    told = client.get("/batch/no-such")
    api = client.get("/v1/batches/no-such", headers={"Accept": "text/html"})

    assert (page.status_code, "To the floor" in page.text) == (404, True)
    assert told.json()["code"] == api.json()["code"] == "not_found"


@pytest.mark.parametrize(("address", "within"), [
    ("/trouble", "/trouble"), ("/timeline?hours=4", "/timeline?hours=4"), ("//evil.example", "/"),
    ("https://evil.example/", "/"), ("/\\evil.example", "/"), ("", "/"),
])  # fmt: skip
def test_nobody_is_sent_to_another_site_after_signing_in(address: str, within: str) -> None:
    assert place_within(address) == within


def test_of_many_jobs_those_that_wait_are_found_as_of_few(floor: Floor, client: httpx.Client) -> None:
    for number in ("W-1", "W-2"):
        client.post("/v1/orders", json=order(number))
    client.post("/v1/orders/W-2/hold", json={"reason": "buyer rang"})
    with floor.store.read() as session:
        jobs = [job.id for each in ("W-1", "W-2") for job in orders.jobs_of(session, _key(session, each))]
        few, many = board.still_waiting(session, jobs), board.still_waiting(session, [*jobs, *("x",) * 3000])

    assert few == many == set(jobs[:1])


def _key(session: Session, order_id: str) -> str:
    return orders.find_orders(session, order_id)[0].key
