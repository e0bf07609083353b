"""
Why an order is where it is, in plain words: for each piece what it waits for, where, and until when.

Read from the store alone, so that the API, the command line and a person without the daemon get the same answer.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from batcher.domain.batches import Ticket
from batcher.domain.orders import Item, Job, Order
from batcher.domain.states import ItemState, JobState, OrderState, StationState, TicketState
from batcher.intake.accept import NOTHING_PROMISED
from batcher.services.context import Floor
from batcher.services.plan_view import PlannedBatch, PlanView, plan_view
from batcher.store import batches, orders, stations
from batcher.store.session import Session


@dataclass(frozen=True)
class ItemWhy:
    """One piece: what it waits for, and until when that lasts at most."""

    item_id: str
    sku: str
    state: str
    text: str
    until: datetime | None = None
    expected_at: datetime | None = None  #: packed by then, as far as is known


@dataclass(frozen=True)
class Why:
    """One order and its pieces."""

    order: Order
    headline: str
    items: tuple[ItemWhy, ...]


def why(floor: Floor, order: Order) -> Why:
    """Tell where each piece of an order is, what it waits for and until when."""
    with floor.store.read() as session:
        teller = _Teller(floor, session)
        jobs = orders.jobs_of(session, order.key)
        items = tuple(
            teller.item(order, item, [job for job in jobs if job.item_id == item.id])
            for item in orders.items_of(session, order.key)
            if item.state is not ItemState.SCRAPPED
        )
    return Why(order, _headline(floor, order, items), items)


def _headline(floor: Floor, order: Order, items: tuple[ItemWhy, ...]) -> str:
    zone = floor.rules.current.site.zone
    due = f"must leave by {_local(order.leave_by_at, zone)}"
    if order.state is OrderState.HELD:
        held = f"Held ({order.held_code}): {(order.held_reason or '').rstrip('.')}."
        return held if order.due_how == NOTHING_PROMISED else f"{held} It {due}."
    if order.state is OrderState.CANCELLED:
        return "Cancelled: nothing more is made of it."
    if order.state is OrderState.COMPLETE:
        assert order.completed_at is not None
        late = order.completed_at > order.leave_by_at
        return f"Complete since {_local(order.completed_at, zone)}, {'late: it had to' if late else 'in time to'} " + (
            f"leave by {_local(order.leave_by_at, zone)}."
        )
    expected = [item.expected_at for item in items]
    if any(at is None for at in expected) or not expected:
        return f"It {due}; when it will be ready is not known yet."
    ready = max(at for at in expected if at is not None)
    verdict = "in time" if ready <= order.leave_by_at else "LATE"
    return f"It {due}; expected to be packed by {_local(ready, zone)}: {verdict}."


class _Teller:
    """Tells of pieces within one read of the store."""

    def __init__(self, floor: Floor, session: Session) -> None:
        self._rules = floor.rules.current
        self._zone = self._rules.site.zone
        self._session = session
        self._now = floor.now()
        stored = batches.latest_plan(session)
        self._plan: PlanView | None = None if stored is None else plan_view(stored)
        self._stations = stations.all_stations(session)

    def item(self, order: Order, item: Item, jobs: list[Job]) -> ItemWhy:
        """Return what one piece waits for."""
        remake = " (a remake: the first one failed)" if item.remake_of else ""
        if item.state is ItemState.PACKED:
            text = f"packed {self._at(item.packed_at)}" if item.packed_at else "packed"
            return ItemWhy(item.id, item.sku, item.state, text + remake, expected_at=item.packed_at)
        if item.state is ItemState.MADE:
            made_at = item.made_at or self._now
            what = f"rests until {self._at(made_at)}" if made_at > self._now else "is being packed"
            expected = max(self._now, made_at + timedelta(seconds=self._rules.site.pack_s))
            return ItemWhy(item.id, item.sku, item.state, f"made; it {what}{remake}", expected_at=expected)
        if item.state is ItemState.CANCELLED:
            return ItemWhy(item.id, item.sku, item.state, "cancelled")
        if order.state is OrderState.HELD:
            return ItemWhy(item.id, item.sku, item.state, "its order is held" + remake)
        job = next((j for j in jobs if j.state in (JobState.WAITING, JobState.RELEASED)), None)
        if job is None:
            return ItemWhy(item.id, item.sku, item.state, "no step of it is open" + remake)
        text, until = self._released(job) if job.state is JobState.RELEASED else self._waiting(job)
        where = f"step {job.step} of {job.steps}, {job.process}: "
        return ItemWhy(item.id, item.sku, item.state, where + text + remake, until, self._expected(jobs[-1]))

    def _released(self, job: Job) -> tuple[str, datetime | None]:
        ticket = batches.ticket_of_job(self._session, job.id)
        if ticket is None:
            return "released, its ticket is being written", None
        return f"{_ticket_text(ticket)} at {ticket.station} (ticket {ticket.id})", ticket.end_at

    def _waiting(self, job: Job) -> tuple[str, datetime | None]:
        if self._plan is None:
            return "waits for the first plan", None
        if job.id in self._plan.left_out:
            return f"cannot be planned: {self._plan.left_out[job.id]}", None
        batch = self._plan.batch_of.get(job.id)
        if batch is None:
            return self._not_in_plan(job)
        if job.ready_at is not None and job.ready_at > self._now:
            return f"rests until {self._at(job.ready_at)}", job.ready_at
        return self._filling(batch), max(batch.latest_begin_at, self._now)

    def _not_in_plan(self, job: Job) -> tuple[str, datetime | None]:
        assert self._plan is not None
        if job.id not in self._plan.unplanned:
            return "came in after the last plan; the next one takes it", None
        able = [s.id for s in self._rules.stations.values() if s.process == job.process]
        down = [sid for sid in able if sid in self._stations and self._stations[sid].state is StationState.DOWN]
        if able and len(down) == len(able):
            return f"every station that could do it is down: {', '.join(down)}", None
        return "no station has room for it within the planning horizon", None

    def _filling(self, batch: PlannedBatch) -> str:
        filled = f"{batch.fill:.0%} full"
        if batch.capacity:
            filled = f"{len(batch.jobs)} pieces, {filled}"
        latest = max(batch.latest_begin_at, self._now)
        waits = "to fill" if batch.fill < 1 else "to have its turn or its setup"
        return (
            f"waits for its batch on {batch.station} {waits} (rule {batch.rule}, {filled} now); "
            f"planned for {self._at(batch.start_at)}, starts by {self._at(latest)} at the latest"
        )

    def _expected(self, last: Job) -> datetime | None:
        """Return when a piece will be packed: as its last step is planned, or as its ticket says."""
        pack = timedelta(seconds=self._rules.site.pack_s)
        if last.state is JobState.RELEASED:
            ticket = batches.ticket_of_job(self._session, last.id)
            return None if ticket is None else max(ticket.end_at, self._now) + pack
        batch = self._plan.batch_of.get(last.id) if self._plan else None
        return None if batch is None else batch.end_at + pack

    def _at(self, instant: datetime) -> str:
        return _local(instant, self._zone)


_TICKET_TEXTS = {
    TicketState.RELEASED: "released, on its way to the station",
    TicketState.SENDING: "being handed over",
    TicketState.DELIVERED: "in the station's folder, not picked up yet",
    TicketState.ACCEPTED: "in the station's queue",
    TicketState.RUNNING: "being made now",
    TicketState.IN_DOUBT: "IN DOUBT: whether it was made must be found out",
}


def _ticket_text(ticket: Ticket) -> str:
    return _TICKET_TEXTS.get(ticket.state, ticket.state.value)


def _local(instant: datetime, zone: ZoneInfo) -> str:
    return f"{instant.astimezone(zone):%a %d %b %H:%M}"
