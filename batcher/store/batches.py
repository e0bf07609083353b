"""Plans, batches and tickets in the store, in one import: releasing, following and finishing them."""

from batcher.store.finish import Finished, finish_ticket
from batcher.store.plans import StoredPlan, get_plan, latest_plan, save_plan
from batcher.store.release import release
from batcher.store.ticket_queries import (
    TicketItem,
    batches,
    get_batch,
    get_ticket,
    live_tickets,
    ticket_items,
    tickets,
    tickets_of_job,
)
from batcher.store.ticket_steps import move_ticket, recall_unsent

__all__ = [
    "Finished",
    "StoredPlan",
    "TicketItem",
    "batches",
    "finish_ticket",
    "get_batch",
    "get_plan",
    "get_ticket",
    "latest_plan",
    "live_tickets",
    "move_ticket",
    "recall_unsent",
    "release",
    "save_plan",
    "ticket_items",
    "tickets",
    "tickets_of_job",
]
