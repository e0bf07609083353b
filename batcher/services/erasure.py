"""
Personal texts forgotten: of one order when somebody asks, of all that are over when their time has come.

Out of the database and its log, the order files beside the drop folder, and the papers left beside tickets. What was
handed to a station lies with the station; backups are forgotten with their own age.
"""

import time
from collections.abc import Sequence
from datetime import timedelta

import structlog

from batcher.domain.orders import Order
from batcher.intake.forgetting import forget_older, forget_order
from batcher.services.artwork import artwork_dir, stored_file
from batcher.services.context import Floor
from batcher.services.printing import forget_older_papers, forget_papers
from batcher.store import erasure, orders

log = structlog.get_logger()

#: Orders forgotten in one turn of housekeeping: a write lasts well under a second.
_AT_ONCE = 200


def erase_order(floor: Floor, key: str, who: str) -> Order:
    """
    Forget whose an order was and what stood on it, everywhere it was kept, now.

    Raises
    ------
    ConflictError
        When it is not over: what is still to be made needs its text.
    """
    with floor.store.write() as session:
        unused = erasure.erase_order(session, key, floor.now(), who)
        order = orders.get_order(session, key)
    _remove_artwork(floor, unused)
    files = forget_order(floor.settings.orders_dir, order.order_id) + forget_papers(floor, key)
    floor.store.compact()
    log.info("order_erased", order_key=key, order_id=order.order_id, who=who, files=len(files))
    return order


def forget_old(floor: Floor) -> int:
    """Forget the texts of orders that have been over for long enough, some at a time; return of how many."""
    kept = timedelta(days=floor.settings.personal_days)
    with floor.store.read() as session:
        keys = erasure.erasable_orders(session, floor.now() - kept, _AT_ONCE)
    if keys:
        with floor.store.write() as session:
            unused = erasure.erase_orders(session, keys, floor.now(), "retention")
        _remove_artwork(floor, unused)
        floor.store.checkpoint()
        log.info("orders_forgotten", count=len(keys))
    # files have the system's time, whatever the floor's clock says
    before_s = time.time() - kept.total_seconds()
    forget_older(floor.settings.orders_dir, before_s)
    forget_older_papers(floor, before_s)
    return len(keys)


def _remove_artwork(floor: Floor, files: Sequence[str]) -> None:
    for name in files:
        stored_file(artwork_dir(floor.settings.state_dir), name).unlink(missing_ok=True)
