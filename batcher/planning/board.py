"""The best verified plan so far and what is proven, whoever comes with it: nothing counts that was not judged."""

from collections.abc import Callable
from dataclasses import replace

from batcher.planning.plan import Batch, Plan, PlanResult, PlanStatus, Verdict
from batcher.planning.problem import Problem
from batcher.planning.stability import batches_kept
from batcher.planning.verify import judge

#: Plans whose costs differ by less than this, one minor unit, cost the same.
SAME_COST = 1.0
#: Costs, which are whole numbers of 1/3600 of a minor unit, that differ by less than this are the same.
_A_HAIR = 1 / 3600

#: Told of every better plan: its verdict, and the bound proven so far.
Progress = Callable[[Verdict, float], None]


class Board:
    """
    The best verified plan, and what is proven so far: `bound` of the cost of every plan, `least` of the cost of those
    that leave out as few jobs as can be, `fewest` of how many those are.
    """

    def __init__(self, problem: Problem, fewest: int, on_progress: Progress | None) -> None:
        self.problem, self.on_progress = problem, on_progress
        self.plan = Plan((), tuple(job.id for job in problem.jobs))
        self.verdict = judge(problem, self.plan)
        self.bound, self.least, self.fewest = 0.0, 0.0, fewest
        self.proving = True  #: a child may still prove something
        self.last: tuple[Batch, ...] = ()  #: of the plan to stay near to
        self.usable = 0  #: feasible answers of children

    @property
    def proven(self) -> bool:
        """Tell whether no plan leaves out fewer jobs, and none that leaves out as few costs less."""
        met = any(abs(self.verdict.cost - proven) < _A_HAIR for proven in (self.bound, self.least))
        return met and self.verdict.unplanned <= self.fewest

    @property
    def settled(self) -> bool:
        """Tell whether there is nothing to wait for, not even for a bound that counts plans which leave out more."""
        return self.proven and (not self.proving or self.verdict.cost - self.bound < _A_HAIR)

    def raise_bound(self, bound: float) -> None:
        """Take a better bound, unless a plan we hold proves it wrong: solvers have been seen to err."""
        if bound <= self.verdict.cost + _A_HAIR:
            self.bound = max(self.bound, bound)

    def raise_least(self, least: float) -> None:
        """Take a better bound on plans that leave out as few as can be: the plan we hold may still leave out more."""
        self.least = max(self.least, least)

    def raise_fewest(self, fewest: int) -> None:
        """Take it as proven that every plan leaves out so many jobs, unless the plan we hold leaves out fewer."""
        if fewest <= self.verdict.unplanned:
            self.fewest = max(self.fewest, fewest)

    def offer(self, plan: Plan, *, of_child: bool = False) -> bool:
        """Take a plan if it keeps every rule and beats the best."""
        verdict = judge(self.problem, plan)
        if not verdict.feasible:
            return False
        self.usable += of_child
        if self._beats(plan, verdict):
            self.plan, self.verdict = plan, verdict
            if self.on_progress is not None:
                self.on_progress(verdict, self.bound)
        return True

    def _beats(self, plan: Plan, verdict: Verdict) -> bool:
        """Tell whether a plan is better: fewer unplanned jobs, then less cost, then more of the last plan's batches."""
        best = self.verdict
        if verdict.unplanned == best.unplanned and abs(verdict.cost - best.cost) < SAME_COST and self.last:
            kept, held = batches_kept(self.last, plan) or 0, batches_kept(self.last, self.plan) or 0
            return (-kept, verdict.cost) < (-held, best.cost)
        return (verdict.unplanned, verdict.cost) < (best.unplanned, best.cost)

    def result(self, seconds: float, greedy_cost: float, note: str) -> PlanResult:
        """Return the plan with what is known of it; a note says why no child gave a usable answer."""
        status = PlanStatus.OPTIMAL if self.proven else PlanStatus.FALLBACK if note else PlanStatus.FEASIBLE
        plan = replace(self.plan, bound=min(self.bound, self.verdict.cost), status=status)
        return PlanResult(plan, self.verdict, seconds, greedy_cost, "" if self.proven else note)
