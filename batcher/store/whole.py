"""Everything the store knows of orders and what became of them, for those who check or count it all."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlmodel import Session

from batcher.domain.batches import Batch
from batcher.domain.orders import Item, Job, Order
from batcher.store import tables
from batcher.store.rows import columns


@dataclass(frozen=True)
class Whole:
    """All orders, pieces, jobs and released batches, by id."""

    orders: list[Order]
    items: list[Item]
    jobs: list[Job]
    batches: list[Batch]


def read_whole(s: Session) -> Whole:
    """Return everything as it is at one moment."""
    orders, items, jobs, batches = tables.orders, tables.items, tables.jobs, tables.batches
    return Whole(
        orders=[Order(*row) for row in s.execute(select(*columns(orders, Order)).order_by(orders.c.key))],
        items=[Item(*row) for row in s.execute(select(*columns(items, Item)).order_by(items.c.id))],
        jobs=[Job(*row) for row in s.execute(select(*columns(jobs, Job)).order_by(jobs.c.id))],
        batches=[Batch(*row) for row in s.execute(select(*columns(batches, Batch)).order_by(batches.c.id))],
    )
