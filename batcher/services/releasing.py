"""
From the plan in force to released batches: what must start now becomes batch, ticket and outbox rows in one commit.

When a batch starts is decided by `planning.release`; how its ticket reaches the station is `dispatch.outbox`'s work.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from batcher.dispatch.ticket import build_ticket
from batcher.domain.batches import BatchJob, NewBatch, Place, Ticket
from batcher.domain.ids import check_code, new_id
from batcher.domain.orders import OpenWork
from batcher.errors import TransitionError
from batcher.planning.plan import Batch
from batcher.planning.release import Candidate, Decision, Reason, StationNow, decide
from batcher.rules.batch_rules import BatchRule
from batcher.rules.facts import job_facts
from batcher.rules.ruleset import RuleSet
from batcher.services.context import Floor
from batcher.services.forecast import StationOutlook
from batcher.services.plan_in_force import PlanInForce
from batcher.services.queue import read_outlooks
from batcher.services.release_view import Prospect, candidates, most_live, station_now
from batcher.store import artworks, batches, orders
from batcher.store.batches import Release
from batcher.store.session import Session

log = structlog.get_logger()

#: After so many tickets a turn ends, so that they are handed over before more are released.
_MOST = 500

#: Decides for the candidates of one station, now, and until it is asked again: see `planning.release.decide`.
Policy = Callable[[Sequence[Candidate], StationNow, int, int], list[Decision]]


def release_due(floor: Floor, *, policy: Policy = decide, only: Collection[str] | None = None) -> list[Ticket]:
    """
    Release what the policy wants started now; nothing without a plan, under rules it was not made by, or in safe mode.

    Where hundreds are to start at once, the rest of them is left to the next turn.

    Parameters
    ----------
    only
        Stations to look at; none: all.
    """
    plan, rules = floor.plans.current, floor.rules.current
    if plan is None or plan.rules_hash != rules.hash or floor.safe.mode is not None:
        return []
    now = floor.now()
    wanted = {batch.station for batch in plan.startable(only)}
    if not wanted:
        return []
    with floor.store.read() as session:
        outlooks = _with_room(session, rules, wanted, now)
    expected = None if plan.snapshot.coming is None else plan.snapshot.coming.expected
    waiting = candidates(plan, now, only=outlooks, prospect=Prospect(rules, expected, outlooks))
    released: list[Ticket] = []
    # one of each station at a time: what it is decided by changes with it
    while chosen := [
        choice
        for station_id, views in waiting.items()
        if (choice := _choose(floor, policy, plan, rules, station_id, views, outlooks.get(station_id))) is not None
    ]:
        released += _commit(floor, plan, rules, chosen)
        if len(released) >= _MOST:
            break
        waiting = {choice.batch.station: waiting[choice.batch.station] for choice in chosen}
        with floor.store.read() as session:
            outlooks = _with_room(session, rules, waiting, floor.now())
    return released


def _with_room(session: Session, rules: RuleSet, stations: Collection[str], now: datetime) -> dict[str, StationOutlook]:
    """Return how those stations stand that may have another ticket: what the others have in hand need not be read."""
    live = batches.live_counts(session)
    return read_outlooks(session, rules, now, only={s for s in stations if live.get(s, 0) < rules.queue_depth(s)})


@dataclass(frozen=True)
class _Choice:
    """A batch that is to be released now, and how its station stands."""

    batch: Batch
    decision: Decision
    outlook: StationOutlook


def _choose(
    floor: Floor,
    policy: Policy,
    plan: PlanInForce,
    rules: RuleSet,
    station_id: str,
    views: list[Candidate],
    outlook: StationOutlook | None,
) -> _Choice | None:
    """Return the batch that a station is to get now; none when it has enough, or nothing has to start."""
    now = floor.now()
    if outlook is None or outlook.live >= most_live(rules, station_id, outlook):
        return None
    views[:] = [view for view in views if view.batch_id not in plan.gone]
    station = station_now(rules, rules.stations[station_id], outlook, plan, now)
    seconds_now = int((now - plan.snapshot.at).total_seconds())
    lead = int(floor.settings.dispatch_s) + 1
    decision = next((d for d in policy(views, station, seconds_now, lead) if d.release), None)
    if decision is None:
        return None
    plan.gone.add(decision.batch_id)
    if plan.leaves_behind(decision.batch_id):
        floor.replan.set()
    return _Choice(plan.batch(decision.batch_id), decision, outlook)


def _commit(floor: Floor, plan: PlanInForce, rules: RuleSet, chosen: Sequence[_Choice]) -> list[Ticket]:
    """Write releases in one commit; where one has been overtaken, each in a commit of its own, or not at all."""
    try:
        with floor.store.write() as session:
            releases = _releases(session, plan, rules, chosen, floor.now())
            tickets = batches.release_all(session, releases, floor.now())
    except TransitionError as error:  # an order was held or cancelled since the plan was made
        if len(chosen) > 1:
            return [ticket for choice in chosen for ticket in _commit(floor, plan, rules, [choice])]
        log.info("release_overtaken", batch=chosen[0].batch.id, station=chosen[0].batch.station, why=str(error))
        floor.replan.set()
        return []
    for choice, release, ticket in zip(chosen, releases, tickets, strict=True):
        _tell(floor, release.batch, ticket, choice.decision)
    return tickets


def _releases(
    session: Session, plan: PlanInForce, rules: RuleSet, chosen: Sequence[_Choice], now: datetime
) -> list[Release]:
    """
    Return what is to be written for each batch.

    Raises
    ------
    TransitionError
        When a job of one does not wait any more.
    """
    jobs = [job_id for choice in chosen for job_id in choice.batch.jobs]
    waiting = {entry.job.id: entry for entry in orders.work_of(session, jobs)}
    places = batches.next_sequences(session, [choice.batch.station for choice in chosen])
    found = []
    for choice in chosen:
        batch, outlook = choice.batch, choice.outlook
        work = {job_id: waiting[job_id] for job_id in batch.jobs if job_id in waiting}
        if len(work) < len(batch.jobs):
            raise TransitionError("batch", batch.id, "overtaken: not all its jobs wait", "released")
        reason = choice.decision.reason
        new = new_batch(plan, rules, batch, work, max(now, outlook.free_at), outlook.setup_state, reason)
        found.append(_release(session, plan, rules, new, work, places[batch.station]))
    return found


def _release(
    session: Session, plan: PlanInForce, rules: RuleSet, new: NewBatch, work: Mapping[str, OpenWork], sequence: int
) -> Release:
    ticket_id, batch_id = new_id(), new_id()
    codes = {job_id: check_code(f"{ticket_id}/{job_id}") for job_id in work}
    document = build_ticket(
        new, work, codes, ticket_id=ticket_id, batch_id=batch_id, sequence=sequence, rules_hash=plan.rules_hash,
        sheet=rules.fixtures[new.fixture].sheet, artwork=_artwork(session, list(work.values())),
    )  # fmt: skip
    return Release(new, batch_id, ticket_id, sequence, document, codes, plan.id, plan.rules_hash)


def new_batch(
    plan: PlanInForce,
    rules: RuleSet,
    batch: Batch,
    work: Mapping[str, OpenWork],
    begin_at: datetime,
    setup_state: str,
    reason: Reason,
) -> NewBatch:
    """Return a tentative batch as it will be released: real times, places and price."""
    rule, fixture = plan.snapshot.rules_of[batch.family], plan.snapshot.fixture_of[batch.family]
    station, process = rules.stations[batch.station], rules.processes[fixture.process]
    changeover = process.changeover_between(setup_state, fixture.setup_state)
    run_s = batch.end - batch.start
    start_at = begin_at + timedelta(seconds=changeover.seconds)
    cost_parts = {
        "batch": float(station.cost_per_batch_minor),
        "run": run_s * station.cost_per_hour_minor / 3600,
        "changeover": changeover.cost_minor + changeover.seconds * station.changeover_cost_per_hour_minor / 3600,
    }
    return NewBatch(
        station=batch.station,
        process=fixture.process,
        fixture=fixture.id,
        setup_state=fixture.setup_state,
        changeover_s=changeover.seconds,
        rule=rule.id,
        family=batch.family,
        start_at=start_at,
        end_at=start_at + timedelta(seconds=run_s),
        due_at=min(entry.order.leave_by_at for entry in work.values()),
        jobs=_places(rules, rule, batch, work),
        fill=plan.fill(batch),
        reason=reason.value,
        cost_minor=round(sum(cost_parts.values())),
        capacity=fixture.capacity or 0,
        unattended_ok=fixture.unattended,
        latest_begin_at=plan.snapshot.at + timedelta(seconds=plan.latest_begin[batch.id]),
        cost_parts=cost_parts,
    )


def _places(rules: RuleSet, rule: BatchRule, batch: Batch, work: Mapping[str, OpenWork]) -> tuple[BatchJob, ...]:
    """Lay the pieces into slots in the order the rule sorts by; on a sheet they lie where the plan has put them."""

    def sort_key(job_id: str) -> tuple[str, ...]:
        entry = work[job_id]
        facts = job_facts(rules, entry.order, entry.item, entry.job.step)
        return (*(facts.value(name) for name in rule.sort), entry.order.leave_by_at.isoformat(), job_id)

    placed = []
    for slot, job_id in enumerate(sorted(batch.jobs, key=sort_key), start=1):
        at = batch.placements.get(job_id)
        place = Place(slot) if at is None else Place(slot, at.x, at.y, at.rotated)
        placed.append(BatchJob(job_id, place))
    return tuple(placed)


def _tell(floor: Floor, batch: NewBatch, ticket: Ticket, decision: Decision) -> None:
    floor.metrics.batches.labels(process=batch.process, reason=batch.reason).inc()
    floor.metrics.jobs_released.labels(process=batch.process).inc(len(batch.jobs))
    floor.metrics.batches_cost.labels(process=batch.process).inc(batch.cost_minor)
    floor.metrics.fill.labels(process=batch.process).observe(min(1.0, batch.fill))
    floor.metrics.tickets.labels(station=batch.station, state="released").inc()
    log.info(
        "batch_released",
        batch_id=ticket.batch_id,
        ticket_id=ticket.id,
        station=batch.station,
        rule=batch.rule,
        reason=batch.reason,
        jobs=len(batch.jobs),
        fill=round(batch.fill, 3),
        rules_hash=ticket.rules_hash,
        waiting=None if decision.waiting is None else str(decision.waiting),
    )


def _artwork(session: Session, work: Sequence[OpenWork]) -> dict[str, tuple[str, str]]:
    """Return hash and kind of the artwork that was fetched for pieces, by item id."""
    fetched = [entry.item for entry in work if entry.item.artwork is not None]
    if not fetched:
        return {}
    files = artworks.files_of(session, [(item.order_key, item.line_id) for item in fetched])
    return {
        item.id: (str(found.sha256), str(found.kind))
        for item in fetched
        if (found := files.get((item.order_key, item.line_id))) is not None
    }
