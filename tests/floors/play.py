"""
One short floor: orders and cancellations come, tickets go, reports return, and things go wrong until they stop to.

Everything between is the daemon's own: intake, release, outbox, reports, packing, store. Then it must come to rest, and
is judged from outside, as the floors of `tests.crash` are.
"""

import json
import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry

from batcher.dispatch.outbox import send_pending
from batcher.domain.clock import SteppedClock
from batcher.domain.states import OrderState
from batcher.errors import BatcherError
from batcher.metrics import Metrics
from batcher.services import actions
from batcher.services.context import Floor, RulesBox
from batcher.services.intake import take_orders
from batcher.services.reports import apply_report
from batcher.settings import Settings
from batcher.store import migrate, orders, stations
from tests.crash.checker import judge
from tests.crash.life import RULES, SOURCE, do_request, release_waiting, rules
from tests.crash.world import Client, History
from tests.floors.faults import Luck, Station, UnsteadyDoor, UnsteadyStore

#: Where a floor may begin: an ordinary Monday, and the evenings before the clocks go back, and forward.
_BEGINS = (
    datetime(2026, 11, 23, 9, tzinfo=UTC),
    datetime(2026, 10, 24, 22, tzinfo=UTC),
    datetime(2026, 3, 28, 22, tzinfo=UTC),
)
_ORDERS, _TURNS, _MOST_TURNS = 6, 40, 400


def play(home: Path, seed: int, empty: bytes) -> list[str]:
    """
    Play a floor to its end; return what is wrong with it.

    Parameters
    ----------
    empty
        A database that has been brought up to date.
    """
    (home / "batcher.db").write_bytes(empty)
    settings = Settings(state_dir=home, rules=RULES, port=0)
    store = UnsteadyStore.open(settings.store_url, exclusive=True, durable=False)
    assert isinstance(store, UnsteadyStore)
    try:
        one = _Play(store, settings, random.Random(seed))
        one.live()
        rested = one.rest()
    finally:
        store.close()
    wrong = judge(one.history, home / "batcher.db").faults + migrate.check(settings.store_url)
    return wrong if rested else ["it did not come to rest", *wrong]


class _Play:
    def __init__(self, store: "UnsteadyStore", settings: Settings, chance: random.Random) -> None:
        self._luck, self.history = Luck(chance), History()
        self._begin = chance.choice(_BEGINS)
        self._clock = SteppedClock(self._begin)
        self._floor = Floor(
            store, RulesBox(rules(), self._clock.now()), Metrics(CollectorRegistry()), self._clock, settings
        )
        with store.write() as session:
            stations.ensure_stations(session, list(rules().stations), self._clock.now())
        self._client = Client(chance, self.history, _ORDERS)
        self._stations = {name: Station(name, self._luck, self.history) for name in rules().stations}
        self._doors = {name: UnsteadyDoor(partial(self._hand_over, name), self._clock.now) for name in self._stations}
        store.luck = self._luck
        for door in self._doors.values():
            door.luck = self._luck

    def live(self) -> None:
        """Take turns while things go wrong."""
        for _ in range(_TURNS):
            self._turn()
            jump = self._luck.strikes(0.05)
            self._clock.set(self._clock.now() + timedelta(hours=self._luck.chance.choice((-1, 1, 5)) if jump else 0))

    def rest(self) -> bool:
        """Take turns while nothing goes wrong; tell whether all orders came to an end."""
        self._luck.over = True
        for _ in range(_MOST_TURNS):
            self._turn()
            with self._floor.store.read() as session:
                if self._client.ended and not orders.open_orders(session):
                    return True
        return False

    def _turn(self) -> None:
        self._clock.set(self._clock.now() + timedelta(minutes=5))
        doings: list[Callable[[], object]] = [
            *(self._ask, self._ask, lambda: release_waiting(self._floor)),
            *(self._send, self._hear, self._pack, self._reload),
        ]
        self._luck.chance.shuffle(doings)
        for doing in doings:
            with suppress(BatcherError):  # a loop that fails tries again at its next turn
                doing()

    def _ask(self) -> None:
        line = self._client.next_request()
        if line is None:
            return
        try:
            answer = self._do(json.loads(line))
        except BatcherError as error:
            answer = {"outcome": "failed", "code": error.code}
        self._client.hear(json.dumps(answer).encode())

    def _do(self, request: dict[str, Any]) -> dict[str, Any]:
        if request["op"] != "order":
            return do_request(self._floor, request)
        document = request["document"] | {"placed_at": self._begin.isoformat()}
        (taken,) = take_orders(self._floor, [document], SOURCE)
        order = actions.find_order(self._floor, document["order_id"])
        if order.state is OrderState.HELD:  # too late in its evening: made all the same
            actions.release_order(self._floor, order.key, "client")
        return {"outcome": taken.outcome}

    def _send(self) -> None:
        send_pending(self._floor.store, self._doors, self._floor.now())

    def _hand_over(self, station: str, content: bytes, now: datetime) -> None:
        self._stations[station].take(json.loads(content), now)

    def _hear(self) -> None:
        now = self._floor.now()
        for station in self._stations.values():
            for report in station.due(now):
                try:
                    apply_report(self._floor, report)
                except BatcherError:
                    station.tell_again(report, now)

    def _pack(self) -> None:
        with self._floor.store.write() as session:
            orders.pack_items(session, self._floor.now(), 0)

    def _reload(self) -> None:
        if self._luck.strikes(0.1):
            self._floor.rules.swap(replace(rules()), self._floor.now())
