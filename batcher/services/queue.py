"""
What waits to be planned, as the store knows it at one moment: the queue, the stations, and the plan before.

Turning it into a planning problem is `snapshot`'s work, into a plan `planner`'s.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from batcher.domain.orders import OpenWork
from batcher.domain.states import StationState
from batcher.planning.plan import Batch
from batcher.rules.ruleset import RuleSet
from batcher.services.arrivals import Expected
from batcher.services.context import Floor
from batcher.services.families import FamilyBook
from batcher.services.forecast import StationOutlook, station_outlook, unattended_since
from batcher.services.plan_view import PlanView, latest_view
from batcher.services.quoted_work import reserved_work
from batcher.services.snapshot import Snapshot, build_snapshot
from batcher.store import batches, orders, reservations, stations
from batcher.store.session import Session


@dataclass(frozen=True)
class Queue:
    """
    What there is to plan, as read in one moment.

    Parameters
    ----------
    last
        The batches of the plan before.
    book
        Its families.
    expected
        What is to come; none: nothing is known.
    """

    at: datetime
    work: Sequence[OpenWork]
    stations: Mapping[str, StationOutlook]
    running: Mapping[str, datetime]
    last: tuple[Batch, ...] = ()
    book: FamilyBook = field(default_factory=FamilyBook)
    expected: Expected | None = None

    def orders(self) -> list[str]:
        """Return the keys of its orders, the oldest first."""
        return sorted({entry.order.key for entry in self.work})

    def only(self, keys: Collection[str]) -> "Queue":
        """Return the part of it that belongs to these orders, to be planned from scratch."""
        return replace(self, work=[entry for entry in self.work if entry.order.key in keys], last=(), book=FamilyBook())

    def snapshot(self, rules: RuleSet) -> Snapshot:
        """Return it as a planning problem."""
        return build_snapshot(rules, self.work, self.stations, self.running, self.at, self.book, self.expected)


def read_snapshot(floor: Floor, rules: RuleSet) -> Snapshot:
    """Return the planning problem of this moment under some rules."""
    return read_queue(floor, rules).snapshot(rules)


def read_queue(floor: Floor, rules: RuleSet) -> Queue:
    """
    Return what there is to plan at this moment, and how it was planned last.

    What need not be of the same moment is read by itself: as long as one read lasts, SQLite's log only grows.
    """
    now = floor.now()
    with floor.store.read() as session:
        work = [*orders.open_work(session), *reserved_work(rules, reservations.standing(session, now))]
        outlooks = read_outlooks(session, rules, now)
        running = _running_jobs(session, outlooks)
    with floor.store.read() as session:
        last = latest_view(session)
    expected = floor.arrivals.now(floor.store, rules, now)
    batches_before = () if last is None else _batches_of(last)
    book = floor.families if rules is floor.rules.current else FamilyBook()
    return Queue(now, work, outlooks, running, batches_before, book, expected)


def _batches_of(plan: PlanView) -> tuple[Batch, ...]:
    """Return a stored plan's batches, their times on the one clock that all plans share."""
    return tuple(
        Batch(batch.id, batch.station, "", int(batch.start_at.timestamp()), int(batch.end_at.timestamp()), batch.jobs)
        for batch in plan.batches
    )


def read_outlooks(
    session: Session, rules: RuleSet, now: datetime, *, only: Collection[str] | None = None
) -> dict[str, StationOutlook]:
    """Return the outlook of each station that is up, or of some of them."""
    wanted = [station for station in rules.stations.values() if only is None or station.id in only]
    if not wanted:
        return {}
    rows = stations.all_stations(session)
    live = batches.in_hand(session, [station.id for station in wanted])
    gaps = [begun for station in wanted if (begun := unattended_since(station, now)) is not None]
    begins = batches.begins_since(session, min(gaps), [station.id for station in wanted]) if gaps else {}
    outlooks = {}
    for station in wanted:
        row = rows.get(station.id)
        if row is not None and row.state is StationState.DOWN:
            continue
        known = row.setup_state if row else None
        outlook = station_outlook(station, live.get(station.id, ()), known, begins.get(station.id, ()), now)
        outlooks[station.id] = replace(outlook, on_probation=row is not None and row.quarantine is not None)
    return outlooks


def _running_jobs(session: Session, outlooks: dict[str, StationOutlook]) -> dict[str, datetime]:
    """Return when each job on a live ticket is expected to end."""
    ends = {tid: end for outlook in outlooks.values() for tid, end in outlook.ticket_ends.items()}
    return {job.job_id: ends.get(job.ticket_id, job.end_at) for job in batches.live_jobs(session)}
