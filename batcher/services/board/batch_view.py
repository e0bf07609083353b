"""One batch, released or tentative: its pieces as they lie, its price, and why it starts when it does."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from batcher.domain.batches import Batch, Place, Ticket
from batcher.domain.orders import OpenWork
from batcher.errors import NotFoundError
from batcher.planning.plan import Placement
from batcher.services.board.layout import Layout, layout_of, size_of
from batcher.services.context import Floor
from batcher.services.plan_view import PlannedBatch, latest_view
from batcher.store import batches, board, events, orders
from batcher.store.session import Session

#: The words of a cost part, as people say them.
_PARTS = {"batch": "the batch itself", "run": "running", "changeover": "changeover"}


@dataclass(frozen=True)
class Piece:
    """One piece in a batch."""

    slot: int
    item_id: str
    sku: str
    product: str
    finish: str
    text: str  #: empty also where it is not to be shown
    order_id: str
    order_key: str
    check_code: str  #: empty: not released
    rotated: bool
    outcome: str | None


@dataclass(frozen=True)
class Step:
    """A moment in the life of its ticket."""

    what: str
    at: datetime


@dataclass(frozen=True)
class BatchView:
    """A batch; one without a ticket is only planned, and may still change."""

    id: str
    state: str
    station: str
    process: str
    fixture: str
    setup_state: str
    rule: str
    fill: float
    changeover_s: int
    start_at: datetime
    end_at: datetime
    due_at: datetime | None
    latest_begin_at: datetime | None
    reason: str  #: a word of the release policy; empty: not released
    released_at: datetime | None
    cost_minor: int | None
    cost_parts: tuple[tuple[str, float], ...]
    layout: Layout
    pieces: tuple[Piece, ...]
    life: tuple[Step, ...]
    ticket_id: str | None
    trouble: str


def batch_view(floor: Floor, ref: str, *, texts: bool = True) -> BatchView:
    """
    Return one batch, from one read of the store.

    Parameters
    ----------
    ref
        The id of a batch that was released, or a job: the batch that it is on, or is planned in. A plan's own ids mean
        something else in the next plan.
    texts
        Whether what customers wrote may be shown.

    Raises
    ------
    NotFoundError
        When there is no such batch, and no plan has the job.
    """
    with floor.store.read() as session:
        released = _batch_of(session, ref)
        view = _tentative(floor, session, ref) if released is None else _released(floor, session, released)
    return view if texts else replace(view, pieces=tuple(replace(piece, text="") for piece in view.pieces))


def _batch_of(session: Session, ref: str) -> Batch | None:
    """Return the released batch of that id, or that a job is on or was made in; none for one that waits, or is not."""
    ticket = None if board.still_waiting(session, [ref]) else batches.ticket_of_job(session, ref)
    try:
        return batches.get_batch(session, ref if ticket is None else ticket.batch_id)
    except NotFoundError:
        return None


def _released(floor: Floor, session: Session, batch: Batch) -> BatchView:
    ticket = batches.ticket_of_batch(session, batch.id)
    listed = batches.ticket_items(session, ticket.id)
    items = orders.items_by_id(session, [entry.item_id for entry in listed])
    told = _told(session, batch.id)
    keys = {item.order_key: orders.get_order(session, item.order_key) for item in items.values()}
    rules, sizes, pieces = floor.rules.current, {}, []
    for entry in listed:
        item = items[entry.item_id]
        size = size_of(rules, item.product, int(entry.job_id.rpartition("-")[2]))  # a job's id ends with its step
        if size is not None:
            sizes[entry.place.slot] = size
        pieces.append(
            Piece(
                entry.place.slot, item.id, item.sku, item.product, item.finish, item.text,
                keys[item.order_key].order_id, item.order_key, entry.check_code, entry.place.rotated, entry.outcome,
            )
        )  # fmt: skip
    latest = told.get("latest_begin_at")
    parts = told.get("cost_parts") or {}
    return BatchView(
        id=batch.id,
        state=ticket.state.value,
        station=batch.station,
        process=batch.process,
        fixture=batch.fixture,
        setup_state=batch.setup_state,
        rule=batch.rule,
        fill=batch.fill,
        changeover_s=batch.changeover_s,
        start_at=batch.started_at or batch.start_at,
        end_at=batch.ended_at or batch.end_at,
        due_at=batch.due_at,
        latest_begin_at=None if latest is None else datetime.fromisoformat(latest),
        reason=batch.reason,
        released_at=batch.released_at,
        cost_minor=batch.cost_minor,
        cost_parts=tuple((_PARTS.get(name, name), value) for name, value in parts.items()),
        layout=layout_of(rules.fixtures.get(batch.fixture), [entry.place for entry in listed], sizes),
        pieces=tuple(pieces),
        life=_life(ticket),
        ticket_id=ticket.id,
        trouble=ticket.last_error or "",
    )


def _told(session: Session, batch_id: str) -> Mapping[str, Any]:
    """Return what was recorded when a batch was released."""
    return next((event.data for event in events.events_of(session, ident=batch_id) if event.before is None), {})


def _life(ticket: Ticket) -> tuple[Step, ...]:
    moments = {
        "released": ticket.released_at,
        "delivered": ticket.delivered_at,
        "accepted": ticket.accepted_at,
        "running": ticket.started_at,
        "ended": ticket.ended_at,
    }
    return tuple(Step(what, at) for what, at in moments.items() if at is not None)


def _tentative(floor: Floor, session: Session, job_id: str) -> BatchView:
    plan, rules = latest_view(session), floor.rules.current
    found = None if plan is None else plan.batch_of.get(job_id)
    if found is None:
        raise NotFoundError("batch", job_id)
    work = orders.work_of(session, found.jobs)
    placements = _placements(floor, found)
    places = [_place(slot, placements.get(entry.job.id)) for slot, entry in enumerate(work, 1)]
    known = {slot: size_of(rules, entry.item.product, entry.job.step) for slot, entry in enumerate(work, 1)}
    fixture = rules.fixtures.get(found.fixture)
    return BatchView(
        id=job_id,
        state="tentative",
        station=found.station,
        process=rules.stations[found.station].process if found.station in rules.stations else "",
        fixture=found.fixture,
        setup_state=found.setup_state,
        rule=found.rule,
        fill=found.fill,
        changeover_s=0,
        start_at=found.start_at,
        end_at=found.end_at,
        due_at=min((entry.order.leave_by_at for entry in work), default=None),
        latest_begin_at=found.latest_begin_at,
        reason="",
        released_at=None,
        cost_minor=None,
        cost_parts=_price(floor, found),
        layout=layout_of(fixture, places, {slot: size for slot, size in known.items() if size is not None}),
        pieces=_pieces(work, places),
        life=(),
        ticket_id=None,
        trouble="" if len(work) == len(found.jobs) else "some of its pieces were released, held or cancelled since",
    )


def _placements(floor: Floor, batch: PlannedBatch) -> Mapping[str, Placement]:
    """Return where the plan in force lays the pieces; nothing where this process did not make that plan."""
    plan = floor.plans.current
    if plan is None:
        return {}
    made = next((each for each in plan.result.plan.batches if each.id == batch.id and each.jobs == batch.jobs), None)
    return {} if made is None else made.placements


def _place(slot: int, at: Placement | None) -> Place:
    return Place(slot) if at is None else Place(slot, at.x, at.y, at.rotated)


def _price(floor: Floor, batch: PlannedBatch) -> tuple[tuple[str, float], ...]:
    """Return what a batch will cost on its station, before any changeover."""
    station = floor.rules.current.stations.get(batch.station)
    if station is None:
        return ()
    run_s = (batch.end_at - batch.start_at) / timedelta(seconds=1)
    run = run_s * station.cost_per_hour_minor / 3600
    return ((_PARTS["batch"], float(station.cost_per_batch_minor)), (_PARTS["run"], run))


def _pieces(work: Sequence[OpenWork], places: Sequence[Place]) -> tuple[Piece, ...]:
    return tuple(
        Piece(
            place.slot, entry.item.id, entry.item.sku, entry.item.product, entry.item.finish, entry.item.text,
            entry.order.order_id, entry.order.key, "", place.rotated, None,
        )
        for entry, place in zip(work, places, strict=True)
    )  # fmt: skip
