"""What each run came to, kept as JSON lines as they come, so that an interrupted run can be taken up again."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

#: (problem, method, seconds, workers, seed): a run that need not be done twice.
Key = tuple[str, str, float, int, int]


@dataclass(frozen=True)
class Point:
    """A better plan, or a better bound, as it was found."""

    seconds: float
    cost: float
    bound: float


@dataclass(frozen=True)
class Record:
    """
    One method on one problem.

    Parameters
    ----------
    verdict
        The referee's: accepted or rejected; none when there was no plan.
    first_s
        When the first plan stood.
    memory_mb
        The most that all its processes held at once; shared pages count once.
    load
        The machine's load average when it ended: whether others were at work beside it.
    commit
        Of the code that ran.
    note
        Why there is no plan, or no better one.
    """

    set: str
    group: str
    size: int
    name: str
    jobs: int
    method: str
    seconds: float
    workers: int
    seed: int
    verdict: str
    cost: float | None
    bound: float | None
    proven: bool
    first_s: float | None
    wall_s: float
    batches: int
    late: int
    unplanned: int
    memory_mb: float
    load: float
    commit: str
    curve: tuple[Point, ...]
    note: str = ""

    @property
    def key(self) -> Key:
        """Return what tells this run from any other."""
        return self.name, self.method, self.seconds, self.workers, self.seed

    @property
    def gap(self) -> float | None:
        """Return the share of the cost above the bound; none without both."""
        if self.cost is None or self.bound is None:
            return None
        return max(0.0, 1 - self.bound / self.cost) if self.cost > 0 else 0.0


def append(path: Path, record: Record) -> None:
    """Add a record to a file."""
    with path.open("a") as file:
        file.write(json.dumps(asdict(record)) + "\n")


def read(path: Path) -> list[Record]:
    """Return the records of a file, none when there is no file; a line cut off by an interruption is passed over."""
    return list(_read(path)) if path.exists() else []


def _read(path: Path) -> Iterator[Record]:
    for line in path.read_text().splitlines():
        try:
            fields: dict[str, Any] = json.loads(line)
        except json.JSONDecodeError:
            continue
        curve = tuple(Point(**point) for point in fields.pop("curve"))
        yield Record(curve=curve, **fields)
