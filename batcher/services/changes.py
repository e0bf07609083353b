"""An order changed by whoever sent it, while it is still possible: checked whole, judged anew, and planned anew."""

from collections.abc import Mapping

import structlog

from batcher.domain.orders import Order
from batcher.intake.accept import judge
from batcher.intake.changes import changed_order
from batcher.services.context import Floor
from batcher.services.intake import order_reader
from batcher.store import orders
from batcher.store.orders import NewOrder

log = structlog.get_logger()


def change_order(floor: Floor, key: str, change: object, *, version: int | None, who: str) -> Order:
    """
    Change an order, all of the change or nothing.

    Parameters
    ----------
    version
        What the sender has seen; none: the command line, where a person looks at it.

    Raises
    ------
    OrderRejectedError
        The change, or what would come of it, has faults.
    VersionError
        It was changed since it was seen.
    TooLateError
        Work on it has begun.
    """
    rules, now = floor.rules.current, floor.now()
    with floor.store.write() as session:
        before = orders.order_content(session, key)
        wanted = changed_order(before, change, order_reader(floor, before.source))
        judged = judge(rules, wanted, now)
        new = NewOrder(wanted, judged.promise, judged.pieces, judged.held)
        # names only: what is changed may be somebody's name
        told = {"who": who, "changed": sorted(change) if isinstance(change, Mapping) else []}
        order = orders.change_order(session, key, new, now, version=version, told=told)
    floor.replan.set()
    log.info("order_changed", order_key=key, order_id=order.order_id, who=who, fields=told["changed"])
    return order
