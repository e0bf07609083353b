"""A few of the floors that `make test-floors` plays by the thousand, and whether they would notice."""

from pathlib import Path

import pytest
import structlog

from batcher.simulate.sim_floor import MemoryDoor
from batcher.store import migrate
from tests.floors.play import play


@pytest.fixture
def empty(tmp_path: Path) -> bytes:
    migrate.upgrade(f"sqlite:///{tmp_path / 'empty.db'}")
    return (tmp_path / "empty.db").read_bytes()


def broken(tmp_path: Path, empty: bytes, seeds: range) -> dict[int, list[str]]:
    """Play floors; return what is wrong with which."""
    found = {}
    for seed in seeds:
        home = tmp_path / str(seed)
        home.mkdir()
        with structlog.testing.capture_logs():
            wrong = play(home, seed, empty)
        if wrong:
            found[seed] = wrong
    return found


def test_floors_on_which_things_go_wrong_come_to_rest_with_everything_made_once(tmp_path: Path, empty: bytes) -> None:
    assert broken(tmp_path, empty, range(1, 7)) == {}


def test_a_ticket_that_is_handed_over_at_every_try_is_noticed(
    tmp_path: Path, empty: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def every_time(door: MemoryDoor, ticket_id: str, _staged_in: int | None = None) -> None:
        door._take(door._staged[ticket_id], door._now())

    monkeypatch.setattr(MemoryDoor, "publish", every_time)
    assert any("came 2 times" in line for lines in broken(tmp_path, empty, range(1, 7)).values() for line in lines)
