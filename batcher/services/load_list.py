"""
What to lay ready before the operators leave: each station's batches of the night, in order.

A document made anew from the plan and the calendars whenever somebody looks, so that it holds until the last moment.
What is on it may still change until then; only tickets are facts.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from batcher.rules.floor import Process, Station
from batcher.rules.ruleset import RuleSet
from batcher.services.context import Floor
from batcher.services.plan_view import PlannedBatch, latest_view
from batcher.store import batches, orders, stations
from batcher.store.session import Session

#: So far ahead a night is looked for; a longer shutdown has an end that nobody needs to know yet.
_AHEAD = timedelta(days=14)


@dataclass(frozen=True)
class Night:
    """A gap in which nobody is there to load a station."""

    begins_at: datetime
    ends_at: datetime


@dataclass(frozen=True)
class Blank:
    """So many pieces to be laid into a fixture, of one SKU."""

    sku: str
    pieces: int


@dataclass(frozen=True)
class NightBatch:
    """
    A batch that begins in the night, released or tentative.

    Parameters
    ----------
    start_at
        When it runs, after a changeover.
    jobs
        Ids of the jobs in it.
    ticket_id
        None as long as it is only planned.
    """

    fixture: str
    setup_state: str
    start_at: datetime
    end_at: datetime
    jobs: tuple[str, ...]
    ticket_id: str | None = None


@dataclass(frozen=True)
class Load:
    """One place of the magazine."""

    place: int  #: 1 runs first
    fixture: str
    setup_state: str
    changeover: bool  #: the station changes its setup for it
    begin_at: datetime
    end_at: datetime
    blanks: tuple[Blank, ...]
    ticket_id: str | None  #: none: planned, and may still change


@dataclass(frozen=True)
class LoadList:
    """What one station needs for one night."""

    station: str
    night: Night
    magazine: int
    setup_state: str  #: in which it should be left
    loads: tuple[Load, ...]


def night_of(station: Station, now: datetime) -> Night | None:
    """Return the gap under way, else the next one; none where there is no magazine to fill, or no gap ahead."""
    if station.attended is None or not station.magazine:
        return None
    shifts = station.attended.intervals(now, now + _AHEAD)
    if not shifts:
        return Night(now, now + _AHEAD)
    if shifts[0][0] > now:
        return Night(now, shifts[0][0])
    begins_at = shifts[0][1]
    if begins_at >= now + _AHEAD:
        return None
    return Night(begins_at, shifts[1][0] if len(shifts) > 1 else now + _AHEAD)


def load_list(
    station: Station,
    process: Process,
    night: Night,
    batches: Iterable[NightBatch],
    setup_state: str,
    skus: Mapping[str, str],
) -> LoadList:
    """
    Return what a station needs for a night.

    Parameters
    ----------
    process
        Its process, which tells how long changeovers take: a batch begins with its changeover.
    batches
        All its batches that have not begun.
    setup_state
        What it is set up for now.
    skus
        The SKU of each job.
    """
    loads: list[Load] = []
    state, left_in = setup_state, None
    for batch in sorted(batches, key=lambda batch: (batch.start_at, batch.fixture)):
        begin_at = batch.start_at - timedelta(seconds=process.changeover_between(state, batch.setup_state).seconds)
        if begin_at >= night.ends_at or len(loads) == station.magazine:
            break
        if begin_at >= night.begins_at:
            left_in = left_in or (state if station.setup_unattended else batch.setup_state)
            counts = Counter(skus[job] for job in batch.jobs if job in skus)
            loads.append(
                Load(
                    place=len(loads) + 1,
                    fixture=batch.fixture,
                    setup_state=batch.setup_state,
                    changeover=batch.setup_state != state,
                    begin_at=begin_at,
                    end_at=batch.end_at,
                    blanks=tuple(Blank(sku, pieces) for sku, pieces in sorted(counts.items())),
                    ticket_id=batch.ticket_id,
                )
            )
        state = batch.setup_state
    return LoadList(station.id, night, station.magazine, left_in or state, tuple(loads))


def load_lists(floor: Floor, *, only: str | None = None) -> list[LoadList]:
    """Return the load list of each station that runs unattended, or of one, from one read of the store."""
    now, rules = floor.now(), floor.rules.current
    with floor.store.read() as session:
        rows = stations.all_stations(session)
        waiting = _tickets(session)
        for batch in _planned(session, rules):
            waiting.setdefault(batch.station, []).append(_tentative(batch))
        jobs = sorted({job for found in waiting.values() for batch in found for job in batch.jobs})
        skus = orders.sku_of_jobs(session, jobs)
    found = []
    for station in rules.stations.values():
        night = night_of(station, now)
        if night is None or (only is not None and station.id != only):
            continue
        row = rows.get(station.id)
        state = (row.setup_state if row else None) or station.initial_state
        found.append(
            load_list(station, rules.processes[station.process], night, waiting.get(station.id, ()), state, skus)
        )
    return found


def _tickets(session: Session) -> dict[str, list[NightBatch]]:
    """Return the released batches that have not begun, by station."""
    jobs: dict[str, list[str]] = {}
    for job in batches.live_jobs(session):
        jobs.setdefault(job.ticket_id, []).append(job.job_id)
    found: dict[str, list[NightBatch]] = {}
    for entry in batches.live_batches(session):
        if entry.started_at is None:
            batch = entry.batch
            listed = tuple(jobs.get(entry.ticket_id, ()))
            found.setdefault(batch.station, []).append(
                NightBatch(batch.fixture, batch.setup_state, batch.start_at, batch.end_at, listed, entry.ticket_id)
            )
    return found


def _planned(session: Session, rules: RuleSet) -> list[PlannedBatch]:
    """Return the tentative batches whose pieces all still wait; under other rules there is no plan."""
    view = latest_view(session)
    if view is None or view.plan.rules_hash != rules.hash:
        return []
    wait = {entry.job.id for entry in orders.work_of(session, list(view.batch_of))}
    return [batch for batch in view.batches if wait.issuperset(batch.jobs)]


def _tentative(batch: PlannedBatch) -> NightBatch:
    return NightBatch(batch.fixture, batch.setup_state, batch.start_at, batch.end_at, batch.jobs)
