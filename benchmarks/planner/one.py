"""
One method on one problem, in a process of its own: the clock starts before the problem is read, as a user's does.

    python -m benchmarks.planner.one PROBLEM --method ours --seconds 30 --report REPORT.json --plan PLAN.json
"""

import argparse
import json
import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

from batcher.planning.documents import load_json, read_problem, save_json, write_plan
from batcher.planning.index import index
from batcher.planning.plan import Plan, PlanStatus, Verdict
from batcher.planning.problem import Problem
from batcher.planning.solve import solve
from batcher.planning.verify import judge
from benchmarks.planner.peers import batc, edd, textbook
from benchmarks.planner.records import Point


@dataclass(frozen=True)
class Budget:
    """What a method may use."""

    seconds: float
    workers: int
    seed: int


@dataclass
class Trial:
    """A method at work: the best plan so far, and how it came about."""

    problem: Problem
    began: float = field(default_factory=time.monotonic)
    plan: Plan | None = None
    cost: tuple[int, float] = (1 << 60, math.inf)  #: unplanned jobs, money
    curve: list[Point] = field(default_factory=list)
    bound: float | None = None
    proven: bool = False
    note: str = ""

    def elapsed(self) -> float:
        """Return the seconds since the clock started."""
        return time.monotonic() - self.began

    def offer(self, plan: Plan, bound: float = 0.0) -> None:
        """Take a plan that keeps every rule, if it is better."""
        verdict = judge(self.problem, plan)
        if verdict.feasible and (verdict.unplanned, verdict.cost) < self.cost:
            self.plan, self.cost = plan, (verdict.unplanned, verdict.cost)
            self.mark(verdict, bound)

    def mark(self, verdict: Verdict, bound: float) -> None:
        """Note a better plan's cost on the curve."""
        self.curve.append(Point(round(self.elapsed(), 3), verdict.cost, bound))


def run_ours(trial: Trial, budget: Budget) -> None:
    """Plan as `batcher solve` does."""
    result = solve(
        trial.problem,
        budget_s=budget.seconds - trial.elapsed(),
        workers=budget.workers,
        seed=budget.seed,
        on_progress=trial.mark,
    )
    trial.plan, trial.bound, trial.note = result.plan, result.plan.bound, result.note
    trial.proven = result.plan.status is PlanStatus.OPTIMAL


def run_edd(trial: Trial, _budget: Budget) -> None:
    """Plan by earliest due date, once."""
    trial.offer(edd.edd(index(trial.problem)))


def run_batc(trial: Trial, budget: Budget) -> None:
    """Plan by BATC, with as much of its sweep as there is time for, and one rule at least."""

    def take(plan: Plan) -> bool:
        trial.offer(plan)
        return trial.elapsed() < budget.seconds

    batc.batc(index(trial.problem), on_plan=take)


def run_textbook(trial: Trial, budget: Budget) -> None:
    """Hand the whole problem to CP-SAT."""
    jobs = len(trial.problem.jobs)
    if jobs > textbook.MOST_JOBS:
        trial.note = f"not tried: {jobs} jobs make a model too large to search"
        return
    answer = textbook.textbook(
        index(trial.problem),
        seconds=lambda: budget.seconds - trial.elapsed(),
        workers=budget.workers,
        seed=budget.seed,
        on_plan=trial.offer,
    )
    trial.bound, trial.proven = answer.bound, answer.status == "optimal"
    if trial.plan is None:
        trial.note = f"no plan in time: {answer.status}"


METHODS: dict[str, Callable[[Trial, Budget], None]] = {
    "ours": run_ours,
    "edd": run_edd,
    "batc": run_batc,
    "cp-sat": run_textbook,
}


def main() -> None:
    """Run what the command line says; the report is there whatever came of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("problem", type=Path)
    parser.add_argument("--method", choices=METHODS, required=True)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--report", type=Path, required=True)
    parser.add_argument("--plan", type=Path, required=True)
    options = parser.parse_args()
    began = time.monotonic()
    trial = Trial(read_problem(load_json(options.problem)), began)
    METHODS[options.method](trial, Budget(options.seconds, options.workers, options.seed))
    wall_s = trial.elapsed()
    if trial.plan is not None:
        save_json(options.plan, write_plan(trial.plan))
    report = {
        "jobs": len(trial.problem.jobs),
        "wall_s": round(wall_s, 3),
        "bound": trial.bound,
        "proven": trial.proven,
        "note": trial.note,
        "curve": [asdict(point) for point in trial.curve],
    }
    options.report.write_text(json.dumps(report))


if __name__ == "__main__":
    main()
