"""
What the products on the market do, to be compared with: batches by family in order of due, begun by one plain rule.

None of them plans. Pieces that could be started now are laid into batches, the first due first; a batch goes when it is
full or when its rule says so, the first due first, to the station that is free first. Layouts, stations, operators and
queues are as they are for us.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from math import inf
from zoneinfo import ZoneInfo

from batcher.domain.calendars import local
from batcher.domain.ids import new_id
from batcher.errors import PlanRejectedError
from batcher.planning.conversion import Bundle, scheduled, to_plan
from batcher.planning.index import Instance, Unit, index
from batcher.planning.inner_dues import inner_dues
from batcher.planning.loads import Load, Loader
from batcher.planning.plan import PlanResult
from batcher.planning.release import Candidate, Decision, Reason, StationNow
from batcher.planning.verify import judge
from batcher.rules.ruleset import RuleSet
from batcher.services.plan_in_force import PlanInForce
from batcher.services.snapshot import Snapshot


@dataclass(frozen=True)
class Waiting:
    """
    A part-full batch that waits.

    Parameters
    ----------
    since
        When its longest-waiting piece could have been started.
    latest_at
        The latest begin at which its first due piece is in time, if nothing stands in its way.
    """

    since: datetime
    latest_at: datetime
    zone: ZoneInfo


#: When a part-full batch goes.
GoesAt = Callable[[Waiting], datetime]


def at_clocks(clocks: Sequence[time]) -> GoesAt:
    """Return the rule: at the next of these times of day."""

    def goes_at(batch: Waiting) -> datetime:
        day = batch.since.astimezone(batch.zone).date()
        moments = [local(day + timedelta(days=ahead), at, batch.zone) for ahead in (0, 1) for at in clocks]
        return min(moment for moment in moments if moment > batch.since)

    return goes_at


def every(interval: timedelta) -> GoesAt:
    """Return the rule: at the end of the interval it began to wait in, counted from local midnight."""

    def goes_at(batch: Waiting) -> datetime:
        midnight = local(batch.since.astimezone(batch.zone).date(), time(), batch.zone)
        return midnight + ((batch.since - midnight) // interval + 1) * interval

    return goes_at


def longest_wait(most: timedelta) -> GoesAt:
    """Return the rule: when its oldest piece has waited for so long."""
    return lambda batch: batch.since + most


def at_once() -> GoesAt:
    """Return the rule: never wait for anything."""
    return lambda batch: batch.since


def at_slack(margin: timedelta) -> GoesAt:
    """Return the rule: so long before it would be late."""
    return lambda batch: batch.latest_at - margin


class Baseline:
    """A floor without a planner; `goes_at` is its rule."""

    eager = True

    def __init__(self, goes_at: GoesAt) -> None:
        self._goes_at = goes_at
        self._due: dict[str, int] = {}  # of each batch of the last plan

    def plan(self, rules: RuleSet, snapshot: Snapshot) -> PlanInForce:
        """Return what waits as batches, and when each goes."""
        instance = index(snapshot.problem)
        loader, dues = Loader(instance), inner_dues(instance)
        batches = _formed(instance, loader, dues)
        schedule = scheduled(instance, loader, _handed_out(instance, batches))
        if schedule is None:
            raise PlanRejectedError(("the batches cannot be timed",))
        plan = to_plan(schedule)
        unit_of, zone = instance.unit_of, rules.site.zone
        latest_begin = {}
        self._due.clear()
        for batch in plan.batches:
            self._due[batch.id] = due = min(dues[unit_of[job]] for job in batch.jobs)
            latest_at = snapshot.at + timedelta(seconds=due - (batch.end - batch.start))
            since = min(snapshot.ready_at.get(job, snapshot.at) for job in batch.jobs)
            goes_at = self._goes_at(Waiting(since, latest_at, zone))
            latest_begin[batch.id] = int((goes_at - snapshot.at).total_seconds())
        return PlanInForce(
            id=new_id(),
            rules_hash=rules.hash,
            snapshot=snapshot,
            result=PlanResult(plan, judge(snapshot.problem, plan), 0.0, schedule.cost / 3600),
            latest_begin=latest_begin,
            jobs={job.id: job for job in snapshot.problem.jobs},
        )

    def decide(self, candidates: Sequence[Candidate], station: StationNow, now: int, lead: int) -> list[Decision]:
        """Let the first due of those go that are full or whose time has come, if it may start at all."""
        going = [c for c in candidates if c.full or now + lead >= c.latest_begin]
        able = [c for c in going if station.slots > 0 and _may_start(c, station)]
        first = min(able, key=lambda c: (self._due.get(c.batch_id, inf), c.batch_id), default=None)
        if first is None:
            return []
        return [Decision(first.batch_id, release=True, reason=Reason.FULL if first.full else Reason.MAX_WAIT)]


def _may_start(c: Candidate, station: StationNow) -> bool:
    """Tell whether somebody can load it, or it is one that nobody need be there for."""
    if station.attended_from <= station.free:
        return True
    changes = station.changeover_s.get(c.setup_state, 0) > 0
    return c.unattended and station.magazine_left > 0 and (not changes or station.setup_unattended)


def _formed(instance: Instance, loader: Loader, dues: Sequence[int]) -> list[tuple[int, Load]]:
    """Return what could be started now as loads with their due times, each unit in the first that takes it."""
    ready = [unit for unit in instance.units if unit.release <= 0 and not unit.before and unit.modes]
    open_loads: dict[int, list[Load]] = {}
    for unit in sorted(ready, key=lambda unit: (dues[unit.place], unit.place)):
        _put(loader, open_loads.setdefault(unit.family, []), unit)
    loads = [load for family in open_loads.values() for load in family]
    return sorted(((min(dues[place] for place in load.units), load) for load in loads), key=_by_due)


def _put(loader: Loader, loads: list[Load], unit: Unit) -> None:
    mode = unit.modes[0]
    for at, load in enumerate(loads):
        if loader.may_join(mode, load, unit.place):
            joined = loader.load((*load.units, unit.place))
            if loader.fits(mode, joined):
                loads[at] = joined
                return
    loads.append(loader.load((unit.place,)))


def _by_due(batch: tuple[int, Load]) -> tuple[int, tuple[int, ...]]:
    return batch[0], batch[1].units


def _handed_out(instance: Instance, batches: Sequence[tuple[int, Load]]) -> list[list[Bundle]]:
    """Return the batches by station, each at the one that would be free first."""
    free = [view.calendar.starts[0] if view.calendar.starts else instance.unplanned_end for view in instance.stations]
    sequences: list[list[Bundle]] = [[] for _ in instance.stations]
    for _, load in batches:
        family = instance.families[instance.units[load.units[0]].family]
        able = [mode for mode in family.modes.values() if load.stations >> mode.station & 1]
        mode = min(able, key=lambda mode: (free[mode.station], mode.station))
        free[mode.station] += mode.seconds + load.serial + load.parallel
        sequences[mode.station].append((mode, load))
    return sequences
