"""
Why an order is where it is, in plain words: for each piece what it waits for, where, and until when.

Read from the store alone, so that the API, the command line and a person without the daemon get the same answer.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from batcher.domain.orders import Item, Job, Order
from batcher.domain.states import ItemState, OrderState
from batcher.intake.accept import NOTHING_PROMISED
from batcher.services.causes import Binding, Cause, CauseFinder, first_open
from batcher.services.context import Floor
from batcher.services.lateness import most_lost
from batcher.store import orders
from batcher.store.session import Session
from batcher.store.whereabouts import whereabouts


@dataclass(frozen=True)
class StepWhy:
    """One step that is not done, and what it waits for."""

    step: int
    process: str
    binding: Binding


@dataclass(frozen=True)
class ItemWhy:
    """One piece: what it waits for, and until when that lasts at most."""

    item_id: str
    sku: str
    state: str
    text: str
    code: str  #: a `Cause` of its first open step, or held, packing, packed, late, cancelled, no_step
    until: datetime | None = None
    expected_at: datetime | None = None  #: packed by then, as far as is known
    station: str | None = None
    rule: str | None = None
    steps: tuple[StepWhy, ...] = ()  #: those that are not done


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
        self._now, self._session = floor.now(), session
        self._causes = CauseFinder(floor, session, self._at)

    def item(self, order: Order, item: Item, jobs: list[Job]) -> ItemWhy:
        """Return what one piece waits for."""
        remake = " (a remake: the first one failed)" if item.remake_of else ""
        if item.state is ItemState.PACKED:
            if item.packed_at is not None and item.packed_at > order.leave_by_at:
                return self._late(order, item, jobs, remake)
            text = f"packed {self._at(item.packed_at)}" if item.packed_at else "packed"
            return ItemWhy(item.id, item.sku, item.state, text + remake, "packed", expected_at=item.packed_at)
        if item.state is ItemState.MADE:
            return self._made(item, remake)
        if item.state is ItemState.CANCELLED:
            return ItemWhy(item.id, item.sku, item.state, "cancelled", "cancelled")
        if order.state is OrderState.HELD:
            return ItemWhy(item.id, item.sku, item.state, "its order is held" + remake, "held")
        job = first_open(jobs)
        if job is None:
            return ItemWhy(item.id, item.sku, item.state, "no step of it is open" + remake, "no_step")
        return self._open(item, jobs, job, remake)

    def _late(self, order: Order, item: Item, jobs: list[Job], remake: str) -> ItemWhy:
        assert item.packed_at is not None
        text = f"packed {self._at(item.packed_at)}, after it had to leave{remake}"
        lost = most_lost(jobs, whereabouts(self._session, order.key))
        if lost is not None:
            text += f"; most time was lost at {lost.text}"
        station = None if lost is None else lost.station
        return ItemWhy(item.id, item.sku, item.state, text, "late", expected_at=item.packed_at, station=station)

    def _made(self, item: Item, remake: str) -> ItemWhy:
        made_at = item.made_at or self._now
        resting = made_at > self._now
        text = f"made; it {f'rests until {self._at(made_at)}' if resting else 'is being packed'}{remake}"
        expected = max(self._now, made_at + timedelta(seconds=self._rules.site.pack_s))
        until = made_at if resting else expected
        code = Cause.REST.value if resting else "packing"
        return ItemWhy(item.id, item.sku, item.state, text, code, until if resting else None, expected)

    def _open(self, item: Item, jobs: list[Job], job: Job, remake: str) -> ItemWhy:
        open_jobs = [(jobs[k - 1] if k else None, one) for k, one in enumerate(jobs) if one.step >= job.step]
        steps = tuple(StepWhy(one.step, one.process, self._causes.of_job(one, before)) for before, one in open_jobs)
        first = steps[0].binding
        where = f"step {job.step} of {job.steps}, {job.process}: "
        return ItemWhy(
            item.id, item.sku, item.state, where + first.text + remake, first.cause, first.until,
            self._expected(jobs[-1]), first.station, first.rule, steps,
        )  # fmt: skip

    def _expected(self, last: Job) -> datetime | None:
        """Return when a piece will be packed: as its last step is planned, or as its ticket says."""
        ends = self._causes.ends_at(last)
        return None if ends is None else ends + timedelta(seconds=self._rules.site.pack_s)

    def _at(self, instant: datetime) -> str:
        return _local(instant, self._zone)


def _local(instant: datetime, zone: ZoneInfo) -> str:
    return f"{instant.astimezone(zone):%a %d %b %H:%M}"
