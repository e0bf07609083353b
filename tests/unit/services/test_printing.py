"""Paper of a real batch: by the API, by command, beside its ticket; forgotten with its orders."""

import os
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from batcher.api.app import create_app
from batcher.api.health import Health
from batcher.cli.main import app
from batcher.domain.access import Scope
from batcher.domain.batches import Ticket
from batcher.errors import NotFoundError
from batcher.rules.ruleset import RuleSet
from batcher.services.context import Floor, RulesBox
from batcher.services.cycle import plan_cycle
from batcher.services.erasure import erase_order, forget_old
from batcher.services.housekeeping import housekeep
from batcher.services.printing import print_batch
from batcher.services.releasing import release_due
from tests.builders_access import token_with
from tests.builders_api import client_of
from tests.builders_floor import later, order_document, run_through, send, take
from tests.builders_paper import codes, sizes_mm, texts

FULL_TIN_JIG = 15


@pytest.fixture
def keys(floor: Floor) -> list[str]:
    return take(floor, *(order_document() for _ in range(FULL_TIN_JIG)))


@pytest.fixture
def ticket(floor: Floor, keys: list[str]) -> Ticket:
    assert keys
    plan_cycle(floor)
    (released,) = release_due(floor)
    return released


def with_papers(floor: Floor, **settings: object) -> Floor:
    return replace(floor, settings=floor.settings.model_copy(update={"ticket_papers": True, **settings}))


def papers(floor: Floor, ticket: Ticket) -> list[Path]:
    return sorted((floor.settings.state_dir / "stations" / ticket.station / "papers").glob("*"))


def test_the_api_shows_sheet_and_labels_of_a_batch(floor: Floor, ticket: Ticket) -> None:
    client = client_of(create_app(floor, Health()))
    sheet = client.get(f"/v1/batches/{ticket.batch_id}/sheet.pdf")
    labels = client.get(f"/v1/batches/{ticket.batch_id}/labels.pdf")
    assert sheet.headers["content-type"] == labels.headers["content-type"] == "application/pdf"
    assert ("Code128", ticket.id) in codes(sheet.content)
    assert len(texts(labels.content)) == FULL_TIN_JIG
    missing = client.get("/v1/batches/NONE/sheet.pdf")
    assert (missing.status_code, missing.json()["code"]) == (404, "not_found")


def test_texts_are_for_the_station_and_for_those_who_may_see_orders(floor: Floor, ticket: Ticket) -> None:
    client = client_of(create_app(floor, Health()))
    seen: dict[str, object] = {}
    for name, scopes, station in (
        ("wall", (Scope.FLOOR_READ,), None),
        ("station", (Scope.FLOOR_READ,), ticket.station),
        ("office", (Scope.FLOOR_READ, Scope.ORDERS_READ), None),
        ("other-station", (Scope.FLOOR_READ,), "press-1"),
    ):
        carried = token_with(floor, scopes, name=name, station=station)
        answer = client.get(f"/v1/batches/{ticket.batch_id}/sheet.pdf", headers=carried)
        seen[name] = "Zsófia" in texts(answer.content)[0] if answer.is_success else answer.status_code
    assert seen == {"wall": False, "station": True, "office": True, "other-station": 404}


def test_the_board_links_the_paper_of_a_released_batch(floor: Floor, ticket: Ticket) -> None:
    page = client_of(create_app(floor, Health())).get(f"/batch/{ticket.batch_id}").text
    for paper in ("sheet", "labels"):
        assert f'href="/v1/batches/{ticket.batch_id}/{paper}.pdf"' in page


def test_a_command_writes_the_paper_of_a_batch_or_a_ticket(
    floor: Floor, ticket: Ticket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BATCHER_STATE_DIR", str(floor.settings.state_dir))
    monkeypatch.setenv("BATCHER_RULES", str(floor.settings.rules))
    monkeypatch.setenv("BATCHER_LABEL", "100x50")
    for number, ref in enumerate((ticket.batch_id, ticket.id)):
        path = tmp_path / f"{number}.pdf"
        assert CliRunner().invoke(app, ["print", ref, "--labels", "--output", str(path)]).exit_code == 0
        assert sizes_mm(path.read_bytes())[0] == (100.0, 50.0)
    piped = CliRunner().invoke(app, ["print", ticket.id, "--output", "-"])
    assert piped.stdout_bytes == print_batch(floor, ticket.batch_id, "sheet")


def test_nothing_of_that_name_is_not_found(floor: Floor) -> None:
    with pytest.raises(NotFoundError):
        print_batch(floor, "NONE", "sheet")


def test_paper_is_left_beside_a_ticket_only_where_it_is_wanted(floor: Floor, ticket: Ticket) -> None:
    send(floor)
    assert papers(floor, ticket) == []


def test_paper_that_is_wanted_lies_beside_the_ticket_for_nobody_else_to_read(floor: Floor, ticket: Ticket) -> None:
    send(with_papers(floor))
    found = papers(floor, ticket)
    assert [path.name for path in found] == [f"{ticket.id}.labels.pdf", f"{ticket.id}.sheet.pdf"]
    assert {path.stat().st_mode & 0o007 for path in found} == {0}
    assert found[1].read_bytes() == print_batch(floor, ticket.batch_id, "sheet")


def test_paper_that_cannot_be_left_holds_up_no_ticket(floor: Floor, ticket: Ticket) -> None:
    station = floor.settings.state_dir / "stations" / ticket.station
    station.mkdir(parents=True)
    (station / "papers").write_text("in the way")
    send(with_papers(floor))
    assert (station / "in" / f"{ticket.id}.json").is_file()


def test_paper_goes_with_the_order_that_is_erased(floor: Floor, keys: list[str], ticket: Ticket) -> None:
    send(with_papers(floor))
    run_through(floor, ticket)
    housekeep(later(floor, hours=2))
    erase_order(floor, keys[0], "test")
    assert papers(floor, ticket) == []


def test_paper_goes_when_its_time_is_over(floor: Floor, ticket: Ticket) -> None:
    send(with_papers(floor))
    old, young = papers(floor, ticket)
    days = timedelta(days=floor.settings.personal_days + 1).total_seconds()
    os.utime(old, (old.stat().st_atime, old.stat().st_mtime - days))
    forget_old(floor)
    assert papers(floor, ticket) == [young]


def test_a_batch_is_printed_when_the_rules_know_its_product_no_more(floor: Floor, ticket: Ticket) -> None:
    rules: RuleSet = replace(floor.rules.current, products={})
    bare = replace(floor, rules=RulesBox(rules, floor.now()))
    assert "15 pieces" in texts(print_batch(bare, ticket.batch_id, "sheet"))[0]
