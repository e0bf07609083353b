"""Plans, batches and tickets in the store, in one import: releasing, following and finishing them."""

from batcher.store.finish import Finished, finish_ticket
from batcher.store.plans import StoredPlan, get_plan, latest_plan, save_plan
from batcher.store.release import release
from batcher.store.remaking import Scrapped, scrap_item
from batcher.store.ticket_queries import (
    LiveBatch,
    LiveJob,
    TicketItem,
    batches,
    begins_since,
    doubted,
    get_batch,
    get_ticket,
    last_ended,
    live_batches,
    live_jobs,
    live_tickets,
    next_sequence,
    sent_in_epoch,
    slips_since,
    ticket_items,
    ticket_of_batch,
    ticket_of_job,
    tickets,
)
from batcher.store.ticket_steps import move_ticket, recall_unsent

__all__ = [
    "Finished",
    "LiveBatch",
    "LiveJob",
    "Scrapped",
    "StoredPlan",
    "TicketItem",
    "batches",
    "begins_since",
    "doubted",
    "finish_ticket",
    "get_batch",
    "get_plan",
    "get_ticket",
    "last_ended",
    "latest_plan",
    "live_batches",
    "live_jobs",
    "live_tickets",
    "move_ticket",
    "next_sequence",
    "recall_unsent",
    "release",
    "save_plan",
    "scrap_item",
    "sent_in_epoch",
    "slips_since",
    "ticket_items",
    "ticket_of_batch",
    "ticket_of_job",
    "tickets",
]
