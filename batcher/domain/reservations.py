"""
Room on the floor that is kept for an order still to come.

A value as it stands in the store; what it takes of the plan is `services.reserving`'s, what an order that names it is
promised `intake.reserved`'s.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from batcher.domain.orders import OrderIn

#: What the work of a reservation is called among orders in a plan, before its id.
RESERVATION_KEY = "reservation-"


class ReservationState(StrEnum):
    """What has become of a reservation; all but the first are its end."""

    STANDING = "standing"
    TAKEN = "taken"  #: by the order that named it
    EXPIRED = "expired"
    GIVEN_UP = "given_up"


@dataclass(frozen=True)
class Reservation:
    """
    One reservation.

    Parameters
    ----------
    order
        The work that is reserved, as an order; of its texts only the length is kept.
    leave_by_at
        The collection it is kept for.
    order_key
        Of the order that has taken it.
    """

    id: str
    source: str
    state: ReservationState
    order: OrderIn
    leave_by_at: datetime
    made_at: datetime
    expires_at: datetime
    order_key: str | None = None
    ended_at: datetime | None = None

    @property
    def key(self) -> str:
        """What its work is called among orders in a plan."""
        return RESERVATION_KEY + self.id

    def stands(self, now: datetime) -> bool:
        """Tell whether an order may still take it."""
        return self.state is ReservationState.STANDING and now < self.expires_at
