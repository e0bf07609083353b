"""A few of the floors that `make test-floors` plays by the thousand, and whether they would notice."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from batcher.simulate.sim_floor import MemoryDoor
from tests.floors.play import Ground, Played, opened_ground, play

FLOORS = range(1, 13)
#: What the floors of a run must have met, each at least once, so that it is known to be tried.
FAULTS = {
    "a station died mid-batch", "a station stood still", "a station's folder lost", "a piece failed",
    "a report lost", "a report doubled", "the reply to publishing lost", "publishing failed",
    "the folder's disk full", "the database's disk full", "the database gone", "the database gone while it commits",
    "the clock jumped", "the rules reloaded", "the rules reloaded mid-cycle",
    "asked mid-cycle", "asked between staging and sending",
}  # fmt: skip


@pytest.fixture
def ground(tmp_path: Path) -> Iterator[Ground]:
    with opened_ground(tmp_path) as opened:
        yield opened


def played(ground: Ground, seeds: range) -> dict[int, Played]:
    with structlog.testing.capture_logs():
        return {seed: play(ground, seed) for seed in seeds}


def test_floors_on_which_things_go_wrong_come_to_rest_with_everything_made_once(ground: Ground) -> None:
    found = played(ground, FLOORS)
    assert {seed: one.wrong for seed, one in found.items() if one.wrong} == {}
    assert set(sum((one.struck for one in found.values()), Counter[str]())) == FAULTS


def test_a_ticket_that_is_handed_over_at_every_try_is_noticed(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    def every_time(door: MemoryDoor, ticket_id: str, _staged_in: int | None = None) -> None:
        door._take(door._staged[ticket_id], door._now())

    monkeypatch.setattr(MemoryDoor, "publish", every_time)
    found = played(ground, range(1, 7))
    assert any("came 2 times" in line for one in found.values() for line in one.wrong)
