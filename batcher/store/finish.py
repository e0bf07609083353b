"""
The end of a ticket: what became of each piece on it, and what follows from that.

A piece that was made goes on to its next step or to packing; one that failed is scrapped and made again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, bindparam, select, update
from sqlmodel import Session

from batcher.domain.states import BatchState, ItemState, JobState, OrderState, TicketState
from batcher.errors import InvariantError
from batcher.store import tables
from batcher.store.order_intake import NewPiece, add_remake
from batcher.store.rows import chunks
from batcher.store.steps import BATCH, ITEM, JOB, TICKET, Subject, move, subject
from batcher.store.ticket_queries import get_ticket
from batcher.store.ticket_steps import close_outbox

# Made once: a statement keeps what it compiles to, and these run for every ticket.
_listed, _j, _i, _o = tables.ticket_items, tables.jobs, tables.items, tables.orders
_PIECES = (
    select(
        *(_j.c.id, _j.c.item_id, _j.c.order_key, _j.c.state, _j.c.step, _j.c.steps),
        _i.c.state.label("item_state"),
        _o.c.state.label("order_state"),
    )
    .join_from(_listed, _j, _j.c.id == _listed.c.job_id)
    .join(_i, _i.c.id == _j.c.item_id)
    .join(_o, _o.c.key == _j.c.order_key)
    .where(_listed.c.ticket_id == bindparam("ticket"))
    .order_by(_listed.c.slot, _j.c.id)
)
_NOTE_OUTCOME = (
    update(_listed)
    .where(_listed.c.ticket_id == bindparam("ticket"), _listed.c.job_id.in_(bindparam("jobs", expanding=True)))
    .values(live=False, outcome=bindparam("found"))
)
_READY = (
    update(_j)
    .where(_j.c.id.in_(bindparam("jobs", expanding=True)))
    .values(ready_at=bindparam("at", type_=_j.c.ready_at.type))
)


@dataclass(frozen=True)
class Finished:
    """Pieces of a finished ticket, by item id."""

    done: list[str]
    failed: list[str]
    remakes: list[str]  #: new pieces that stand in for failed ones
    set_aside: list[str]  #: of those done, the ones whose orders were cancelled meanwhile


def finish_ticket(
    s: Session,
    ticket_id: str,
    outcomes: Mapping[str, str],
    *,
    rests: Mapping[str, int],
    now: datetime,
    reason: str = "",
) -> Finished:
    """
    End a ticket with the outcome of every piece on it.

    Parameters
    ----------
    outcomes
        ``done`` or ``failed`` by item id, for exactly the pieces of the ticket.
    rests
        Seconds to rest after a job, by job id; left out: none.
    reason
        Why pieces failed.

    Raises
    ------
    InvariantError
        When a piece has no outcome, or is not on the ticket.
    TransitionError
        When the ticket has ended before, or was never sent.
    """
    ticket = get_ticket(s, ticket_id)
    rows = _pieces(s, ticket_id)
    if {row.item_id for row in rows} != set(outcomes) or not set(outcomes.values()) <= {"done", "failed"}:
        raise InvariantError(f"ticket {ticket_id} ends with an outcome for each of its pieces, and for no other")
    done = [row for row in rows if outcomes[row.item_id] == "done"]
    failed = [row for row in rows if outcomes[row.item_id] == "failed"]
    told = {"station": ticket.station, "batch": ticket.batch_id, "done": len(done), "failed": len(failed)}
    if reason:
        told["reason"] = reason
    end = (TicketState.DONE, BatchState.DONE) if done else (TicketState.FAILED, BatchState.FAILED)
    move(s, TICKET, [Subject(ticket_id, ticket.state)], end[0], now, data=told, values={"ended_at": now})
    close_outbox(s, ticket_id, now)
    move(s, BATCH, [subject(s, BATCH, ticket.batch_id)], end[1], now, data=told, values={"ended_at": now})
    _note_outcomes(s, ticket_id, done, "done")
    _note_outcomes(s, ticket_id, failed, "failed")
    _go_on(s, done, rests, now)
    remakes = _make_again(s, failed, reason, now)
    unwanted = [row.item_id for row in done if row.order_state is OrderState.CANCELLED]
    return Finished([row.item_id for row in done], [row.item_id for row in failed], remakes, unwanted)


def _pieces(s: Session, ticket_id: str) -> Sequence[Row[Any]]:
    return s.execute(_PIECES, {"ticket": ticket_id}).all()


def _note_outcomes(s: Session, ticket_id: str, rows: Sequence[Row[Any]], outcome: str) -> None:
    for part in chunks([row.id for row in rows]):
        s.connection().execute(_NOTE_OUTCOME, {"ticket": ticket_id, "jobs": part, "found": outcome})


def _go_on(s: Session, rows: Sequence[Row[Any]], rests: Mapping[str, int], now: datetime) -> None:
    """Ready the next step of pieces that were made; after the last step a piece is made."""
    move(s, JOB, _jobs(rows), JobState.DONE, now, values={"done_at": now})
    unwanted = [row for row in rows if row.order_state is OrderState.CANCELLED]
    move(s, ITEM, _items(unwanted), ItemState.CANCELLED, now, data={"set_aside": True})
    wanted = [row for row in rows if row.order_state is not OrderState.CANCELLED]
    by_rest: dict[int, list[Row[Any]]] = {}
    for row in wanted:
        by_rest.setdefault(rests.get(row.id, 0), []).append(row)
    for rest_s, rested in by_rest.items():
        ready_at = now + timedelta(seconds=rest_s)
        following = [f"{row.item_id}-{row.step + 1}" for row in rested if row.step < row.steps]
        for part in chunks(following):
            s.connection().execute(_READY, {"jobs": part, "at": ready_at})
        last = [row for row in rested if row.step == row.steps]
        move(s, ITEM, _items(last), ItemState.MADE, now, values={"made_at": ready_at})


def _make_again(s: Session, rows: Sequence[Row[Any]], reason: str, now: datetime) -> list[str]:
    """Scrap pieces that failed; each gets one remake, unless nobody wants it any more."""
    move(s, JOB, _jobs(rows), JobState.FAILED, now, values={"done_at": now})
    unwanted = [row for row in rows if row.order_state is OrderState.CANCELLED]
    move(s, ITEM, _items(unwanted), ItemState.CANCELLED, now)
    wanted = [row for row in rows if row.order_state is not OrderState.CANCELLED]
    move(s, ITEM, _items(wanted), ItemState.SCRAPPED, now, data={"reason": reason})
    _drop_later_steps(s, wanted, now)
    return [make_another(s, row, reason, now) for row in wanted]


def _drop_later_steps(s: Session, rows: Sequence[Row[Any]], now: datetime) -> None:
    jobs = tables.jobs
    for part in chunks([row.item_id for row in rows]):
        later = s.execute(
            select(jobs.c.id, jobs.c.state, jobs.c.order_key).where(
                jobs.c.item_id.in_(part), jobs.c.state == JobState.WAITING
            )
        )
        move(s, JOB, [Subject(*row) for row in later], JobState.CANCELLED, now)


def make_another(s: Session, row: Row[Any], reason: str, now: datetime) -> str:
    """Put another piece in the place of one that was scrapped, and return its id."""
    items, jobs = tables.items, tables.jobs
    item = s.execute(select(items).where(items.c.id == row.item_id)).one()
    route = s.execute(select(jobs.c.process).where(jobs.c.item_id == row.item_id).order_by(jobs.c.step)).scalars()
    piece = NewPiece(
        line_id=item.line_id,
        sku=item.sku,
        product=item.product,
        finish=item.finish,
        text=item.text,
        artwork=item.artwork,
        attributes=item.attributes,
        processes=tuple(route),
    )
    return add_remake(s, row.order_key, piece, remake_of=row.item_id, reason=reason, now=now)


def _jobs(rows: Sequence[Row[Any]]) -> list[Subject[JobState]]:
    return [Subject(row.id, row.state, row.order_key) for row in rows]


def _items(rows: Sequence[Row[Any]]) -> list[Subject[ItemState]]:
    return [Subject(row.item_id, row.item_state, row.order_key) for row in rows]
