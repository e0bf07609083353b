"""
A day of the floor in half an hour, at twice the load it is made for: does what the daemon holds stay bounded?

    python -m benchmarks.load.soak [--minutes 30] [--hours 24] [--database sqlite] [--out build/soak]

The load that the floor is made for is 50,000 pieces a day. Twice as many are ordered over a day of the floor's clock,
stations that are nothing but folders make them, and once a second it is looked at what the daemon has: memory, its
planner's too, threads, open files, and the write-ahead log. Exit code 1 when a bound is broken, when something that was
taken in was not made, or when more than one order in a thousand was refused.
"""

import argparse
import dataclasses
import itertools
import json
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.load import floors, folder_stations
from benchmarks.load.http_client import Request
from benchmarks.load.machine import child_of, memory_mb, open_files, threads
from benchmarks.load.open_loop import send

PIECES_A_DAY = 2 * 50_000
_DAY_S, _DAY_H = 86_400, 24
_LIST, _CAPACITY = 20, 20
#: What the daemon may hold, and its planner; and how much more memory in the last third than in the second.
MOST_MEMORY_MB, MOST_THREADS, MOST_FILES, MOST_WAL_MB, MOST_GROWTH = 600.0, 80, 400, 64.0, 1.15
#: The share of orders that may be refused, or not answered: a shop sends them again, but the load is to be borne.
MOST_REFUSED = 0.001
_MEMORY = ("memory_mb", "planner_mb")


@dataclass(frozen=True)
class Sample:
    """What the daemon held at a moment, and of memory its planner."""

    at_s: float
    memory_mb: float
    planner_mb: float  #: 0 while there is none
    threads: int
    files: int
    wal_mb: float


@dataclass(frozen=True)
class Soaked:
    """What a soak found."""

    database: str
    minutes: float
    hours: float
    ordered: int
    made: int
    refused: int
    answers: Mapping[int, int]  #: by status; 0: none
    samples: Sequence[Sample]

    def most(self, name: str) -> float:
        """Return the most of something that was held."""
        return float(max(getattr(sample, name) for sample in self.samples))

    def growth(self, name: str) -> float:
        """Return the mean of some memory in the last third over that in the second."""
        third = len(self.samples) // 3
        second, last = self.samples[third : 2 * third], self.samples[2 * third :]
        return _mean(last, name) / _mean(second, name) if third else 1.0

    @property
    def broken(self) -> list[str]:
        """Return the bounds that were broken."""
        bounds = {
            "memory_mb": MOST_MEMORY_MB, "planner_mb": MOST_MEMORY_MB, "threads": MOST_THREADS, "files": MOST_FILES,
            "wal_mb": MOST_WAL_MB,
        }  # fmt: skip
        found = [
            f"{name} {self.most(name):.0f}, at most {most}" for name, most in bounds.items() if self.most(name) > most
        ]
        grown = [f"{name} grew by {self.growth(name):.2f}" for name in _MEMORY if self.growth(name) > MOST_GROWTH]
        taken = self.ordered - self.refused
        lost = [f"{taken - self.made} of {taken} not made"] if self.made < taken else []
        slow = [f"{self.refused} refused"] if self.refused > MOST_REFUSED * self.ordered else []
        return found + grown + lost + slow


def soak(directory: Path, database: str, minutes: float, hours: float = _DAY_H) -> Soaked:
    """Let a floor run so many hours of a day that lasts so many minutes."""
    speed = _DAY_S / (60 * minutes)
    seconds = 60 * minutes * hours / _DAY_H
    with (
        floors.home(directory) as home,
        floors.database(database, home) as url,
        floors.running(
            home / "state", url, rules=floors.quick_rules(home / "rules", 10, capacity=_CAPACITY, fixed_s=600),
            plan_s=10 * speed, speed=speed,
        ) as floor,
        folder_stations.working(floor.state_dir, floors.QUICK_STATIONS) as stations,
        _sampled(floor) as samples,
    ):  # fmt: skip
        ordered = round(PIECES_A_DAY * hours / _DAY_H) // _LIST * _LIST
        requests = [Request.post("/v1/orders", body, floor.token) for body in _lists(ordered // _LIST)]
        answers = send(floor.url, requests, len(requests) / seconds)
        made = stations.wait_for_pieces(ordered - answers.failed * _LIST)
    return Soaked(database, minutes, hours, ordered, made, answers.failed * _LIST, dict(answers.statuses), samples)


def _lists(count: int) -> Iterator[bytes]:
    """Yield lists of orders, each for one piece."""
    numbers = itertools.count(1)
    placed_at = datetime.now(UTC).isoformat()
    same = {"placed_at": placed_at, "service": "economy", "lines": [{"sku": floors.QUICK_SKU, "quantity": 1}]}
    for _ in range(count):
        yield json.dumps([{"order_id": f"S-{next(numbers)}", **same} for _ in range(_LIST)]).encode()


@contextmanager
def _sampled(floor: floors.Running) -> Iterator[list[Sample]]:
    """Look once a second while the block lasts."""
    samples: list[Sample] = []
    stop, began = threading.Event(), time.monotonic()
    wal = floor.state_dir / "batcher.db-wal"

    def look() -> None:
        while not stop.wait(1.0):
            wal_mb = wal.stat().st_size / 2**20 if wal.exists() else 0.0
            at_s, planner = time.monotonic() - began, child_of(floor.pid, "batcher-planner")
            planner_mb = 0.0 if planner is None else memory_mb(planner)
            files = open_files(floor.pid)
            samples.append(Sample(at_s, memory_mb(floor.pid), planner_mb, threads(floor.pid), files, wal_mb))

    looking = threading.Thread(target=look)
    looking.start()
    try:
        yield samples
    finally:
        stop.set()
        looking.join()


def _mean(samples: Sequence[Sample], name: str) -> float:
    return sum(float(getattr(sample, name)) for sample in samples) / len(samples)


def main() -> int:
    """Soak, print and keep."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=30, help="how long a day lasts")
    parser.add_argument("--hours", type=float, default=_DAY_H, help="how much of the day")
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument(
        "--out", type=Path, default=Path("build/soak"), help="where to write, and where the database lies"
    )
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    found = soak(args.out.absolute(), args.database, args.minutes, args.hours)
    told = {name: found.most(name) for name in (*_MEMORY, "threads", "files", "wal_mb")}
    (args.out / "soak.json").write_text(json.dumps(dataclasses.asdict(found), indent=1) + "\n")
    print(
        f"{found.made:,} of {found.ordered:,} pieces, {found.refused} refused,"
        f" {args.hours} h of a day of {args.minutes} min; at most {told};"
        f" growth {', '.join(f'{name} {found.growth(name):.2f}' for name in _MEMORY)}"
    )
    for broken in found.broken:
        print(f"broken: {broken}")
    return 1 if found.broken else 0


if __name__ == "__main__":
    sys.exit(main())
