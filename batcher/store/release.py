"""Decided batches become facts: batch, ticket, its jobs and the outbox entry of each, in one unit of work."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, select
from sqlmodel import Session

from batcher.domain.batches import NewBatch, Ticket
from batcher.domain.states import BatchState, ItemState, JobState, OrderState, TicketState
from batcher.errors import InvariantError, NotFoundError, TransitionError
from batcher.store import tables
from batcher.store.events import Change, record_all
from batcher.store.many import insert_many
from batcher.store.rollup import roll_up
from batcher.store.rows import chunks
from batcher.store.steps import ITEM, JOB, Subject, move
from batcher.store.ticket_queries import get_tickets, next_sequence

_j, _i, _o = tables.jobs, tables.items, tables.orders
_STANDING = (
    select(
        *(_j.c.id, _j.c.item_id, _j.c.order_key, _j.c.state, _j.c.ready_at),
        _i.c.state.label("item_state"),
        _o.c.state.label("order_state"),
    )
    .join_from(_j, _i, _i.c.id == _j.c.item_id)
    .join(_o, _o.c.key == _j.c.order_key)
    .where(_j.c.id.in_(bindparam("jobs", expanding=True)))
)


@dataclass(frozen=True)
class Release:
    """
    A batch that is to be released.

    Parameters
    ----------
    sequence
        The place of its ticket in its station's order.
    document
        Exactly what the station is told.
    check_codes
        The code on each piece, by job id.
    """

    batch: NewBatch
    batch_id: str
    ticket_id: str
    sequence: int
    document: dict[str, object]
    check_codes: Mapping[str, str]
    plan_id: str
    rules_hash: str

    def told(self) -> dict[str, str]:
        """Return what events tell of it."""
        return {"batch": self.batch_id, "ticket": self.ticket_id, "station": self.batch.station}


def release(
    s: Session,
    batch: NewBatch,
    *,
    batch_id: str,
    ticket_id: str,
    document: dict[str, object],
    check_codes: Mapping[str, str],
    plan_id: str,
    rules_hash: str,
    now: datetime,
    sequence: int | None = None,
) -> Ticket:
    """Release one batch to its station, at the place that it has in its order already, or else the next."""
    place = next_sequence(s, batch.station) if sequence is None else sequence
    wanted = Release(batch, batch_id, ticket_id, place, document, check_codes, plan_id, rules_hash)
    return release_all(s, [wanted], now)[0]


def release_all(s: Session, wanted: Sequence[Release], now: datetime) -> list[Ticket]:
    """
    Release batches to their stations, all or none; return their tickets in the same order.

    Raises
    ------
    TransitionError
        When a job is not waiting, waits for the step before it, or belongs to an order that is held or cancelled.
    """
    job_ids = [job.job_id for one in wanted for job in one.batch.jobs]
    if len(set(job_ids)) != len(job_ids) or not all(one.batch.jobs for one in wanted):
        raise InvariantError("a batch names no job, or a job is named twice")
    standing = _standing(s, job_ids)
    for row in standing.values():
        _check_releasable(row)
    insert_many(s, tables.batches, [_batch_values(one, now) for one in wanted])
    insert_many(s, tables.tickets, [_ticket_values(one, now) for one in wanted])
    insert_many(s, tables.ticket_items, [values for one in wanted for values in _listed_values(one, standing)])
    put = [{"ticket_id": one.ticket_id, "kind": "publish", "created_at": now} for one in wanted]
    insert_many(s, tables.outbox, put)
    record_all(s, [change for one in wanted for change in _came_into_being(one)], now)
    _begin_work(s, wanted, standing, now)
    return get_tickets(s, [one.ticket_id for one in wanted])


def _came_into_being(one: Release) -> tuple[Change, Change]:
    return (
        Change("batch", one.batch_id, None, None, BatchState.RELEASED, {**one.told(), **_why(one.batch)}),
        Change("ticket", one.ticket_id, None, None, TicketState.RELEASED, one.told()),
    )


def _why(batch: NewBatch) -> dict[str, object]:
    """Return why a batch was released when it was, and what it costs, for whoever asks later."""
    latest = None if batch.latest_begin_at is None else batch.latest_begin_at.isoformat()
    return {"reason": batch.reason, "latest_begin_at": latest, "cost_parts": batch.cost_parts}


def _standing(s: Session, job_ids: list[str]) -> dict[str, Row[Any]]:
    found = {row.id: row for part in chunks(job_ids) for row in s.execute(_STANDING, {"jobs": part})}
    for job_id in job_ids:
        if job_id not in found:
            raise NotFoundError("job", job_id)
    return found


def _check_releasable(row: Row[Any]) -> None:
    if row.state is not JobState.WAITING:
        raise TransitionError("job", row.id, row.state, JobState.RELEASED)
    if row.ready_at is None:
        raise TransitionError("job", row.id, "waiting for the step before it", JobState.RELEASED)
    if row.order_state not in (OrderState.WAITING, OrderState.IN_PRODUCTION):
        raise TransitionError("job", row.id, f"of an order that is {row.order_state}", JobState.RELEASED)


def _ticket_values(one: Release, now: datetime) -> dict[str, object]:
    return {
        "id": one.ticket_id,
        "batch_id": one.batch_id,
        "station": one.batch.station,
        "sequence": one.sequence,
        "state": TicketState.RELEASED,
        "document": one.document,
        "rules_hash": one.rules_hash,
        "start_at": one.batch.start_at,
        "end_at": one.batch.end_at,
        "attempts": 0,
        "released_at": now,
    }


def _listed_values(one: Release, standing: Mapping[str, Row[Any]]) -> Iterator[dict[str, object]]:
    for job in one.batch.jobs:
        yield {
            "ticket_id": one.ticket_id,
            "job_id": job.job_id,
            "item_id": standing[job.job_id].item_id,
            **asdict(job.place),
            "check_code": one.check_codes[job.job_id],
            "live": True,
        }


def _batch_values(one: Release, now: datetime) -> dict[str, object]:
    batch = one.batch
    return {
        "id": one.batch_id,
        "station": batch.station,
        "process": batch.process,
        "fixture": batch.fixture,
        "setup_state": batch.setup_state,
        "changeover_s": batch.changeover_s,
        "rule": batch.rule,
        "family": batch.family,
        "state": BatchState.RELEASED,
        "start_at": batch.start_at,
        "end_at": batch.end_at,
        "due_at": batch.due_at,
        "fill": batch.fill,
        "jobs": len(batch.jobs),
        "reason": batch.reason,
        "cost_minor": batch.cost_minor,
        "plan_id": one.plan_id,
        "rules_hash": one.rules_hash,
        "released_at": now,
        "unattended_ok": batch.unattended_ok,
    }


def _begin_work(s: Session, wanted: Sequence[Release], standing: Mapping[str, Row[Any]], now: datetime) -> None:
    rows = [(standing[job.job_id], one.told()) for one in wanted for job in one.batch.jobs]
    move(s, JOB, [Subject(row.id, row.state, row.order_key, told) for row, told in rows], JobState.RELEASED, now)
    waiting = [row for row, _ in rows if row.item_state is ItemState.WAITING]
    move(
        s, ITEM, [Subject(row.item_id, row.item_state, row.order_key) for row in waiting], ItemState.IN_PRODUCTION, now
    )
    roll_up(s, {row.order_key for row in waiting}, now)
