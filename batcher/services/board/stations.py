"""Each station as the floor view shows it: what it does and until when, what comes next, how full."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from batcher.domain.states import StationState, TicketState
from batcher.rules.floor import Station
from batcher.rules.ruleset import RuleSet
from batcher.services.board.shift import Presence, presence_at
from batcher.services.plan_view import PlannedBatch, PlanView
from batcher.store import batches, board, stations
from batcher.store.batches import LiveBatch
from batcher.store.session import Session
from batcher.store.stations import StationRow

#: So many tentative batches of a station are looked through for the first whose pieces still wait.
_LOOKED_AT = 4
_NO_PLAN = "no plan yet"


class Doing(StrEnum):
    """What a station does, in a word."""

    RUNNING = "running"
    CHANGING_OVER = "changing over"
    STARTING = "starting"  #: it has a ticket, and has not begun
    FILLING = "filling"  #: its next batch waits for more pieces
    UNATTENDED = "unattended"  #: nobody is there to load what comes next
    IDLE = "idle"
    DOWN = "down"
    IN_DOUBT = "in doubt"


@dataclass(frozen=True)
class BatchBrief:
    """A batch on a card; a tentative one is named by its first job."""

    id: str
    jobs: int
    fixture: str
    fill: float
    start_at: datetime
    end_at: datetime
    released: bool


@dataclass(frozen=True)
class StationCard:
    """One station; `until` is when what it does ends, as far as is known."""

    id: str
    process: str
    doing: Doing
    until: datetime | None
    since: datetime | None  #: running: when it began
    note: str  #: why it is down, or why nobody knows what comes next
    running: BatchBrief | None
    next: BatchBrief | None
    next_by_at: datetime | None  #: the next batch starts by then, full or not
    queued: int  #: live tickets behind the one that runs
    in_doubt: int  #: of these, tickets of which nobody knows what became of them
    presence: Presence


@dataclass(frozen=True)
class _Known:
    """What is known of one station at a moment."""

    station: Station
    row: StationRow | None
    live: Sequence[LiveBatch]
    planned: PlannedBatch | None
    any_plan: bool
    presence: Presence
    now: datetime


def station_cards(session: Session, rules: RuleSet, plan: PlanView | None, now: datetime) -> tuple[StationCard, ...]:
    """Return every station of the rules, in their order."""
    rows = stations.all_stations(session)
    live: dict[str, list[LiveBatch]] = {}
    for entry in batches.live_batches(session):
        live.setdefault(entry.batch.station, []).append(entry)
    planned = next_planned(session, plan)
    return tuple(
        _card(
            _Known(
                station,
                rows.get(station.id),
                live.get(station.id, ()),
                planned.get(station.id),
                plan is not None,
                presence_at(station, now),
                now,
            )
        )
        for station in rules.stations.values()
    )


def next_planned(session: Session, plan: PlanView | None) -> Mapping[str, PlannedBatch]:
    """Return each station's first tentative batch whose pieces all still wait."""
    first: dict[str, list[PlannedBatch]] = {}
    for batch in plan.batches if plan else ():
        found = first.setdefault(batch.station, [])
        if len(found) < _LOOKED_AT:
            found.append(batch)
    looked_at = [batch for found in first.values() for batch in found]
    waiting = board.still_waiting(session, [job for batch in looked_at for job in batch.jobs])
    planned: dict[str, PlannedBatch] = {}
    for batch in looked_at:
        if batch.station not in planned and waiting.issuperset(batch.jobs):
            planned[batch.station] = batch
    return planned


def _card(known: _Known) -> StationCard:
    running = next((entry for entry in known.live if entry.state is TicketState.RUNNING), None)
    waiting = [entry for entry in known.live if entry is not running]
    doing, until = _doing(known, running, waiting)
    following = waiting[0] if waiting else None
    planned = known.planned
    if following is not None:
        ahead: BatchBrief | None = _released(following)
    else:
        ahead = None if planned is None else _tentative(planned)
    return StationCard(
        id=known.station.id,
        process=known.station.process,
        doing=doing,
        until=until,
        since=running.started_at if running is not None else None,
        note=_note(known, doing),
        running=None if running is None else _released(running),
        next=ahead,
        next_by_at=planned.latest_begin_at if planned is not None and following is None else None,
        queued=len(waiting),
        in_doubt=sum(entry.state is TicketState.IN_DOUBT for entry in waiting),
        presence=known.presence,
    )


def _note(known: _Known, doing: Doing) -> str:
    if doing is Doing.DOWN:
        return known.row.reason if known.row is not None else ""
    return "" if known.any_plan else _NO_PLAN


def _doing(known: _Known, running: LiveBatch | None, waiting: Sequence[LiveBatch]) -> tuple[Doing, datetime | None]:
    if known.row is not None and known.row.state is StationState.DOWN:
        return Doing.DOWN, None
    if any(entry.state is TicketState.IN_DOUBT for entry in known.live):
        return Doing.IN_DOUBT, None
    if running is not None:
        return Doing.RUNNING, end_of(running)
    if waiting:
        return _beginning(known, waiting[0])
    if not known.presence.attended and not known.station.magazine:
        return Doing.UNATTENDED, known.presence.until
    if known.planned is not None:
        return Doing.FILLING, max(known.planned.latest_begin_at, known.now)
    return (Doing.IDLE, None) if known.presence.attended else (Doing.UNATTENDED, known.presence.until)


def _beginning(known: _Known, entry: LiveBatch) -> tuple[Doing, datetime | None]:
    """Return what a station does that has a ticket and does not run it yet."""
    if not known.presence.attended and not entry.batch.unattended_ok:
        return Doing.UNATTENDED, known.presence.until
    change = timedelta(seconds=entry.batch.changeover_s)
    if change and entry.state is TicketState.ACCEPTED and entry.batch.start_at - change <= known.now:
        return Doing.CHANGING_OVER, entry.batch.start_at
    return Doing.STARTING, None


def end_of(entry: LiveBatch) -> datetime:
    """Return when a running batch should end: as long after its begin as was planned."""
    run = entry.batch.end_at - entry.batch.start_at
    return entry.batch.end_at if entry.started_at is None else entry.started_at + run


def _released(entry: LiveBatch) -> BatchBrief:
    batch = entry.batch
    end_at = end_of(entry)
    return BatchBrief(batch.id, batch.jobs, batch.fixture, batch.fill, batch.start_at, end_at, released=True)


def _tentative(batch: PlannedBatch) -> BatchBrief:
    return BatchBrief(
        batch.jobs[0], len(batch.jobs), batch.fixture, batch.fill, batch.start_at, batch.end_at, released=False
    )
