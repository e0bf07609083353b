"""Orders in the store, in one import: taking them in, reading them, and what is done to them."""

from batcher.store.cancel import Cancelled, Recall, cancel_order, recalls
from batcher.store.order_changes import change_order
from batcher.store.order_intake import (
    Added,
    Held,
    NewOrder,
    NewPiece,
    add_order,
    add_orders,
    replace_pieces,
    seen_orders,
)
from batcher.store.order_lists import OrderFilter, count_open, find_page, list_orders
from batcher.store.order_queries import (
    count_held,
    find_orders,
    get_order,
    items_by_id,
    items_of,
    jobs_of,
    made_at_by_order,
    oldest_waiting_at,
    open_orders,
    open_work,
    order_content,
    orders_by_state,
    sku_of_jobs,
    work_of,
    work_since,
)
from batcher.store.order_steps import hold_order, pack_items, release_order
from batcher.store.whereabouts import Whereabouts, whereabouts

__all__ = [
    "Added",
    "Cancelled",
    "Held",
    "NewOrder",
    "NewPiece",
    "OrderFilter",
    "Recall",
    "Whereabouts",
    "add_order",
    "add_orders",
    "cancel_order",
    "change_order",
    "count_held",
    "count_open",
    "find_orders",
    "find_page",
    "get_order",
    "hold_order",
    "items_by_id",
    "items_of",
    "jobs_of",
    "list_orders",
    "made_at_by_order",
    "oldest_waiting_at",
    "open_orders",
    "open_work",
    "order_content",
    "orders_by_state",
    "pack_items",
    "recalls",
    "release_order",
    "replace_pieces",
    "seen_orders",
    "sku_of_jobs",
    "whereabouts",
    "work_of",
    "work_since",
]
