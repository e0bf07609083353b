"""
From the queue to the planning problem: what waits, what may share a batch, and what the stations can do.

Pure over what it is handed; reading the store is `cycle`'s work, solving is `planning`'s.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from math import ceil

from batcher.domain.calendars import Calendar
from batcher.domain.orders import OpenWork
from batcher.planning import problem as pp
from batcher.rules.batch_rules import BatchRule
from batcher.rules.bounds import ReleaseBounds
from batcher.rules.floor import Fixture, Station, state_name
from batcher.rules.ruleset import RuleSet
from batcher.rules.sla import last_call_at
from batcher.services.arrivals import Ahead, Expected
from batcher.services.families import FamilyBook, Placed
from batcher.services.forecast import StationOutlook


@dataclass(frozen=True)
class Snapshot:
    """
    A planning problem and what its names stand for.

    Parameters
    ----------
    at
        Time 0 of the problem.
    rules_of, fixture_of
        Batch rule and fixture id by family.
    left_out
        Jobs that cannot be planned and why, by job id.
    bounds_of
        Release bounds by job id.
    ready_at
        Since when a job could have been started, for those that can be, by job id.
    open_until
        Until when other orders may come that must leave with an order, in seconds from time 0, by order.
    coming
        What is expected; none: nothing is known.
    """

    at: datetime
    problem: pp.Problem
    rules_of: Mapping[str, BatchRule]
    fixture_of: Mapping[str, Fixture]
    left_out: Mapping[str, str]
    bounds_of: Mapping[str, ReleaseBounds]
    ready_at: Mapping[str, datetime]
    open_until: Mapping[str, int]
    coming: Ahead | None = None


def build_snapshot(
    rules: RuleSet,
    work: Sequence[OpenWork],
    stations: Mapping[str, StationOutlook],
    running: Mapping[str, datetime],
    now: datetime,
    book: FamilyBook | None = None,
    expected: Expected | None = None,
) -> Snapshot:
    """
    Build the planning problem of this moment.

    Parameters
    ----------
    work
        Jobs that wait.
    stations
        Outlook of the stations that are up; the others take no part.
    running
        Expected end of the jobs on live tickets, by job id.
    book
        Remembers the families of an earlier queue; none: all are looked for anew.
    expected
        What is expected to come; none: nothing is known.
    """
    at = now.replace(microsecond=0)
    placed, left_out = (book or FamilyBook()).sort(rules, work)
    families = {job.family: job for job in placed}
    problem = pp.Problem(
        name=f"floor at {at.isoformat()}",
        horizon=rules.planning.horizon_s,
        stations=tuple(_station(rules, rules.stations[sid], outlook, at) for sid, outlook in stations.items()),
        changeovers=_changeovers(rules),
        families=tuple(_family(rules, job, stations) for job in families.values()),
        orders=_orders(rules, placed, at),
        jobs=tuple(_jobs(rules, placed, running, at)),
    )
    return Snapshot(
        at=at,
        problem=problem,
        rules_of={name: job.rule for name, job in families.items()},
        fixture_of={name: rules.fixtures[job.step.fixture] for name, job in families.items()},
        left_out=left_out,
        bounds_of={job.work.job.id: job.placing.bounds for job in placed},
        ready_at={w.job.id: w.job.ready_at for w in work if w.job.ready_at is not None},
        open_until=_open_until(rules, placed, at),
        coming=None if expected is None else Ahead(expected, rules, at),
    )


def added_problem(rules: RuleSet, work: Sequence[OpenWork], base: Snapshot) -> pp.Problem | None:
    """Return more work as a problem of the same moment and stations; none when a job of it cannot be planned."""
    placed, left_out = FamilyBook().sort(rules, work)
    if left_out:
        return None
    families = {job.family: job for job in placed}
    stations = {station.id for station in base.problem.stations}
    return replace(
        base.problem,
        families=tuple(_family(rules, job, stations) for job in families.values()),
        orders=_orders(rules, placed, base.at),
        jobs=tuple(_jobs(rules, placed, {}, base.at)),
    )


def seconds_from(at: datetime, instant: datetime) -> int:
    """Return whole seconds from time 0, rounded up."""
    return ceil((instant - at).total_seconds())


def _station(rules: RuleSet, station: Station, outlook: StationOutlook, at: datetime) -> pp.Station:
    horizon = rules.planning.horizon_s
    end = at + timedelta(seconds=horizon)
    free = min(horizon, max(0, seconds_from(at, outlook.free_at)))
    windows = _intervals(station.runs, at, end, horizon)
    # the gap under way has used some of the magazine; later gaps are planned with what it has left, to be safe
    attended = None if station.attended is None else _intervals(station.attended, at, end, horizon)
    return pp.Station(
        id=station.id,
        windows=tuple((max(free, opens), closes) for opens, closes in windows if closes > free),
        state=state_name(station.process, outlook.setup_state),
        cost_per_hour=station.cost_per_hour_minor,
        changeover_cost_per_hour=station.changeover_cost_per_hour_minor,
        attended=attended,
        magazine=max(0, station.magazine - outlook.magazine_used),
        setup_unattended=station.setup_unattended,
    )


def _intervals(calendar: Calendar | None, at: datetime, end: datetime, horizon: int) -> tuple[tuple[int, int], ...]:
    if calendar is None:
        return ((0, horizon),)
    return tuple((seconds_from(at, a), seconds_from(at, b)) for a, b in calendar.intervals(at, end))


def _changeovers(rules: RuleSet) -> pp.Changeovers:
    """Return the square matrix over all setup states; across processes no station ever changes."""
    known = {(f.process, f.setup_state): None for f in rules.fixtures.values()}
    known |= {(s.process, s.initial_state): None for s in rules.stations.values()}
    seconds: list[tuple[int, ...]] = []
    cost: list[tuple[int, ...]] = []
    for process, before in known:
        row = [rules.processes[process].changeover_between(before, a) if p == process else None for p, a in known]
        seconds.append(tuple(c.seconds if c else 0 for c in row))
        cost.append(tuple(c.cost_minor if c else 0 for c in row))
    return pp.Changeovers(tuple(state_name(p, s) for p, s in known), tuple(seconds), tuple(cost))


def _family(rules: RuleSet, job: Placed, stations: Collection[str]) -> pp.Family:
    fixture, rule = rules.fixtures[job.step.fixture], job.rule
    modes = []
    for station in rules.stations_for(fixture, rule):
        if station.id not in stations:
            continue
        capacity, sheet = fixture.capacity, None
        if fixture.sheet is not None:
            sheet = pp.SheetSize(fixture.sheet.width_mm, fixture.sheet.height_mm, fixture.sheet.gap_mm)
        elif rule.max_items is not None and capacity is not None:
            capacity = min(capacity, rule.max_items * job.step.size)
        modes.append(
            pp.Mode(
                station=station.id,
                seconds=fixture.fixed_s,
                cost=station.cost_per_batch_minor,
                capacity=capacity,
                sheet=sheet,
                max_kinds=_max_kinds(rule, fixture),
            )
        )
    state = state_name(fixture.process, fixture.setup_state)
    return pp.Family(job.family, state, tuple(modes), unattended=fixture.unattended)


def _max_kinds(rule: BatchRule, fixture: Fixture) -> int | None:
    if rule.mix is not None:
        return rule.mix.at_most
    # a sheet has no capacity in pieces: each piece is a kind of its own, so that `max_items` holds there too
    return rule.max_items if fixture.sheet is not None else None


def _kind(job: Placed) -> str | None:
    if job.rule.mix is not None:
        return job.facts.value(job.rule.mix.by)
    on_sheet = job.step.width_mm is not None
    return job.work.job.id if on_sheet and job.rule.max_items is not None else None


def _orders(rules: RuleSet, placed: Iterable[Placed], at: datetime) -> tuple[pp.Order, ...]:
    """
    Return the orders with the latest end of their last step that leaves time to rest and pack.

    An order that is late already is due now: what its lateness has cost so far cannot be changed.
    """
    rest_s: dict[str, int] = {}
    orders = {}
    for job in placed:
        order = job.work.order
        orders[order.key] = order
        last = rules.products[job.work.item.product].route[-1].rest_s
        rest_s[order.key] = max(rest_s.get(order.key, 0), last)
    return tuple(
        pp.Order(
            id=key,
            due=max(0, int((order.leave_by_at - at).total_seconds()) - rules.site.pack_s - rest_s[key]),
            late_cost=order.late_cost_minor,
            late_cost_per_hour=order.late_cost_per_hour_minor,
        )
        for key, order in orders.items()
    )


def _open_until(rules: RuleSet, placed: Iterable[Placed], at: datetime) -> dict[str, int]:
    """Return until when orders may come that must leave with each order; not of services that are no more."""
    seconds: dict[tuple[str, time, datetime], int] = {}
    found: dict[str, int] = {}
    for job in placed:
        order = job.work.order
        service = rules.services[order.service].for_order(order) if order.service in rules.services else None
        if order.key not in found and service is not None:
            promised = (order.service, service.order_by, order.leave_by_at)
            if promised not in seconds:
                seconds[promised] = seconds_from(at, last_call_at(service, order.placed_at))
            found[order.key] = seconds[promised]
    return found


def _jobs(rules: RuleSet, placed: Sequence[Placed], running: Mapping[str, datetime], at: datetime) -> Iterable[pp.Job]:
    waiting = {job.work.job.id for job in placed}
    groups = _groups(rules, placed)
    for job in placed:
        step, work = job.step, job.work
        release, after = _earliest(rules, job, waiting, running, at)
        yield pp.Job(
            id=work.job.id,
            order=work.order.key,
            family=job.family,
            release=release,
            size=step.size,
            width=step.width_mm or 0,
            height=step.height_mm or 0,
            rotate=step.rotate,
            serial_seconds=step.serial_s,
            parallel_seconds=step.parallel.seconds(work.item.text),
            max_parallel_seconds=step.max_parallel_s,
            after=after,
            kind=_kind(job),
            group=groups.get(work.job.id),
        )


def _earliest(
    rules: RuleSet, job: Placed, waiting: set[str], running: Mapping[str, datetime], at: datetime
) -> tuple[int, tuple[pp.Link, ...]]:
    """Return when a job may start: it is ready, or its step before still waits, or is on a live ticket."""
    work = job.work.job
    if work.ready_at is not None:
        return max(0, seconds_from(at, work.ready_at)), ()
    before = f"{work.item_id}-{work.step - 1}"
    rest = rules.products[job.work.item.product].route[work.step - 2].rest_s
    if before in waiting:
        return 0, (pp.Link(before, rest),)
    ends = running.get(before)
    if ends is None:  # the step before could not be planned: neither can this one be, within the horizon
        return rules.planning.horizon_s, ()
    return max(0, seconds_from(at, ends)) + rest, ()


def _groups(rules: RuleSet, placed: Iterable[Placed]) -> dict[str, str]:
    """Return the group of each job whose order stays together; one too large for a batch does not."""
    together: dict[tuple[str, str], list[Placed]] = {}
    for job in placed:
        if job.rule.whole_orders and job.work.job.ready_at is not None:
            together.setdefault((job.work.order.key, job.family), []).append(job)
    groups: dict[str, str] = {}
    for (order, family), jobs in together.items():
        if len(jobs) > 1 and _fits(rules, jobs):
            groups |= {job.work.job.id: f"{order}/{family}" for job in jobs}
    return groups


def _fits(rules: RuleSet, jobs: Sequence[Placed]) -> bool:
    fixture, rule = rules.fixtures[jobs[0].step.fixture], jobs[0].rule
    if rule.max_items is not None and len(jobs) > rule.max_items:
        return False
    if fixture.capacity is not None:
        return sum(job.step.size for job in jobs) <= fixture.capacity
    assert fixture.sheet is not None
    area = sum((job.step.width_mm or 0) * (job.step.height_mm or 0) for job in jobs)
    # half the sheet always nests; a tighter group might not, and a group that cannot be placed is never made
    return 2 * area <= fixture.sheet.width_mm * fixture.sheet.height_mm
