"""Cases and records of planner benchmarks for tests."""

from pathlib import Path

from benchmarks.planner.records import Point, Record
from benchmarks.planner.sets import Case


def case(name: str = "p1", **changes: object) -> Case:
    """Return a problem of use case 3 with 50 jobs, best published at 1000."""
    given: dict[str, object] = {
        "set": "osp-uc3", "group": "50", "size": 50, "name": name, "path": Path(f"{name}.json"), "seconds": 10.0,
        "best": 1000.0, **changes,
    }  # fmt: skip
    return Case(**given)  # type: ignore[arg-type]


def record(name: str = "p1", method: str = "ours", **changes: object) -> Record:
    """Return an accepted run that cost 1002 against a bound of 900."""
    given: dict[str, object] = {
        "set": "osp-uc3", "group": "50", "size": 50, "name": name, "jobs": 50, "method": method, "seconds": 10.0,
        "workers": 2, "seed": 0, "verdict": "accepted", "cost": 1002.0, "bound": 900.0, "proven": False,
        "first_s": 0.5, "wall_s": 10.0, "batches": 9, "late": 1, "unplanned": 0, "memory_mb": 100.0, "load": 1.0,
        "commit": "abc", "curve": (Point(0.5, 1100.0, 900.0), Point(4.0, 1002.0, 900.0)), **changes,
    }  # fmt: skip
    return Record(**given)  # type: ignore[arg-type]
