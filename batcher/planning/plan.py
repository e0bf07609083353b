"""A plan, and how good it is known to be: what `batcher-plan/1` says, as frozen values."""

from dataclasses import dataclass, field
from enum import StrEnum


class PlanStatus(StrEnum):
    """What is known of a plan."""

    OPTIMAL = "optimal"  #: proven that none leaves out fewer jobs, and none that leaves out as few is cheaper
    FEASIBLE = "feasible"
    FALLBACK = "fallback"  #: the improver gave nothing usable in time; the greedy plan stands


@dataclass(frozen=True)
class Placement:
    """Lower left corner of a job on its sheet."""

    x: int
    y: int
    rotated: bool


@dataclass(frozen=True)
class Batch:
    """Jobs of one family run together; the changeover before it ends at `start`."""

    id: str
    station: str
    family: str
    start: int
    end: int
    jobs: tuple[str, ...]
    placements: dict[str, Placement] = field(default_factory=dict)


@dataclass(frozen=True)
class Plan:
    """A plan for every job; `bound` is a proven lower bound on the cost of any feasible plan."""

    batches: tuple[Batch, ...]
    unplanned: tuple[str, ...] = ()
    bound: float | None = None
    status: PlanStatus = PlanStatus.FEASIBLE


@dataclass(frozen=True)
class Verdict:
    """What independent code says of a plan; money in minor units."""

    violations: tuple[str, ...]
    cost: float
    breakdown: dict[str, float]  #: batches, running, changeovers, lateness
    batches: int
    jobs: int
    unplanned: int
    orders: int
    late_orders: int

    @property
    def feasible(self) -> bool:
        """Tell whether every rule of the problem is kept."""
        return not self.violations


@dataclass(frozen=True)
class PlanResult:
    """A verified plan with what it cost to find it."""

    plan: Plan
    verdict: Verdict
    seconds: float
    greedy_cost: float
    note: str = ""  #: why it is a fallback, for the log

    @property
    def gap(self) -> float | None:
        """Return (cost - bound) / cost; none without a bound."""
        if self.plan.bound is None or self.verdict.cost <= 0:
            return None if self.plan.bound is None else 0.0
        return max(0.0, 1 - self.plan.bound / self.verdict.cost)
