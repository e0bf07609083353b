"""Rules reloaded on a real floor, with its own copy of the shipped rules."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from batcher.daemon.reload import reload_rules
from batcher.services.context import Floor
from batcher.services.cycle import plan_cycle
from batcher.services.releasing import release_due
from tests.builders_api import RULES, opened_floor
from tests.builders_floor import order_document, run_through, send, take

#: A bed that costs next to nothing: whatever can be printed is planned on it.
CHEAP_BED = """stations:
  uv-3: {process: uv-print, magazine: 6, cost_per_hour_minor: 1, cost_per_batch_minor: 1}
"""


@pytest.fixture
def floor(tmp_path: Path) -> Iterator[Floor]:
    shutil.copytree(RULES, tmp_path / "rules")
    with opened_floor(tmp_path) as opened:
        yield replace(opened, settings=opened.settings.model_copy(update={"rules": tmp_path / "rules"}))


def test_a_station_that_new_rules_add_is_given_work(floor: Floor) -> None:
    (floor.settings.rules / "more.yaml").write_text(CHEAP_BED)
    assert reload_rules(floor)
    take(floor, *(order_document() for _ in range(15)))
    plan_cycle(floor)
    assert [ticket.station for ticket in release_due(floor)] == ["uv-3"]


def test_a_station_that_has_tickets_in_hand_cannot_be_taken_out(floor: Floor) -> None:
    more = floor.settings.rules / "more.yaml"
    more.write_text(CHEAP_BED)
    reload_rules(floor)
    take(floor, *(order_document() for _ in range(15)))
    plan_cycle(floor)
    (ticket,) = release_due(floor)
    more.unlink()
    assert not reload_rules(floor)
    send(floor)
    run_through(floor, ticket)
    assert reload_rules(floor)


def test_rules_that_cannot_even_be_listed_leave_those_in_force(floor: Floor, monkeypatch: pytest.MonkeyPatch) -> None:
    before = floor.rules.current

    def refuse(_: Path) -> Iterator[Path]:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "iterdir", refuse)
        assert not reload_rules(floor)
    assert floor.rules.current is before
    assert reload_rules(floor)
