"""Back-pressure: no more orders are taken in than the floor has room for, and the sender is told to wait."""

import threading
import time
from collections.abc import Callable
from http import HTTPStatus

from batcher.api.problems import RequestError
from batcher.services.context import Floor
from batcher.store import orders

_COUNTED_S = 1.0
_WAIT_S = 60


class Backlog:
    """
    Counts the open orders, at most once a second.

    Parameters
    ----------
    monotonic
        Seconds of a clock that only goes forward.
    """

    def __init__(self, floor: Floor, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._floor, self._monotonic = floor, monotonic
        self._lock = threading.Lock()
        self._open, self._until = 0, 0.0

    def check(self) -> None:
        """
        Refuse when the floor has all the orders that it can look after.

        Raises
        ------
        RequestError
            ``backlog_full``: nothing was taken in, and later it will be.
        """
        with self._lock:
            if self._monotonic() >= self._until:
                with self._floor.store.read() as session:
                    self._open = orders.count_open(session)
                self._until = self._monotonic() + _COUNTED_S
            full = self._open >= self._floor.settings.max_open_orders
        if full:
            raise RequestError(
                HTTPStatus.SERVICE_UNAVAILABLE, "backlog_full", "there are too many open orders; send it again later",
                headers={"Retry-After": str(_WAIT_S)},
            )  # fmt: skip
