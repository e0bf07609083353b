"""
What a floor would have cost if every order had been known beforehand: the yardstick of all policies.

One plan of the whole trace: each order is released when it was really placed, and nothing goes wrong, nothing is made
again, no slack floor is kept. No policy can know so much, so none should be expected to come to a ratio of 1.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from batcher.domain.clock import SteppedClock
from batcher.domain.orders import OpenWork
from batcher.planning.problem import Problem
from batcher.planning.quick import quick_plan
from batcher.rules.ruleset import RuleSet
from batcher.services.intake import take_orders
from batcher.services.queue import read_queue
from batcher.simulate.demand import Arrival
from batcher.simulate.sim_floor import simulated_floor

#: How long a plan for all of it is searched, in moves for each job.
MOVES_PER_JOB = 3000
#: The last order is made within so long after it came.
_TAIL = timedelta(days=8)


@dataclass(frozen=True)
class Trace:
    """A whole trace as one problem, every release time known, and how many pieces it has."""

    problem: Problem
    items: int


@dataclass(frozen=True)
class Reference:
    """A clairvoyant plan's costs in minor units for each piece, by part, and how many orders it has late."""

    items: int
    cost_per_item: float
    cost_parts_per_item: dict[str, float]
    late: int
    batches: int


def clairvoyant(
    rules: RuleSet, arrivals: Sequence[Arrival], *, moves_per_job: int = MOVES_PER_JOB, seed: int = 0
) -> Reference:
    """
    Plan a whole trace at once, every release time known.

    Parameters
    ----------
    arrivals
        Oldest first, at least one.
    moves_per_job
        How long to search; the same moves and seed give the same reference.

    Raises
    ------
    PlanRejectedError
        When the plan breaks a rule: a bug.
    """
    trace = known_beforehand(rules, arrivals)
    moves = moves_per_job * len(trace.problem.jobs)
    verdict = quick_plan(trace.problem, moves=moves, seed=seed).verdict
    return Reference(
        items=trace.items,
        cost_per_item=verdict.cost / trace.items,
        cost_parts_per_item={part: cost / trace.items for part, cost in verdict.breakdown.items()},
        late=verdict.late_orders,
        batches=verdict.batches,
    )


def known_beforehand(rules: RuleSet, arrivals: Sequence[Arrival]) -> Trace:
    """Return a trace, oldest order first and at least one, as one problem of which nothing is late to be known."""
    span = arrivals[-1].at - arrivals[0].at + _TAIL
    far_sighted = replace(rules, planning=replace(rules.planning, horizon_s=int(span.total_seconds())))
    clock = SteppedClock(arrivals[0].at)
    with simulated_floor(far_sighted, clock) as floor:
        take_orders(floor, [arrival.document for arrival in arrivals], "simulation")
        queue = read_queue(floor, far_sighted)
        known = replace(queue, work=[_as_it_came(entry) for entry in queue.work])
        problem = known.snapshot(far_sighted).problem
    return Trace(problem, max(1, len({entry.item.id for entry in known.work})))


def _as_it_came(entry: OpenWork) -> OpenWork:
    """Return waiting work that can be started since its order was placed, not since it was read."""
    if entry.job.ready_at is None:
        return entry
    return replace(entry, job=replace(entry.job, ready_at=entry.order.placed_at))
