"""
Shops that are polled: what they have sold, page by page, and what they were told was taken.

What was not taken they show again, however old it is: also what they were told of and forgot, having said that all was
well.
"""

import random
import threading
import time
from collections.abc import Mapping
from typing import Any

from tests.builders_sources import Asked, Said

_PAGE = 50
#: Longer than a source waits for an answer.
_TOO_SLOW_S = 1.5


class SteadyShop:
    """Hands out what it has sold from a number on, and before it what was not taken; never twice on one page."""

    def __init__(self) -> None:
        self.sold: dict[str, dict[str, Any]] = {}
        self.taken: set[str] = set()
        self._list: list[dict[str, Any]] = []
        self._lock = threading.Lock()

    @property
    def open(self) -> bool:
        """Tell whether something it has sold was not taken yet."""
        return len(self.taken) < len(self.sold)

    def sell(self, document: Mapping[str, Any]) -> None:
        """Put an order on the list."""
        ident = str(document["order_id"])
        order = {"id": ident, "number": len(self._list) + 1, "at": document["placed_at"]}
        order |= {name: document[name] for name in ("service", "tier", "channel", "country", "lines")}
        with self._lock:
            self.sold[ident] = dict(document)
            self._list.append(order)

    def answer(self, asked: Asked) -> Said:
        """Answer the floor."""
        if asked.method == "POST":
            with self._lock:
                self.taken.add(asked.path.rpartition("/")[2])
            return Said({})
        return Said({"orders": self._page(asked)})

    def _page(self, asked: Asked) -> list[dict[str, Any]]:
        first = int(asked.query.get("from", "1"))
        at = (int(asked.query.get("page", "1")) - 1) * _PAGE
        with self._lock:
            shown = [order for order in self._list if order["number"] >= first or order["id"] not in self.taken]
        return shown[at : at + _PAGE]


class FaultyShop(SteadyShop):
    """One that is slow, down, lies, shows orders twice, or the same page for ever; every fourth answer is such."""

    def __init__(self, luck: random.Random) -> None:
        super().__init__()
        self._luck = luck
        self.failed = 0

    def answer(self, asked: Asked) -> Said:
        """Answer the floor, or fail to."""
        if self._luck.random() >= 0.25:
            return super().answer(asked)
        self.failed += 1
        return self._luck.choices(
            (self._slow, self._same_page, self._twice, self._down),
            (1, 4, 4, 16),
        )[0](asked)

    def _slow(self, asked: Asked) -> Said:
        time.sleep(_TOO_SLOW_S)  # the fault itself: nobody waits so long
        return super().answer(asked)

    def _same_page(self, asked: Asked) -> Said:
        with self._lock:
            return Said({"orders": self._list[:_PAGE]})

    def _twice(self, asked: Asked) -> Said:
        said = super().answer(asked)
        return said if asked.method == "POST" else Said({"orders": [*said.content["orders"], *said.content["orders"]]})

    def _down(self, _: Asked) -> Said:
        return self._luck.choice(
            [Said(status=500), Said(status=429, headers={"Retry-After": "30"}), Said(b"<html>busy</html>"),
             Said({"orders": "?"}), Said(status=302), Said(b'{"orders"', headers={"Content-Length": "99"})]
        )  # fmt: skip
