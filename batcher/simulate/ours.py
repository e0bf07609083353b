"""
Our own way to run a simulated floor: the daemon's planning and release, whole or with one part of it switched off.

What a part is worth is told by what a floor costs without it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from enum import StrEnum

from batcher.planning.first_due_first import first_due_first
from batcher.planning.index import index
from batcher.planning.inner_dues import inner_dues
from batcher.planning.plan import Plan, PlanResult
from batcher.planning.quick import quick_plan
from batcher.planning.release import Candidate, Decision, StationNow, decide
from batcher.planning.stability import batches_kept, remaining
from batcher.rules.ruleset import RuleSet
from batcher.services.plan_in_force import PlanInForce
from batcher.services.planner import make_plan
from batcher.services.snapshot import Snapshot

#: Moves of the search for each plan, and more for each job in it.
_MOVES, _MOVES_PER_JOB = 20_000, 40


class Part(StrEnum):
    """What can be switched off."""

    PLANNER = "planner"  #: each plan is the greedy one, made from scratch
    RIGHT_SHIFT = (
        "right-shift"  #: a batch's latest start is reckoned for itself alone, whatever else its station must do
    )
    FORECAST = "forecast"  #: nothing is known of what is to come
    LOAD_LIST = "load-list"  #: nothing is laid ready for the night: magazines stay empty


class Ours:
    """The daemon's planning and release, each plan starting from the last; `without` leaves out a part."""

    eager = False

    def __init__(self, seed: int = 0, without: Part | None = None) -> None:
        self._seed, self._without = seed, without
        self._last: Plan | None = None

    def plan(self, rules: RuleSet, snapshot: Snapshot) -> PlanInForce:
        """Return a plan that carries the last one on."""
        if self._without is Part.FORECAST:
            snapshot = replace(snapshot, coming=None)
        if self._without is Part.LOAD_LIST:
            snapshot = _nothing_laid_ready(snapshot)
        result = self._planned(snapshot)
        jobs = {job.id for job in snapshot.problem.jobs}
        last = () if self._last is None else remaining(self._last.batches, jobs)
        self._last = result.plan
        plan = make_plan(rules, snapshot, result, kept=batches_kept(last, result.plan))
        if self._without is Part.RIGHT_SHIFT:
            plan = replace(plan, latest_begin=_each_alone(snapshot, result.plan))
        return plan

    def decide(self, candidates: Sequence[Candidate], station: StationNow, now: int, lead: int) -> list[Decision]:
        """Decide as the daemon does."""
        if self._without is Part.FORECAST:
            candidates = [replace(candidate, waiting=None) for candidate in candidates]
        if self._without is Part.LOAD_LIST:
            station = replace(station, magazine_left=0)
        return decide(candidates, station, now, lead)

    def _planned(self, snapshot: Snapshot) -> PlanResult:
        problem = snapshot.problem
        if self._without is Part.PLANNER:
            return quick_plan(problem)
        moves = _MOVES + _MOVES_PER_JOB * len(problem.jobs)
        result = quick_plan(problem, start=self._last, moves=moves, seed=self._seed)
        return first_due_first(problem, result)


def _nothing_laid_ready(snapshot: Snapshot) -> Snapshot:
    stations = tuple(replace(station, magazine=0) for station in snapshot.problem.stations)
    return replace(snapshot, problem=replace(snapshot.problem, stations=stations))


def _each_alone(snapshot: Snapshot, plan: Plan) -> Mapping[str, int]:
    """Return latest begins as a plain slack rule has them: due, less slack floor, less the batch's own running."""
    instance = index(snapshot.problem)
    dues, unit_of = inner_dues(instance), instance.unit_of
    return {
        batch.id: min(dues[unit_of[job]] - snapshot.bounds_of[job].slack_floor_s for job in batch.jobs)
        - (batch.end - batch.start)
        for batch in plan.batches
    }
