"""What is done on the board of a real daemon on PostgreSQL is done by the daemon, and told with who and why."""

import re
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from batcher.domain.ids import new_id
from batcher.simulate.processes import FloorProcesses, stop
from tests.browser.served import Look, launch, looking
from tests.builders_floor import order_document
from tests.postgres_fixtures import new_database
from tests.waiting import wait_for

_RULES = Path(__file__).parents[2] / "config" / "floor"
#: So near to the courier that whatever is planned is released at once.
_AFTERNOON = datetime(2026, 11, 23, 18, 5, tzinfo=UTC)
_CARD = "CRD-XMS-NATURAL-06"
_EVERYTHING = ["orders:read", "orders:write", "floor:read", "floor:write"]


@dataclass(frozen=True)
class Daemon:
    """A daemon that runs, without stations: what they would tell, a test tells."""

    how: FloorProcesses
    browser: Browser
    ada: str
    visitor: str

    def get(self, path: str) -> Any:
        """Return what the API answers."""
        return self._said(httpx.get(self.how.url() + path, headers=self._by(self.ada), trust_env=False, timeout=60))

    def post(self, path: str, body: object, token: str = "") -> Any:
        """Return what the API answers to something that is sent."""
        headers = self._by(token or (self.how.state_dir / "operator.token").read_text().strip())
        return self._said(httpx.post(self.how.url() + path, json=body, headers=headers, trust_env=False, timeout=60))

    def order(self, sku: str) -> str:
        """Have an order taken in, and return its key."""
        document = order_document(sku, placed_at="2026-11-23T15:30:00+00:00")
        return str(self.post("/v1/orders", document)["key"])

    def ticket(self, station: str, state: str, but: str = "") -> dict[str, Any]:
        """Return the first ticket of a station that is in a state, once there is one other than `but`."""

        def found() -> dict[str, Any] | None:
            asked = self.get(f"/v1/tickets?station={station}&state={state}")
            return next((ticket for ticket in asked if ticket["id"] != but), None)

        ticket = wait_for(found, 120, told=lambda: self.how.log("daemon").read_text()[-2000:])
        assert isinstance(ticket, dict)
        return ticket

    def report(self, ticket: dict[str, Any], kind: str) -> None:
        """Say what a station would."""
        self.post("/v1/reports", {
            "format": "batcher-report/1", "report_id": f"{ticket['id']}-{kind}", "station": ticket["station"],
            "ticket_id": ticket["id"], "kind": kind, "at": _AFTERNOON.isoformat(),
        })  # fmt: skip

    def state_of(self, order: str) -> str:
        """Return the state of an order."""
        return str(self.get(f"/v1/orders/{order}")["state"])

    @staticmethod
    def _by(token: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {token}"} if token else {}

    @staticmethod
    def _said(answer: httpx.Response) -> Any:
        assert answer.is_success, answer.text
        return answer.json()


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory, postgres_server: str) -> Iterator[Daemon]:
    home = tmp_path_factory.mktemp("live")
    shutil.copytree(_RULES, home / "rules")
    with ExitStack() as stack:
        browser = launch(stack.enter_context(sync_playwright()))
        stack.callback(browser.close)
        how = FloorProcesses(
            state_dir=home / "state", rules=home / "rules", floor_at=_AFTERNOON, anchor_at=datetime.now(UTC), speed=2,
            plan_s=4, solver_workers=1, database_url=stack.enter_context(new_database(postgres_server)),
            others={"ticket_papers": False},
        )  # fmt: skip
        release = how.rules / "release.yaml"
        release.write_text(release.read_text().replace("budget: 5 s", "budget: 1 s"))
        how.state_dir.mkdir()
        stack.callback(stop, how.start_daemon())
        bare = Daemon(how, browser, "", "")
        ada, visitor = (
            bare.post("/v1/tokens", {"name": name, "scopes": scopes})["secret"]
            for name, scopes in (("ada", _EVERYTHING), ("visitor", ["floor:read"]))
        )
        yield Daemon(how, browser, ada, visitor)


@pytest.fixture
def look(daemon: Daemon) -> Iterator[Look]:
    with looking(daemon.browser, daemon.how.url(), token=daemon.ada) as look:
        yield look
        assert look.complaints == []


def _confirm(page: Page, why: str) -> None:
    page.get_by_label("Why").fill(why)
    page.locator("#act button[type=submit]").click()


def test_an_order_held_released_and_cancelled_on_the_board_is_so_for_the_daemon(daemon: Daemon, look: Look) -> None:
    key = daemon.order("TIN-CAK-NATURAL-01")
    page = look.open(f"/order/{key}")
    for verb, states in (("Hold", {"held"}), ("Release", {"waiting", "in_production"}), ("Cancel", {"cancelled"})):
        page.locator(".headed").first.get_by_role("link", name=re.compile(f"^{verb}")).click()
        _confirm(page, f"{verb} it: the buyer rang")
        page.wait_for_url(f"**/order/{key}")
        assert daemon.state_of(key) in states
        told = page.locator("tr", has_text=f"{verb} it: the buyer rang")
        expect(told).to_contain_text("by ada")


def test_a_station_taken_down_on_the_board_is_given_nothing_until_it_is_up_again(daemon: Daemon, look: Look) -> None:
    page = look.open("/act/stations/fibre-1/down")
    _confirm(page, "no argon")
    page.wait_for_url("**/trouble")
    expect(page.locator("#stations")).to_contain_text("no argon")
    station = daemon.get("/v1/stations/fibre-1")
    assert (station["state"], station["reason"]) == ("down", "no argon")

    page.get_by_role("link", name="Take up fibre-1").click()
    _confirm(page, "argon has come")
    page.wait_for_url("**/trouble")
    assert daemon.get("/v1/stations/fibre-1")["state"] == "up"


def test_a_doubt_that_arose_comes_to_the_board_and_is_ended_there(daemon: Daemon, look: Look) -> None:
    page = look.open("/trouble")
    daemon.order(_CARD)
    ticket = daemon.ticket("press-1", "delivered")
    # as if another disk had been mounted in its place
    (daemon.how.state_dir / "stations" / "press-1" / "stage" / "folder-id").write_text(f"{new_id()}\n")

    expect(page.locator("#in-doubt")).to_contain_text("press-1", timeout=120_000)
    page.get_by_role("link", name=re.compile("^Not made")).first.click()
    _confirm(page, "its folder was empty")
    page.wait_for_url("**/trouble")

    assert daemon.get(f"/v1/tickets/{ticket['id']}")["state"] == "cancelled"
    daemon.report(daemon.ticket("press-1", "delivered", but=ticket["id"]), "done")


def test_a_piece_made_again_from_the_board_is_on_another_ticket(daemon: Daemon, look: Look) -> None:
    key = daemon.order("APR-ADU-NATURAL-01")
    ticket = daemon.ticket("embroidery-1", "delivered")
    daemon.report(ticket, "done")
    page = look.open(f"/order/{key}")

    page.get_by_role("link", name=re.compile("^Make again")).click()
    _confirm(page, "a crease across the name")

    expect(page.locator("tr", has_text="a crease across the name")).to_contain_text("by ada", timeout=60_000)
    assert daemon.ticket("embroidery-1", "delivered", but=ticket["id"])["batch_id"] != ticket["batch_id"]


def test_who_may_only_look_changes_nothing(daemon: Daemon) -> None:
    key = daemon.order("TIN-CAK-NATURAL-01")
    before = daemon.state_of(key)
    with looking(daemon.browser, daemon.how.url(), token=daemon.visitor) as look:
        page = look.open("/trouble")
        assert page.locator(".act:visible").count() == 0
        for deed in (f"orders/{key}/cancel", "stations/uv-1/down"):
            answer = page.request.post(
                f"{daemon.how.url()}/act/{deed}", form={"why": "x", "who": "x"}, headers={"Origin": daemon.how.url()}
            )
            assert answer.status == 403
    assert daemon.state_of(key) in {before, "in_production"}
    assert daemon.get("/v1/stations/uv-1")["state"] == "up"
