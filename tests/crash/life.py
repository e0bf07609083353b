"""
One life of the daemon's core, in a fork: from its start to the last piece that is made.

Started as the daemon starts: rules read, database brought up to date, lead taken. Then intake, planning, release,
hand-over, reports, packing and reloads, all of them the daemon's own on a real database and real folders, one after
another in one thread. What is left out of planning is the search in processes of its own: a plan is the quick one.
Requests come in and answers go out as lines, over two pipes.
"""

import json
import os
import select
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from batcher.daemon.main import open_floor
from batcher.daemon.notify import take_notifier
from batcher.daemon.reload import reload_rules
from batcher.domain.clock import SteppedClock
from batcher.domain.states import OrderState
from batcher.errors import BatcherError
from batcher.rules.ruleset import RuleSet
from batcher.rules.schema import load_rules
from batcher.services import actions
from batcher.services.context import Floor
from batcher.services.dispatching import StationDoors
from batcher.services.dropping import OrderDrop
from batcher.services.housekeeping import housekeep
from batcher.services.intake import take_orders
from batcher.services.outlook_watch import watch_outlooks
from batcher.services.releasing import release_due
from batcher.services.safe_mode import look_for_restore
from batcher.settings import Settings
from batcher.store import events, migrate
from tests.builders_floor import plan_at_once
from tests.builders_store import open_orders
from tests.crash.faults import part

RULES = Path(__file__).with_name("rules")
MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
SOURCE = "shop"
_TURN, _LIFE = timedelta(minutes=2), timedelta(hours=3)
#: A plan is made, and the house is kept, every so many turns; a plan also when something has happened.
_SELDOM = 3
#: So long a turn waits for requests when it had nothing to do.
_IDLE_S = 0.005


@cache
def rules() -> RuleSet:
    return load_rules(RULES, catalogue=None)


@dataclass(frozen=True)
class Home:
    """A daemon's folders, and which of the lives in it this is."""

    path: Path
    life: int = 0

    @property
    def database(self) -> Path:
        return self.path / "batcher.db"

    @property
    def rules(self) -> Path:
        return self.path / "rules"

    @property
    def log(self) -> Path:
        return self.path / "daemon.log"

    @property
    def begins_at(self) -> datetime:
        """The floor's time at which this life begins; later than any of the life before."""
        return MONDAY + _LIFE * self.life

    def settings(self) -> Settings:
        # nobody is there who would let go of an order that was held because its pieces keep failing
        return Settings(state_dir=self.path, rules=self.rules, port=0, catalogue=None, hold_after=0)

    def create(self) -> None:
        self.path.mkdir()
        shutil.copytree(RULES, self.rules)


def live(home: Home, requests: int, answers: int) -> None:
    """Live until there is nothing left to do and no request will come any more."""
    settings, clock = home.settings(), SteppedClock(home.begins_at)
    with part("migration"):
        migrate.upgrade(settings.store_url)
    with part("start"):
        one = _Life(open_floor(settings, clock, take_notifier()))
    inbox = _Inbox(requests)
    while not (inbox.ended and one.is_done()):
        for request in inbox.read(_IDLE_S):
            answer = json.dumps(one.answer(request)).encode() + b"\n"
            with part(request["op"]):
                os.write(answers, answer)
        clock.set(clock.now() + _TURN)
        one.turn()
    one.floor.store.close()


class _Life:
    """The daemon's loops, turned by hand."""

    def __init__(self, floor: Floor) -> None:
        self.floor, self._drop, self._turns = floor, OrderDrop(floor), 0
        self._open_doors()
        look_for_restore(floor)
        assert floor.safe.mode is None, floor.safe.mode

    def _open_doors(self) -> None:
        self._doors = StationDoors(self.floor)
        self._doors.open()

    def turn(self) -> None:
        """Turn every loop once; one that fails tries again at its next turn."""
        turns: list[tuple[str, Callable[[], object]]] = [
            ("order file", self._drop.poll),
            ("reports", self._doors.read),
            ("plan commit", self._plan),
            ("release", lambda: release_due(self.floor)),
            ("publish", self._doors.send),
            ("packing", self._pack),
        ]
        for name, turn in turns:
            with part(name), suppress(BatcherError):
                turn()

    def _plan(self) -> None:
        self._turns += 1
        if self.floor.replan.is_set() or self._turns % _SELDOM == 0:
            plan_at_once(self.floor)

    def _pack(self) -> None:
        if self._turns % _SELDOM == 0:
            housekeep(self.floor)
            watch_outlooks(self.floor)

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """Do what is wanted; when this returns it is committed, or was refused."""
        with part(request["op"]):
            try:
                return self._reload() if request["op"] == "reload" else do_request(self.floor, request)
            except BatcherError as error:
                return {"outcome": "failed", "code": error.code}

    def _reload(self) -> dict[str, Any]:
        in_force = reload_rules(self.floor)
        if in_force:
            self._open_doors()
        return {"outcome": "in force" if in_force else "failed"}

    def is_done(self) -> bool:
        with suppress(BatcherError), self.floor.store.read() as session:
            return not open_orders(session)
        return False


class _Inbox:
    """Lines from a pipe, as far as they are there."""

    def __init__(self, fd: int) -> None:
        self._fd, self._rest, self.ended = fd, b"", False

    def read(self, wait_s: float) -> list[dict[str, Any]]:
        """Return what has come, at once or, if nothing has, after waiting for it so long."""
        select.select([] if self.ended else [self._fd], [], [], wait_s)
        while not self.ended and select.select([self._fd], [], [], 0)[0]:
            got = os.read(self._fd, 65536)
            self.ended, self._rest = not got, self._rest + got
        *lines, self._rest = self._rest.split(b"\n")
        return [json.loads(line) for line in lines]


def do_request(floor: Floor, request: dict[str, Any]) -> dict[str, Any]:
    """Take an order in, or cancel one."""
    if request["op"] == "intake":
        (taken,) = take_orders(floor, [request["document"]], SOURCE)
        return {"outcome": taken.outcome, "held": taken.held_code}
    order = actions.find_order(floor, request["order_id"])
    if order.state is OrderState.COMPLETE:
        return {"outcome": "too_late"}
    if order.state is not OrderState.CANCELLED:
        actions.cancel_order(floor, order.key, "changed their mind", "client")
    with floor.store.read() as session:
        told = events.events_of(session, ident=order.key)
    return {"outcome": "cancelled", "recall": next(e.data["recall"] for e in told if e.after == "cancelled")}
