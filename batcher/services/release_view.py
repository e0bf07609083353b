"""What the release policy is shown: the plan's batches and the stations, as they are at one moment."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from batcher.planning.plan import Batch
from batcher.planning.release import Candidate, StationNow
from batcher.planning.waiting import STOP_S, Stake, Waiting, worth_of_waiting
from batcher.rules.floor import Station
from batcher.rules.ruleset import RuleSet
from batcher.services.arrivals import Expected
from batcher.services.forecast import StationOutlook
from batcher.services.plan_in_force import PlanInForce
from batcher.services.snapshot import seconds_from

#: Prints do not tile a sheet. Where the planner has opened several of one family, those that hold nearly as much as
#: the fullest of them are full, if that is no scrap itself: what did not fit is on the others.
_SHEET_FULL, _NO_SCRAP = 0.9, 0.5


@dataclass(frozen=True)
class Prospect:
    """What is to come; without a forecast nothing is known of it, and every batch waits as long as it can."""

    rules: RuleSet
    expected: Expected | None
    outlooks: Mapping[str, StationOutlook]


def candidates(
    plan: PlanInForce, now: datetime, *, only: Collection[str] | None = None, prospect: Prospect | None = None
) -> dict[str, list[Candidate]]:
    """Return the batches that may start while their plan is in force, by station, or those of some stations."""
    views: dict[str, list[Candidate]] = {}
    for batch in plan.startable(only):
        views.setdefault(batch.station, []).append(_candidate(plan, batch, now, prospect))
    return views


def _candidate(plan: PlanInForce, batch: Batch, now: datetime, prospect: Prospect | None) -> Candidate:
    known = plan.candidates.get(batch.id)
    if known is None:
        known = plan.candidates[batch.id] = _untimed(plan, batch)
    bounds = plan.bounds(batch)
    if not bounds.timed:
        return known
    waiting = _waiting(plan, batch, now, prospect) if prospect is not None and bounds.forecast else None
    return replace(known, closed=bounds.closed(now), waiting=waiting)


def _untimed(plan: PlanInForce, batch: Batch) -> Candidate:
    """Return a candidate without what changes while its plan is in force."""
    at = plan.snapshot.at
    rule, fixture = plan.snapshot.rules_of[batch.family], plan.snapshot.fixture_of[batch.family]
    jobs = [plan.jobs[j] for j in batch.jobs]
    fill = plan.fill(batch)
    bounds = plan.bounds(batch)
    fills = plan.fills_of[batch.family]
    overflows = len(fills) > 1
    target = bounds.target_fill
    if fixture.sheet is not None and overflows and max(fills) >= _NO_SCRAP:
        target = min(target, _SHEET_FULL * max(fills))
    # nobody can say that nothing more fits a sheet, but the planner has opened another one
    room = not overflows if fixture.sheet is not None else fill < 1
    wait_until = bounds.wait_until
    return Candidate(
        batch_id=batch.id,
        station=batch.station,
        setup_state=fixture.setup_state,
        seconds=batch.end - batch.start,
        fill=fill,
        full=rule.max_items == len(jobs) or (not room if bounds.exact else fill >= target),
        ready=max(job.release for job in jobs),
        latest_begin=plan.latest_begin[batch.id],
        wait_until=None if wait_until is None else seconds_from(at, wait_until),
        closed=False,
        min_fill=bounds.min_fill,
        below_minimum=bounds.below_minimum,
        exact=bounds.exact,
        unattended=fixture.unattended,
    )


def _waiting(plan: PlanInForce, batch: Batch, now: datetime, prospect: Prospect) -> Waiting | None:
    """Weigh waiting for one more piece; none where nothing is known of what is to come."""
    outlook = prospect.outlooks.get(batch.station)
    fill = plan.fill(batch)
    if prospect.expected is None or outlook is None or not 0 < fill < 1:
        return None
    rules, fixture = prospect.rules, plan.snapshot.fixture_of[batch.family]
    station, floor_s = rules.stations[batch.station], plan.bounds(batch).slack_floor_s
    changeover = rules.processes[station.process].changeover_between(outlook.setup_state, fixture.setup_state)
    late = [plan.orders[key] for key in {plan.jobs[job].order for job in batch.jobs}]
    stake = Stake(
        price=station.cost_per_batch_minor + fixture.fixed_s * station.cost_per_hour_minor / 3600,
        changeover=changeover.cost_minor + changeover.seconds * station.changeover_cost_per_hour_minor / 3600,
        holds=max(1.0, len(batch.jobs) / fill),
        late=sum(order.late_cost + STOP_S / 3600 * order.late_cost_per_hour for order in late),
        seconds=batch.end - batch.start,
    )
    slack = max(0, plan.latest_begin[batch.id] - seconds_from(plan.snapshot.at, max(now, outlook.free_at)))
    return worth_of_waiting(stake, prospect.expected.of_family(batch.family, now, slack), slack, floor_s)


def station_now(
    rules: RuleSet, station: Station, outlook: StationOutlook, plan: PlanInForce, now: datetime
) -> StationNow:
    """Return a station as the release policy sees it."""
    at = plan.snapshot.at
    free_at = max(now, outlook.free_at)
    process = rules.processes[station.process]
    states = {f.setup_state for f in rules.fixtures.values() if f.process == station.process}
    return StationNow(
        id=station.id,
        free=seconds_from(at, free_at),
        setup_state=outlook.setup_state,
        slots=most_live(rules, station.id, outlook) - outlook.live,
        attended_from=seconds_from(at, _attended_from(station, free_at)),
        magazine_left=station.magazine - outlook.magazine_used,
        setup_unattended=station.setup_unattended,
        later_states=plan.later_states(station.id),
        changeover_s={state: process.changeover_between(outlook.setup_state, state).seconds for state in states},
    )


def most_live(rules: RuleSet, station: str, outlook: StationOutlook) -> int:
    """Return how many live tickets a station may have: one while it is on probation."""
    return 1 if outlook.on_probation else rules.queue_depth(station)


def _attended_from(station: Station, free_at: datetime) -> datetime:
    """Return the next moment at which somebody is there; an empty calendar has none within a fortnight."""
    if station.attended is None:
        return free_at
    shifts = station.attended.intervals(free_at, free_at + timedelta(days=14))
    return shifts[0][0] if shifts else free_at + timedelta(days=14)
