"""How orders come to a simulated floor: straight in, unless somebody has another way for them."""

from datetime import timedelta
from typing import Protocol

from batcher.services.context import Floor
from batcher.services.intake import take_orders
from batcher.simulate.demand import Arrival


class Entrance(Protocol):
    """What stands between those who order and the floor."""

    @property
    def every(self) -> timedelta | None:
        """Return how long it is until the next turn; none: there is none."""

    @property
    def waiting(self) -> bool:
        """Tell whether orders have come that are not in yet."""

    def come(self, arrival: Arrival) -> None:
        """Have somebody order, at the moment of the arrival."""

    def turn(self) -> None:
        """Do what is done every so often."""

    def take_in(self) -> list[str]:
        """Have what came taken in; return the keys of the orders that are in since the last time, and not held."""


class StraightIn:
    """Takes orders in right before each plan."""

    def __init__(self, floor: Floor) -> None:
        self._floor = floor
        self._came: list[Arrival] = []

    @property
    def every(self) -> timedelta | None:
        """Return none: there is nothing beside orders."""
        return None

    @property
    def waiting(self) -> bool:
        """Tell whether orders have come that are not in yet."""
        return bool(self._came)

    def come(self, arrival: Arrival) -> None:
        """Keep an order for the next plan."""
        self._came.append(arrival)

    def turn(self) -> None:
        """Do nothing."""

    def take_in(self) -> list[str]:
        """Take in what came; return the keys of what is not held."""
        came, self._came = self._came, []
        taken = take_orders(self._floor, [arrival.document for arrival in came], "simulation") if came else []
        return [entry.key for entry in taken if entry.key and not entry.held_code]
