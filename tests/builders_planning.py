"""Small planning problems for tests, and where to find the measuring data."""

import importlib.util
import os
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

import pytest

from batcher.planning.problem import (
    Changeovers,
    Family,
    Job,
    Mode,
    Order,
    Problem,
    SheetSize,
    Station,
)

SHARED = Path(os.environ.get("BATCHER_SHARED", Path(__file__).parents[2] / "shared"))


def shared(*parts: str) -> Path:
    """Return a path of the measuring data, or skip the test where there is none."""
    path = SHARED.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"no {path}")
    return path


def referee() -> ModuleType:
    """Return the referee, or skip the test where there is none."""
    spec = importlib.util.spec_from_file_location("referee", shared("referee", "referee.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def two_ovens(jobs: Sequence[Job] | None = None, *, late: int = 500) -> Problem:
    """Return a problem with two stations, two states and up to six jobs of two families."""
    jobs = jobs if jobs is not None else [job(k, family="mug" if k % 2 else "tin") for k in range(6)]
    orders = sorted({entry.order for entry in jobs})
    return Problem(
        name="two ovens",
        horizon=40_000,
        stations=(
            Station("oven-1", ((0, 20_000), (21_000, 40_000)), "a", 1200, 600),
            Station("oven-2", ((500, 40_000),), "b", 1000, 1000, attended=((0, 8_000), (20_000, 30_000)), magazine=1),
        ),
        changeovers=Changeovers(("a", "b"), ((0, 1800), (900, 0)), ((0, 100), (50, 0))),
        families=(
            Family("mug", "a", (Mode("oven-1", 1200, 40, 4), Mode("oven-2", 1500, 30, 3)), unattended=True),
            Family("tin", "b", (Mode("oven-1", 2400, 60, 2, max_kinds=1), Mode("oven-2", 2000, 60, 3))),
        ),
        orders=tuple(Order(name, 9_000, late, 60) for name in orders),
        jobs=tuple(jobs),
    )


def job(number: int, **changes: object) -> Job:
    """Return a job of its own order."""
    given: dict[str, object] = {"id": f"j{number}", "order": f"o{number}", "family": "mug", **changes}
    return Job(**given)  # type: ignore[arg-type]


def sheets(count: int = 5, *, gap: int = 5) -> Problem:
    """Return a problem of prints nested on sheets."""
    return Problem(
        name="sheets",
        horizon=50_000,
        stations=(Station("film", ((0, 50_000),), "film", 900, 900),),
        changeovers=Changeovers(("film",), ((0,),), ((0,),)),
        families=(Family("print", "film", (Mode("film", 600, 450, sheet=SheetSize(300, 400, gap)),)),),
        orders=tuple(Order(f"o{k}", 20_000, 100, 10) for k in range(count)),
        jobs=tuple(
            job(k, family="print", width=140, height=100 + 30 * (k % 3), rotate=bool(k % 2)) for k in range(count)
        ),
    )
