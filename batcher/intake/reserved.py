"""
What an order is promised that names a reservation: the collection that was kept for it, if it asks for no more.

Which reservations stand is read by `accept`, in the commit that keeps the order and ends the reservation.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from batcher.domain.orders import OrderIn, OrderLine
from batcher.domain.reservations import Reservation
from batcher.store.orders import Held, NewOrder

#: An order is held for it that comes too late for its service, and not for a collection that was kept for it.
_TOO_LATE = "service_impossible"


@dataclass(frozen=True)
class Claim:
    """An order with what its reservation made of it: which it takes, if any, and what is told to its sender."""

    new: NewOrder
    takes: Reservation | None = None
    message: str = ""


def claims(new: Iterable[NewOrder], standing: Mapping[str, Reservation]) -> list[Claim]:
    """Return each order with what it takes; of several that name one reservation the first has it."""
    left = dict(standing)
    found = []
    for entry in new:
        claim = _claim(entry, left.get(entry.order.reservation))
        if claim.takes is not None:
            del left[claim.takes.id]
        found.append(claim)
    return found


def _claim(new: NewOrder, reservation: Reservation | None) -> Claim:
    order = new.order
    if not order.reservation:
        return Claim(new)
    if reservation is None or reservation.source != order.source:
        return Claim(new, message="its reservation does not stand any more; it was judged as if it had none")
    if not covers(reservation.order, order):
        told = "it asks for more than was reserved, or another service; it was judged as if it had no reservation"
        return Claim(new, message=told)
    return Claim(_promised(new, reservation), reservation)


def covers(reserved: OrderIn, order: OrderIn) -> bool:
    """Tell whether an order asks for the reserved service, and for no piece that was not reserved."""
    return order.service == reserved.service and _pieces(order.lines) <= _pieces(reserved.lines)


def _pieces(lines: Iterable[OrderLine]) -> Counter[str]:
    pieces: Counter[str] = Counter()
    for line in lines:
        pieces[line.sku] += line.quantity
    return pieces


def _promised(new: NewOrder, reservation: Reservation) -> NewOrder:
    how = f"{new.order.service}: reserved as {reservation.id}; {new.promise.how}"
    promised = replace(new.promise, leave_by_at=reservation.leave_by_at, how=how, possible=True)
    held: Held | None = None if new.held is not None and new.held.code == _TOO_LATE else new.held
    return replace(new, promise=promised, held=held)
