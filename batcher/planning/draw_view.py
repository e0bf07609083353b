"""
What pictures say of a plan: changeovers, fill and late orders, worked out once.

Pictures show plans that `verify` accepts; nothing is judged here, and nothing drawn.
"""

from collections import defaultdict
from dataclasses import dataclass

from batcher.planning.plan import Batch, Plan
from batcher.planning.problem import UNPLANNED_DELAY_S, Job, Mode, Order, Problem


@dataclass(frozen=True)
class Run:
    """A batch with what belongs to it; `fill` is the share of its slots, or of its sheet's area, that is used."""

    batch: Batch
    mode: Mode
    jobs: tuple[Job, ...]
    state: str
    changeover_s: int
    fill: float

    @property
    def begins(self) -> int:
        """Return when the station is taken: the changeover included."""
        return self.batch.start - self.changeover_s


@dataclass(frozen=True)
class LateOrder:
    """An order that is done after its due time, or never; the batch that holds it up, and what it costs (minor)."""

    order: Order
    done: int | None
    batch: str | None
    cost: float


@dataclass(frozen=True)
class PlanView:
    """A plan as pictures tell it; runs in order of time, the costliest late order first."""

    problem: Problem
    plan: Plan
    runs: tuple[Run, ...]
    late: tuple[LateOrder, ...]


def view(problem: Problem, plan: Plan) -> PlanView:
    """Return what there is to say of a plan that keeps every rule."""
    jobs = {job.id: job for job in problem.jobs}
    families = {family.id: family for family in problem.families}
    modes = {(family.id, mode.station): mode for family in problem.families for mode in family.modes}
    states = {state: place for place, state in enumerate(problem.changeovers.states)}
    standing = {station.id: station.state for station in problem.stations}
    runs = []
    for batch in sorted(plan.batches, key=lambda batch: (batch.start, batch.end, batch.id)):
        before, state = standing[batch.station], families[batch.family].state
        standing[batch.station] = state
        mode, held = modes[batch.family, batch.station], tuple(jobs[name] for name in batch.jobs)
        seconds = problem.changeovers.seconds[states[before]][states[state]]
        runs.append(Run(batch, mode, held, state, seconds, _fill(mode, held)))
    return PlanView(problem, plan, tuple(runs), _late(problem, plan))


def clock(seconds: int) -> str:
    """Return a time as hours and minutes since planning, with seconds where there are any."""
    sign, seconds = ("-", -seconds) if seconds < 0 else ("", seconds)
    minutes, rest = divmod(seconds, 60)
    return f"{sign}{minutes // 60}:{minutes % 60:02}" + (f":{rest:02}" if rest else "")


def count_of(number: int, one: str, many: str) -> str:
    """Return a number with its noun."""
    return f"{number:,} {one if number == 1 else many}"


def _fill(mode: Mode, jobs: tuple[Job, ...]) -> float:
    if mode.sheet is not None:
        return sum(job.width * job.height for job in jobs) / (mode.sheet.width * mode.sheet.height)
    return sum(job.size for job in jobs) / mode.capacity if mode.capacity else 1.0


def _late(problem: Problem, plan: Plan) -> tuple[LateOrder, ...]:
    batch_of = {job: batch for batch in plan.batches for job in batch.jobs}
    jobs_of: defaultdict[str, list[str]] = defaultdict(list)
    for job in problem.jobs:
        jobs_of[job.order].append(job.id)
    late = []
    for order in problem.orders:
        batches = [batch_of.get(job) for job in jobs_of[order.id]]
        done = [batch for batch in batches if batch is not None]
        if not batches:
            continue
        last = max(done, key=lambda batch: batch.end) if len(done) == len(batches) else None
        end, name = (None, None) if last is None else (last.end, last.id)
        tardiness = (problem.horizon + UNPLANNED_DELAY_S if end is None else end) - order.due
        if tardiness > 0:
            cost = order.late_cost + order.late_cost_per_hour * tardiness / 3600
            late.append(LateOrder(order, end, name, cost))
    return tuple(sorted(late, key=lambda entry: (-entry.cost, entry.order.id)))
