"""The referee: code that is not ours, loaded from where the data lies, says what is feasible and what it costs."""

import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from batcher.planning.documents import load_json
from benchmarks.planner.sets import SHARED


@dataclass(frozen=True)
class Verdict:
    """What the referee said."""

    feasible: bool
    cost: float
    batches: int
    late_orders: int
    unplanned: int


class Referee:
    """Judges plans; keeps the last problem it has read."""

    def __init__(self, judge: Callable[[Any, Any], dict[str, Any]]) -> None:
        self._judge = judge
        self._known: tuple[Path, Any] | None = None

    def judge(self, problem: Path, plan: Path) -> Verdict:
        """Return the verdict on a plan."""
        told = self._judge(self._problem(problem), load_json(plan))
        return Verdict(
            feasible=told["feasible"],
            cost=told["cost"],
            batches=told["batches"],
            late_orders=told["late_orders"],
            unplanned=told["unplanned"],
        )

    def jobs(self, problem: Path) -> int:
        """Return how many jobs a problem has."""
        return len(self._problem(problem)["jobs"])

    def _problem(self, path: Path) -> Any:
        if self._known is None or self._known[0] != path:
            self._known = (path, load_json(path))
        return self._known[1]


def load_referee() -> Referee:
    """
    Return the referee.

    Raises
    ------
    FileNotFoundError
        There is none under BATCHER_SHARED.
    """
    path = SHARED / "referee" / "referee.py"
    spec = importlib.util.spec_from_file_location("referee", path)
    if spec is None or spec.loader is None or not path.exists():
        raise FileNotFoundError(f"no referee at {path}; BATCHER_SHARED names the directory of the data")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return Referee(module.judge)
