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
from batcher.errors import InvariantError, NotFoundError
from batcher.store import tables
from batcher.store.order_intake import NewPiece, add_remake
from batcher.store.rows import chunks
from batcher.store.steps import BATCH, ITEM, JOB, TICKET, Subject, move
from batcher.store.ticket_queries import TicketHead, ticket_heads
from batcher.store.ticket_steps import close_outboxes

# Made once: a statement keeps what it compiles to, and these run for every ticket.
_listed, _j, _i, _o = tables.ticket_items, tables.jobs, tables.items, tables.orders
_PIECES = (
    select(
        _listed.c.ticket_id,
        *(_j.c.id, _j.c.item_id, _j.c.order_key, _j.c.state, _j.c.step, _j.c.steps),
        _i.c.state.label("item_state"),
        _o.c.state.label("order_state"),
    )
    .join_from(_listed, _j, _j.c.id == _listed.c.job_id)
    .join(_i, _i.c.id == _j.c.item_id)
    .join(_o, _o.c.key == _j.c.order_key)
    .where(_listed.c.ticket_id.in_(bindparam("tickets", expanding=True)))
    .order_by(_listed.c.ticket_id, _listed.c.slot, _j.c.id)
)
_NOTE_OUTCOME = (
    update(_listed)
    .where(
        _listed.c.ticket_id.in_(bindparam("tickets", expanding=True)),
        _listed.c.job_id.in_(bindparam("jobs", expanding=True)),
    )
    .values(live=False, outcome=bindparam("found"))
)
_READY = (
    update(_j)
    .where(_j.c.id.in_(bindparam("jobs", expanding=True)))
    .values(ready_at=bindparam("at", type_=_j.c.ready_at.type))
)


@dataclass(frozen=True)
class End:
    """How a ticket ended; `outcomes` are ``done`` or ``failed`` by item id, for exactly the pieces of the ticket."""

    ticket: TicketHead
    outcomes: Mapping[str, str]
    reason: str = ""  #: why pieces failed


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
    End a ticket with the outcome of every piece on it; see `finish_tickets`.

    Raises
    ------
    NotFoundError
        When there is no such ticket.
    """
    head = ticket_heads(s, [ticket_id]).get(ticket_id)
    if head is None:
        raise NotFoundError("ticket", ticket_id)
    (finished,) = finish_tickets(s, [End(head, outcomes, reason)], rests=rests, now=now)
    return finished


def finish_tickets(s: Session, ends: Sequence[End], *, rests: Mapping[str, int], now: datetime) -> list[Finished]:
    """
    End tickets with the outcome of every piece on them, all or none.

    Parameters
    ----------
    rests
        Seconds to rest after a job, by job id; left out: none.

    Raises
    ------
    InvariantError
        When a piece has no outcome, or is not on its ticket.
    TransitionError
        When one of the tickets has ended before, or was never sent.
    """
    pieces = _pieces(s, [end.ticket.id for end in ends])
    sorted_ = [_sorted(end, pieces.get(end.ticket.id, ())) for end in ends]
    _end(s, [entry for entry in sorted_ if entry.done], TicketState.DONE, BatchState.DONE, now)
    _end(s, [entry for entry in sorted_ if not entry.done], TicketState.FAILED, BatchState.FAILED, now)
    close_outboxes(s, [end.ticket.id for end in ends], now)
    done, failed = [row for e in sorted_ for row in e.done], [row for e in sorted_ for row in e.failed]
    _note_outcomes(s, done, "done")
    _note_outcomes(s, failed, "failed")
    _go_on(s, done, rests, now)
    remakes = _make_again(s, failed, {end.ticket.id: end.reason for end in ends}, now)
    return [
        Finished(
            [row.item_id for row in entry.done],
            [row.item_id for row in entry.failed],
            [remakes[row.item_id] for row in entry.failed if row.item_id in remakes],
            [row.item_id for row in entry.done if row.order_state is OrderState.CANCELLED],
        )
        for entry in sorted_
    ]


@dataclass(frozen=True)
class _Sorted:
    """The pieces of an ended ticket, those that were made apart from those that were not."""

    end: End
    done: list[Row[Any]]
    failed: list[Row[Any]]

    def told(self) -> dict[str, object]:
        ticket, reason = self.end.ticket, self.end.reason
        told = {"station": ticket.station, "batch": ticket.batch_id, "done": len(self.done), "failed": len(self.failed)}
        return {**told, "reason": reason} if reason else told


def _sorted(end: End, rows: Sequence[Row[Any]]) -> _Sorted:
    outcomes = end.outcomes
    if {row.item_id for row in rows} != set(outcomes) or not set(outcomes.values()) <= {"done", "failed"}:
        raise InvariantError(f"ticket {end.ticket.id} ends with an outcome for each of its pieces, and for no other")
    done = [row for row in rows if outcomes[row.item_id] == "done"]
    return _Sorted(end, done, [row for row in rows if outcomes[row.item_id] == "failed"])


def _end(s: Session, entries: Sequence[_Sorted], ticket: TicketState, batch: BatchState, now: datetime) -> None:
    heads = [(entry.end.ticket, entry.told()) for entry in entries]
    values = {"ended_at": now}
    move(s, TICKET, [Subject(head.id, head.state, data=told) for head, told in heads], ticket, now, values=values)
    subjects = [Subject(head.batch_id, head.batch_state, data=told) for head, told in heads]
    move(s, BATCH, subjects, batch, now, values=values)


def _pieces(s: Session, ticket_ids: Sequence[str]) -> dict[str, list[Row[Any]]]:
    found: dict[str, list[Row[Any]]] = {}
    for part in chunks(ticket_ids):
        for row in s.execute(_PIECES, {"tickets": part}):
            found.setdefault(row.ticket_id, []).append(row)
    return found


def _note_outcomes(s: Session, rows: Sequence[Row[Any]], outcome: str) -> None:
    for part in chunks(rows):
        told = {"tickets": sorted({row.ticket_id for row in part}), "jobs": [row.id for row in part], "found": outcome}
        s.connection().execute(_NOTE_OUTCOME, told)


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


def _make_again(s: Session, rows: Sequence[Row[Any]], reasons: Mapping[str, str], now: datetime) -> dict[str, str]:
    """Scrap pieces that failed; each gets one remake, named by its item id, unless nobody wants it any more."""
    move(s, JOB, _jobs(rows), JobState.FAILED, now, values={"done_at": now})
    unwanted = [row for row in rows if row.order_state is OrderState.CANCELLED]
    move(s, ITEM, _items(unwanted), ItemState.CANCELLED, now)
    wanted = [row for row in rows if row.order_state is not OrderState.CANCELLED]
    scrapped = [
        Subject(row.item_id, row.item_state, row.order_key, {"reason": reasons[row.ticket_id]}) for row in wanted
    ]
    move(s, ITEM, scrapped, ItemState.SCRAPPED, now)
    _drop_later_steps(s, wanted, now)
    return {row.item_id: make_another(s, row, reasons[row.ticket_id], now) for row in wanted}


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
