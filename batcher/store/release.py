"""A decided batch becomes fact: batch, ticket, its jobs and the outbox entry, in one unit of work."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, insert, select
from sqlmodel import Session

from batcher.domain.batches import NewBatch, Ticket
from batcher.domain.states import BatchState, ItemState, JobState, OrderState, TicketState
from batcher.errors import InvariantError, NotFoundError, TransitionError
from batcher.store import tables
from batcher.store.events import Change, record_all
from batcher.store.rollup import roll_up
from batcher.store.rows import chunks
from batcher.store.steps import ITEM, JOB, Subject, move
from batcher.store.ticket_queries import get_ticket, next_sequence

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
    """
    Release a batch to its station.

    Parameters
    ----------
    document
        Exactly what the station is told.
    check_codes
        The code on each piece, by job id.
    sequence
        Its place in the station's order, where it has one already; none: the next.

    Raises
    ------
    TransitionError
        When a job is not waiting, waits for the step before it, or belongs to an order that is held or cancelled.
    """
    if not batch.jobs or len({job.job_id for job in batch.jobs}) != len(batch.jobs):
        raise InvariantError(f"batch {batch_id} names no job, or one twice")
    standing = _standing(s, [job.job_id for job in batch.jobs])
    for row in standing.values():
        _check_releasable(row)
    s.execute(insert(tables.batches), _batch_values(batch, batch_id, plan_id, rules_hash, now))
    s.execute(
        insert(tables.tickets),
        {
            "id": ticket_id,
            "batch_id": batch_id,
            "station": batch.station,
            "sequence": next_sequence(s, batch.station) if sequence is None else sequence,
            "state": TicketState.RELEASED,
            "document": document,
            "rules_hash": rules_hash,
            "start_at": batch.start_at,
            "end_at": batch.end_at,
            "attempts": 0,
            "released_at": now,
        },
    )
    s.execute(
        insert(tables.ticket_items),
        [
            {
                "ticket_id": ticket_id,
                "job_id": job.job_id,
                "item_id": standing[job.job_id].item_id,
                **asdict(job.place),
                "check_code": check_codes[job.job_id],
                "live": True,
            }
            for job in batch.jobs
        ],
    )
    s.execute(insert(tables.outbox), {"ticket_id": ticket_id, "kind": "publish", "created_at": now})
    told = {"batch": batch_id, "ticket": ticket_id, "station": batch.station}
    record_all(
        s,
        [
            Change("batch", batch_id, None, None, BatchState.RELEASED, {**told, **_why(batch)}),
            Change("ticket", ticket_id, None, None, TicketState.RELEASED, told),
        ],
        now,
    )
    _begin_work(s, list(standing.values()), told, now)
    return get_ticket(s, ticket_id)


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


def _batch_values(batch: NewBatch, batch_id: str, plan_id: str, rules_hash: str, now: datetime) -> dict[str, object]:
    return {
        "id": batch_id,
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
        "plan_id": plan_id,
        "rules_hash": rules_hash,
        "released_at": now,
        "unattended_ok": batch.unattended_ok,
    }


def _begin_work(s: Session, rows: list[Row[Any]], told: dict[str, str], now: datetime) -> None:
    move(s, JOB, [Subject(row.id, row.state, row.order_key) for row in rows], JobState.RELEASED, now, data=told)
    waiting = [row for row in rows if row.item_state is ItemState.WAITING]
    move(
        s, ITEM, [Subject(row.item_id, row.item_state, row.order_key) for row in waiting], ItemState.IN_PRODUCTION, now
    )
    roll_up(s, {row.order_key for row in waiting}, now)
