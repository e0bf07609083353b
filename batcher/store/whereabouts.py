"""Where the jobs of an order, or of a piece, are or were last: the ticket of each, its batch, station and times."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlmodel import Session

from batcher.store import tables


@dataclass(frozen=True)
class Whereabouts:
    """The ticket that a job is on, or was on last."""

    job_id: str
    ticket_id: str
    batch_id: str
    station: str
    start_at: datetime
    end_at: datetime
    live: bool


def whereabouts(s: Session, order_key: str) -> dict[str, Whereabouts]:
    """Return where the jobs of an order are, by job; those that were never released are not there."""
    listed, tickets, jobs = tables.ticket_items, tables.tickets, tables.jobs
    found = s.execute(
        select(
            listed.c.job_id,
            tickets.c.id,
            tickets.c.batch_id,
            tickets.c.station,
            tickets.c.start_at,
            tickets.c.end_at,
            listed.c.live,
        )
        .join_from(listed, tickets, tickets.c.id == listed.c.ticket_id)
        .join(jobs, jobs.c.id == listed.c.job_id)
        .where(jobs.c.order_key == order_key)
        .order_by(listed.c.live, tickets.c.released_at, tickets.c.id)
    )
    return {row[0]: Whereabouts(*row) for row in found}
