"""New rules on the live queue, without acting on it: what a reload would do before it does it."""

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from batcher.errors import Fault, RulesError
from batcher.planning.plan import PlanResult
from batcher.planning.solve import solve
from batcher.rules.ruleset import RuleSet
from batcher.services.context import Floor
from batcher.services.queue import read_snapshot
from batcher.store import batches

#: A trial asks whether the rules work, not for the best plan under them.
_TRIAL_BUDGET_S = 0.0
#: Orders named in the refusal; the count beside them is whole.
_NAMED = 10


@dataclass(frozen=True)
class Trial:
    """What the queue looks like under other rules."""

    result: PlanResult
    left_out: dict[str, str]  #: jobs that could not be planned before either, with why


def try_rules(floor: Floor, rules: RuleSet, *, left_out_before: Collection[str] | None = None) -> Trial:
    """
    Plan the live queue under other rules.

    Parameters
    ----------
    left_out_before
        Jobs that no plan could take so far; none: what the floor's own rules leave out now.

    Raises
    ------
    RulesError
        When work that is planned now could not be made under them, or a station is gone that has tickets in hand.
    PlanningError
        When no plan can be made.
    """
    now_snapshot = read_snapshot(floor, floor.rules.current)
    then = read_snapshot(floor, rules)
    result = solve(then.problem, budget_s=_TRIAL_BUDGET_S, workers=1, seed=floor.settings.seed)
    before = now_snapshot.left_out if left_out_before is None else left_out_before
    stranded = {job: why for job, why in then.left_out.items() if job not in before}
    families = {family.id for family in then.problem.families if family.modes}
    able = {family.id for family in now_snapshot.problem.families if family.modes}
    was_able = {job.id for job in now_snapshot.problem.jobs if job.family in able}
    for job in then.problem.jobs:
        if job.family not in families and job.id in was_able:
            stranded[job.id] = f"no station may run family {job.family}"
    faults = (*deserted(floor, rules), *_faults(stranded))
    if faults:
        raise RulesError(faults)
    return Trial(result, dict(then.left_out))


def deserted(floor: Floor, rules: RuleSet) -> Iterator[Fault]:
    """Yield the stations that the rules no longer have and that hold tickets: nobody would read their reports."""
    with floor.store.read() as session:
        live = Counter(entry.batch.station for entry in batches.live_batches(session))
    for station, count in live.items():
        if station not in rules.stations:
            message = f"is gone and has live tickets: {count}; take it down, and out of the rules when they have ended"
            yield Fault(f"station {station}", message, "strands_work")


def _faults(stranded: dict[str, str]) -> list[Fault]:
    if not stranded:
        return []
    named = [Fault(f"job {job}", why, "strands_work") for job, why in sorted(stranded.items())[:_NAMED]]
    jobs = "1 waiting job" if len(stranded) == 1 else f"{len(stranded)} waiting jobs"
    count = Fault("the live queue", f"{jobs} could not be made under these rules", "strands_work")
    return [count, *named]
