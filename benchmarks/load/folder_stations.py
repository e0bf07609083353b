"""
Stations that are nothing but folders: somebody takes tickets out of them and leaves reports in others.

They make nothing and keep no log; what a whole virtual station does is in `simulate.virtual_station`.
"""

import contextlib
import json
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

_LOOK_S = 0.05
#: Seconds in which nothing more comes before it is given up.
_PATIENCE_S = 180.0


def collect(state_dir: Path, stations: Sequence[str], count: int) -> list[tuple[str, str]]:
    """
    Take so many tickets out of the hot folders, and return station and id of each.

    Raises
    ------
    TimeoutError
        When for three minutes no more come.
    """
    found: list[tuple[str, str]] = []
    patience = _Patience()
    while len(found) < count:
        taken = [(station, ticket) for station in stations for ticket, _ in _take(state_dir, station)]
        found += taken
        patience.saw(len(taken), f"{len(found)} of {count} tickets")
    return found


def report_all(state_dir: Path, reports: Sequence[dict[str, Any]], per_s: float) -> float:
    """Leave reports in folders at a steady pace; return the seconds until the last was put away."""
    began = time.perf_counter()
    for number, report in enumerate(reports):
        wait_s = began + number / per_s - time.perf_counter()
        if wait_s > 0:
            time.sleep(wait_s)
        _leave(state_dir, report)
    folders = [state_dir / "stations" / station / "out" for station in {report["station"] for report in reports}]
    patience, before = _Patience(), len(reports)
    while left := sum(len(list(folder.iterdir())) for folder in folders):
        patience.saw(before - left, f"{left} reports lie")
        before = left
    return time.perf_counter() - began


class Working:
    """Stations at work in a thread: every ticket is taken and reported done."""

    def __init__(self, state_dir: Path, stations: Sequence[str]) -> None:
        self._state_dir, self._stations = state_dir, stations
        self._stop, self._taken, self._pieces, self._since = threading.Event(), 0, 0, 0.0
        self._thread = threading.Thread(target=self._work, name="stations")
        self._thread.start()

    def wait_for(self, count: int) -> float:
        """
        Wait until so many tickets have been taken in all; return the seconds since the first of them.

        Raises
        ------
        TimeoutError
            When for three minutes no more come.
        """
        patience, before = _Patience(), self._taken
        while self._taken < count:
            patience.saw(self._taken - before, f"{self._taken} of {count} tickets")
            before = self._taken
        return time.perf_counter() - self._since

    def wait_for_pieces(self, count: int) -> int:
        """Wait until so many pieces have been made in all, or nothing comes for long; return how many were."""
        patience, before = _Patience(), self._pieces
        with contextlib.suppress(TimeoutError):
            while self._pieces < count:
                patience.saw(self._pieces - before, "")
                before = self._pieces
        return self._pieces

    def close(self) -> None:
        """Go home."""
        self._stop.set()
        self._thread.join()

    def _work(self) -> None:
        while not self._stop.wait(_LOOK_S):
            for station in self._stations:
                for ticket, pieces in _take(self._state_dir, station):
                    self._since = self._since or time.perf_counter()
                    _leave(self._state_dir, _done(station, ticket))
                    self._taken, self._pieces = self._taken + 1, self._pieces + pieces


@contextmanager
def working(state_dir: Path, stations: Sequence[str]) -> Iterator[Working]:
    """Have stations work while the block lasts."""
    at_work = Working(state_dir, stations)
    try:
        yield at_work
    finally:
        at_work.close()


class _Patience:
    def __init__(self) -> None:
        self._until = time.monotonic() + _PATIENCE_S

    def saw(self, more: int, what: str) -> None:
        """Rest a moment; give up when nothing has come for long."""
        if more > 0:
            self._until = time.monotonic() + _PATIENCE_S
        elif time.monotonic() > self._until:
            raise TimeoutError(f"{what}, and for {_PATIENCE_S:.0f} s no more")
        time.sleep(_LOOK_S)


def _take(state_dir: Path, station: str) -> list[tuple[str, int]]:
    """Take the tickets out of a folder; return the id of each, and how many pieces it holds."""
    taken = []
    for path in (state_dir / "stations" / station / "in").iterdir():
        if path.suffix == ".json":
            taken.append((path.stem, len(json.loads(path.read_bytes())["items"])))
            path.unlink()
    return taken


def _done(station: str, ticket: str) -> dict[str, Any]:
    return {
        "format": "batcher-report/1", "report_id": f"{ticket}-done", "station": station, "ticket_id": ticket,
        "kind": "done", "at": datetime.now(UTC).isoformat(),
    }  # fmt: skip


def _leave(state_dir: Path, report: dict[str, Any]) -> None:
    folder = state_dir / "stations" / report["station"] / "out"
    hidden = folder / f".{report['report_id']}.part"
    hidden.write_text(json.dumps(report))
    hidden.rename(folder / f"{report['report_id']}.json")
