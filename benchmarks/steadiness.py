"""
How much of a plan survives the next one, and what that costs: each plan from the one before, and each from scratch.

Recorded orders that still wait at some moment are planned, then again after every interval with those that came since;
nothing is released in between. Both ways plan the same queues within the same budget.

    python -m benchmarks.steadiness ORDERS.jsonl.gz --catalogue CATALOGUE.csv --at 2011-11-14T13:00 --moves 400000
"""

import argparse
import logging
import math
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import fmean
from tempfile import TemporaryDirectory
from zoneinfo import ZoneInfo

import structlog
from prometheus_client import CollectorRegistry

from batcher.domain.clock import SteppedClock
from batcher.metrics import Metrics
from batcher.planning.plan import Batch, Plan, PlanResult
from batcher.planning.problem import Problem
from batcher.planning.solve import solve
from batcher.planning.stability import batches_kept, remaining
from batcher.planning.warm import warm_start
from batcher.rules.schema import load_rules
from batcher.services.context import Floor, RulesBox
from batcher.services.intake import take_orders
from batcher.services.queue import read_snapshot
from batcher.settings import Settings
from batcher.simulate.generator import trace_orders
from batcher.store import migrate
from batcher.store.session import Store

_RULES = Path(__file__).parent.parent / "config" / "floor"
#: Orders placed longer ago than this are taken to be made already.
_WAITING = timedelta(hours=20)


@dataclass(frozen=True)
class Planned:
    """One plan: what it costs, and the share of the batches of its way's last plan that it kept."""

    cost: float
    greedy: float
    kept: float | None
    plan: Plan


def main() -> int:
    """Plan queue after queue both ways, and print a table."""
    args = _arguments()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    with TemporaryDirectory() as directory:
        problems = list(_queues(args, Path(directory)))
    first = _planned(args, problems[0], None, None)
    warm, cold = [first], [first]
    print("| jobs | greedy | from the plan before | kept | from scratch | kept |\n|---|---|---|---|---|---|")
    for problem in problems[1:]:
        last = warm[-1].plan
        start = warm_start(problem, _left(problem, last), budget_s=math.inf)
        warm.append(_planned(args, problem, start, last))
        cold.append(_planned(args, problem, None, cold[-1].plan))
        print(_line(str(len(problem.jobs)), warm[-1:], cold[-1:]), flush=True)
    print(_line("mean", warm[1:], cold[1:]))
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("orders", type=Path, help="recorded orders, one JSON object a line, oldest first")
    parser.add_argument("--catalogue", type=Path, required=True, help="what their SKUs are")
    parser.add_argument("--at", type=datetime.fromisoformat, required=True, help="local time of the first plan")
    parser.add_argument("--plans", type=int, default=3, help="how many follow it")
    parser.add_argument("--minutes", type=float, default=5, help="between two plans")
    parser.add_argument("--workers", type=int, default=1, help="processes the solver may use")
    parser.add_argument("--moves", type=int, help="of local search for one plan: the same at any speed")
    parser.add_argument("--seconds", type=float, default=5, help="for one plan, when not by moves")
    return parser.parse_args()


def _queues(args: argparse.Namespace, state: Path) -> Iterator[Problem]:
    """Yield the planning problem of each moment."""
    rules = load_rules(_RULES, catalogue=args.catalogue)
    orders = [(_placed(document["placed_at"], rules.site.zone), document) for document in trace_orders(args.orders)]
    now = args.at.replace(tzinfo=rules.site.zone).astimezone(UTC)
    settings = Settings(state_dir=state, rules=_RULES)
    migrate.upgrade(settings.store_url)
    store, clock = Store.open(settings.store_url, exclusive=True), SteppedClock(now)
    floor = Floor(store, RulesBox(rules, now), Metrics(CollectorRegistry()), clock, settings)
    since = now - _WAITING
    try:
        for _ in range(args.plans + 1):
            take_orders(floor, [document for placed, document in orders if since < placed <= clock.now()], "recorded")
            yield read_snapshot(floor, rules).problem
            since = clock.now()
            clock.set(since + timedelta(minutes=args.minutes))
    finally:
        store.close()


def _placed(text: object, zone: ZoneInfo) -> datetime:
    placed = datetime.fromisoformat(str(text))
    return (placed if placed.tzinfo else placed.replace(tzinfo=zone)).astimezone(UTC)


def _planned(args: argparse.Namespace, problem: Problem, start: Plan | None, last: Plan | None) -> Planned:
    result: PlanResult = solve(
        problem, budget_s=args.seconds, moves=args.moves, workers=args.workers, seed=0, start=start
    )
    kept = None if last is None else batches_kept(_left(problem, last), result.plan)
    return Planned(result.verdict.cost, result.greedy_cost, kept, result.plan)


def _left(problem: Problem, last: Plan) -> list[Batch]:
    return remaining(last.batches, {job.id for job in problem.jobs})


def _line(name: str, warm: Sequence[Planned], cold: Sequence[Planned]) -> str:
    cells = [name, f"{fmean(p.greedy for p in cold):,.0f}"]
    for way in (warm, cold):
        cells += [f"{fmean(p.cost for p in way):,.0f}", f"{fmean(p.kept or 0 for p in way):.1%}"]
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    sys.exit(main())
