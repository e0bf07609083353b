"""The board in a real browser: every view, kept fresh, acted upon, on a wall, in the hand, and for everybody."""

import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from batcher.domain.access import Scope
from batcher.domain.states import StationState
from batcher.services import actions
from batcher.services.access import create_token
from batcher.services.context import Floor
from batcher.store import events, orders, stations
from tests.browser.served import Look, launch, looking
from tests.builders_api import opened_floor
from tests.builders_board import busy, make_trouble, started
from tests.served_floor import served

_PHONE, _TV = (390, 844), (1920, 1080)
_VIEWS = {"floor": "/", "timeline": "/timeline", "trouble": "/trouble", "night": "/night", "rules": "/rules"}


@dataclass(frozen=True)
class Place:
    """A floor that is served, with a token that may do everything and one that may only look."""

    floor: Floor
    url: str
    browser: Browser
    all: str
    looker: str


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with ExitStack() as stack:
        browser = launch(stack.enter_context(sync_playwright()))
        stack.callback(browser.close)
        floor = busy(stack.enter_context(opened_floor(tmp_path_factory.mktemp("board"))))
        make_trouble(floor)
        everything = create_token(floor, "ada", list(Scope), days=1).secret
        looker = create_token(floor, "visitor", [Scope.FLOOR_READ], days=1).secret
        floor = started(floor)
        yield Place(floor, stack.enter_context(served(floor)), browser, everything, looker)


@pytest.fixture
def look(place: Place) -> Iterator[Look]:
    with looking(place.browser, place.url, token=place.all) as look:
        yield look
        assert look.complaints == []


@pytest.fixture
def visitor(place: Place) -> Iterator[Look]:
    with looking(place.browser, place.url, token=place.looker) as look:
        yield look


@pytest.mark.parametrize(("size", "dark"), [((1440, 900), False), (_PHONE, True)], ids=["desk", "phone"])
def test_every_view_is_for_everybody_and_asks_for_nothing_elsewhere(
    place: Place, size: tuple[int, int], dark: bool
) -> None:
    with looking(place.browser, place.url, token=place.all, size=size, dark=dark) as look:
        for name, path in _VIEWS.items():
            page = look.open(path)
            expect(page.get_by_role("heading", level=1)).to_have_text(name.capitalize())
            assert page.evaluate("document.documentElement.scrollWidth") <= size[0], name
            assert look.serious() == [], name
            look.picture(f"{name}{'-phone' if size == _PHONE else ''}")
        assert look.complaints == []


def test_one_batch_is_drawn_as_it_lies_with_its_price_and_why_it_was_released(look: Look) -> None:
    page = look.open("/timeline")
    lane = page.locator(".lane:has(.bar-done)").last
    lane.scroll_into_view_if_needed()  # a lane outside the window is not painted
    lane.locator("a:has(.bar-done)").last.click()

    expect(page.locator("#batch .layout .taken").first).to_be_visible()
    drawn = page.locator("#batch .layout .taken").count()
    assert drawn == page.locator("#batch code.check").count()
    for told in ("Released at", "Latest safe start", "running", "together"):
        expect(page.locator("#batch")).to_contain_text(told)
    assert look.serious() == []
    look.picture("batch")


def test_a_sheet_shows_where_each_piece_lies_and_which_is_turned(look: Look) -> None:
    page = look.open("/timeline")
    page.get_by_role("link", name=re.compile("^dtf-film, ")).first.click()

    expect(page.locator("#batch")).to_contain_text("580 × 1000 mm")
    assert page.locator("#batch .layout .taken").count() >= 1
    look.picture("sheet")


def test_an_order_is_found_by_the_beginning_of_its_id_and_shows_its_way(look: Look) -> None:
    page = look.open("/")
    page.get_by_role("searchbox").fill("LATE-")
    page.get_by_role("searchbox").press("Enter")
    page.get_by_role("link", name="LATE-1").click()

    expect(page.get_by_role("heading", level=1)).to_contain_text("LATE-1")
    expect(page.locator(".way li").last).to_contain_text("packed")
    expect(page.locator("#order")).to_contain_text("the buyer agreed")
    assert look.serious() == []
    look.picture("order")


def test_a_change_comes_by_itself_and_the_rest_of_the_page_stays(place: Place, look: Look) -> None:
    page = look.open("/")
    page.evaluate("document.getElementById('station-uv-2').mark = 'mine'")
    expect(page.locator("#station-press-1")).not_to_have_class(re.compile("down"))

    actions.set_station(place.floor, "press-1", up=False, reason="out of card", who="ada")

    expect(page.locator("#station-press-1")).to_have_class(re.compile("down"), timeout=20_000)
    expect(page.locator("#station-press-1")).to_contain_text("out of card")
    assert page.evaluate("document.getElementById('station-uv-2').mark") == "mine"
    actions.set_station(place.floor, "press-1", up=True, reason="", who="ada")


def test_time_left_is_counted_down_between_changes(look: Look) -> None:
    page = look.open("/")

    # In one go: a change that comes in between would set the page's time right again.
    left = page.evaluate("""() => {
        floorTime.anchor += 7 * 24 * 3600 * 1000;
        tick();
        return document.querySelector("#collections .left time").textContent;
    }""")

    assert "over" in left


def test_a_page_that_hears_nothing_says_so(place: Place) -> None:
    with looking(place.browser, place.url, token=place.all) as look:
        look.page.route("**/live*", lambda route: route.abort())
        page = look.open("/")
        expect(page.get_by_role("alert")).to_contain_text("what is shown is old")
        look.picture("lost")


def test_the_timeline_is_zoomed_by_keys_and_its_now_line_stands_at_now(look: Look) -> None:
    page = look.open("/timeline")
    share = float(str(page.locator("#axis .now-line").get_attribute("x1")).rstrip("%"))
    assert 20 < share < 30

    page.keyboard.press("+")
    page.wait_for_url("**/timeline?hours=4")
    page.keyboard.press("-")
    page.wait_for_url("**/timeline?hours=8")
    page.keyboard.press("ArrowRight")
    page.wait_for_url("**/timeline?hours=8&shift=1")


def test_a_keyboard_reaches_the_content_first_and_every_batch_after(look: Look) -> None:
    page = look.open("/timeline")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to content"
    page.keyboard.press("Enter")

    page.locator(".lane a").first.focus()

    assert "full" in str(page.evaluate("document.activeElement.getAttribute('aria-label')"))


def test_light_and_dark_are_switched_and_stay_so(look: Look) -> None:
    page = look.open("/")
    ground = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(ground)
    page.get_by_role("button", name="Light or dark").click()
    dark = page.evaluate(ground)
    page.reload()

    assert light != dark
    assert page.evaluate(ground) == dark
    assert look.serious() == []
    look.picture("floor-dark")


@pytest.mark.parametrize("dark", [True, False], ids=["dark", "light"])
def test_the_wall_scrolls_nowhere_and_is_read_from_across_the_hall(place: Place, dark: bool) -> None:
    with looking(place.browser, place.url, token=place.looker, size=_TV, dark=dark) as look:
        page = look.open("/wall")
        assert page.evaluate("[document.documentElement.scrollWidth, document.documentElement.scrollHeight]") == [*_TV]
        smallest = page.evaluate(
            "Math.min(...[...document.querySelectorAll('main *')].filter(e => e.childNodes.length && "
            "[...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim()) && e.className !== 'hidden')"
            ".map(e => parseFloat(getComputedStyle(e).fontSize)))"
        )
        assert smallest >= 27, "about 13 mm high on a screen of 55 inches"
        assert page.locator(".wall-stations li").count() == len(place.floor.rules.current.stations)
        overflowing = "[...document.querySelectorAll('.wall-stations li')].filter(e => e.scrollHeight > e.clientHeight)"
        assert page.evaluate(f"{overflowing}.length") == 0
        assert not dark or look.serious() == []
        assert look.complaints == []
        look.picture("wall" if dark else "wall-light")


def test_a_station_is_taken_up_by_who_may_with_who_and_why_kept(place: Place, look: Look) -> None:
    page = look.open("/trouble")
    page.get_by_role("link", name="Take up laser-2").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Take laser-2 up")
    assert look.serious() == []
    look.picture("act")
    page.get_by_label("Why").fill("new lens")
    page.get_by_label("Who").fill("grace")
    page.get_by_role("button", name="Take it up").click()

    page.wait_for_url("**/trouble")
    expect(page.get_by_role("link", name="Take up laser-2")).to_have_count(0)
    with place.floor.store.read() as session:
        assert stations.all_stations(session)["laser-2"].state is StationState.UP
        last = events.events_of(session, ident="laser-2")[-1]
    assert (last.data["who"], last.data["reason"]) == ("grace", "new lens")


def test_an_order_is_held_and_let_go_and_cancelled(place: Place, look: Look) -> None:
    page = look.open("/order/LATE-2")
    for verb, state in (("Hold", "held"), ("Release", "waiting"), ("Cancel", "cancelled")):
        page.locator(".headed").get_by_role("link", name=re.compile(f"^{verb}")).click()
        page.get_by_label("Why").fill(f"{verb} for a test")
        page.locator("#act button[type=submit]").click()
        expect(page.locator("#order > .headed .pill")).to_have_text(state)
    with place.floor.store.read() as session:
        (order,) = orders.find_orders(session, "LATE-2")
        told = [event.data for event in events.events_of(session, order_key=order.key) if event.kind == "order"]
    assert [(each["who"], each["reason"]) for each in told[-3:]] == [
        ("ada", "Hold for a test"), ("ada", "Release for a test"), ("ada", "Cancel for a test"),
    ]  # fmt: skip


def test_a_doubt_is_ended_by_who_has_looked(look: Look) -> None:
    page = look.open("/trouble")
    page.get_by_role("link", name=re.compile("^Not made")).first.click()
    page.get_by_label("Why").fill("its file lies in the old folder")
    page.get_by_role("button", name="None was made").click()

    expect(page.locator("#in-doubt")).to_contain_text("Of every ticket it is known")


def test_what_cannot_be_done_is_said_where_it_was_asked(look: Look) -> None:
    page = look.open("/act/orders/LATE-1/release")
    page.get_by_label("Why").fill("let it go")
    page.get_by_role("button", name="Release it").click()

    expect(page.get_by_role("alert").filter(has_text="cannot become")).to_be_visible()
    look.complaints.clear()  # a browser calls every 409 an error


def test_a_visitor_sees_everything_and_may_do_nothing(place: Place, visitor: Look) -> None:
    page = visitor.open("/trouble")
    assert page.locator(".act:visible").count() == 0
    expect(page.get_by_text("sign in with a token that may")).to_be_visible()
    assert visitor.complaints == []

    page = visitor.open("/act/stations/uv-1/down")
    expect(page.locator("main")).to_contain_text("scope")
    visitor.picture("refused")
    answer = page.request.post(
        f"{place.url}/act/stations/uv-1/down", form={"why": "x", "who": "x"}, headers={"Origin": place.url}
    )
    assert answer.status == 403


def test_no_other_site_acts_with_the_cookie_of_a_sign_in(place: Place, look: Look) -> None:
    look.open("/trouble")
    for origin in ("http://evil.example", "null", ""):
        answer = look.page.request.post(
            f"{place.url}/act/stations/uv-1/down", form={"why": "x", "who": "x"}, headers={"Origin": origin}
        )
        assert (answer.status, answer.json()["code"]) == (403, "origin_foreign")
    (cookie,) = look.page.context.cookies()
    look.page.request.get(f"{place.url}/")
    with place.floor.store.read() as session:
        assert stations.all_stations(session)["uv-1"].state is StationState.UP
    assert cookie["name"] == "batcher_session"


def test_signing_in_leads_back_to_what_was_wanted_and_out_again(place: Place) -> None:
    with looking(place.browser, place.url) as look:
        page = look.open("/night")
        expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
        assert look.serious() == []
        look.picture("sign-in")
        page.get_by_label("Token").fill("btr_wrong")
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("alert").filter(has_text="no such token")).to_be_visible()
        page.get_by_label("Token").fill(place.looker)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url("**/night")
        expect(page.get_by_role("heading", level=1)).to_have_text("Night")
        (cookie,) = page.context.cookies()
        assert (cookie["httpOnly"], cookie["sameSite"], cookie["expires"]) == (True, "Strict", -1)
        look.open("/sign-in")
        page.get_by_role("button", name="Sign out").click()
        look.open("/night")
        expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")


def test_what_is_not_there_is_told_on_a_page_that_leads_back(look: Look) -> None:
    page = look.open("/batch/no-such")
    expect(page.get_by_role("heading", level=1)).to_have_text("Not Found")
    page.get_by_role("link", name="To the floor").click()
    page.wait_for_url("**/")
    look.complaints.clear()  # a browser calls every 404 an error
