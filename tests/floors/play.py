"""
One short floor: orders and cancellations come, tickets go, reports return, and things go wrong until they stop to.

Everything between is the daemon's own: intake, planning, release, outbox, reports, packing, store. Then it must come to
rest, and is judged from outside, as the floors of `tests.crash` are.
"""

import json
import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry

from batcher.dispatch.outbox import send_pending
from batcher.domain.clock import SteppedClock
from batcher.domain.states import OrderState, TicketState
from batcher.errors import BatcherError
from batcher.metrics import Metrics
from batcher.planning.plan import PlanResult
from batcher.planning.problem import Problem
from batcher.planning.quick import quick_plan
from batcher.rules.ruleset import RuleSet
from batcher.services import actions
from batcher.services.context import Floor, RulesBox
from batcher.services.cycle import plan_cycle
from batcher.services.doubt import doubt_folder, resolve_ticket, tell_doubt
from batcher.services.releasing import release_due
from batcher.services.reports import apply_report
from batcher.settings import Settings
from batcher.store import batches, migrate, orders, stations
from tests.builders_floor import made_by
from tests.builders_store import clear_tables, open_orders
from tests.crash.checker import judge
from tests.crash.life import RULES, do_request, rules
from tests.crash.world import Client, History
from tests.floors.faults import Luck, UnsteadyDoor, UnsteadyStore
from tests.floors.station import Station

#: Where a floor may begin: an ordinary Monday, and the evenings before the clocks go back, and forward.
_BEGINS = (
    datetime(2026, 11, 23, 9, tzinfo=UTC),
    datetime(2026, 10, 24, 22, tzinfo=UTC),
    datetime(2026, 3, 28, 22, tzinfo=UTC),
)
_ORDERS, _TURNS, _MOST_TURNS = 5, 20, 400
_LOST = "its folder was another one"


@dataclass(frozen=True)
class Played:
    """What is wrong with a floor, and what was done to it."""

    wrong: list[str]
    struck: Counter[str]


@dataclass
class Ground:
    """One database in which floors follow each other, each on empty tables: what SQL costs to compile is paid once."""

    home: Path
    store: UnsteadyStore = field(init=False)

    def __post_init__(self) -> None:
        migrate.upgrade(self.settings.store_url)
        store = UnsteadyStore.open(self.settings.store_url, exclusive=True, durable=False)
        assert isinstance(store, UnsteadyStore)
        self.store = store

    @cached_property
    def settings(self) -> Settings:
        return Settings(state_dir=self.home, rules=RULES, port=0)


@contextmanager
def opened_ground(home: Path) -> Iterator[Ground]:
    """Open an empty database for floors."""
    ground = Ground(home)
    try:
        yield ground
    finally:
        ground.store.close()


def play(ground: Ground, seed: int) -> Played:
    """Play a floor to its end."""
    ground.store.luck = Luck(random.Random(0), over=True)
    with ground.store.write() as session:
        clear_tables(session)
    one = _Play(ground.store, ground.settings, random.Random(seed))
    one.live()
    rested = one.rest()
    wrong = judge(one.history, ground.home / "batcher.db").faults + migrate.check(ground.settings.store_url)
    return Played(wrong if rested else ["it did not come to rest", *wrong], one.luck.struck)


class _Play:
    def __init__(self, store: UnsteadyStore, settings: Settings, chance: random.Random) -> None:
        self.luck, self.history = Luck(chance), History()
        begin = chance.choice(_BEGINS)
        self._clock = SteppedClock(begin)
        self._floor = Floor(store, RulesBox(rules(), begin), Metrics(CollectorRegistry()), self._clock, settings)
        with store.write() as session:
            stations.ensure_stations(session, list(rules().stations), begin)
        self._client = Client(chance, self.history)
        self._client.plan_orders(_ORDERS, begin)
        self._stations = {name: Station(name, self.luck, self.history) for name in rules().stations}
        self._doors = {name: UnsteadyDoor(partial(self._hand_over, name), self._clock.now) for name in self._stations}
        store.luck = self.luck
        for door in self._doors.values():
            door.luck, door.meanwhile = self.luck, self._ask

    def live(self) -> None:
        """Take turns while things go wrong."""
        for _ in range(_TURNS):
            self._turn()
            if self.luck.strikes(0.05, "the clock jumped"):
                self._clock.set(self._clock.now() + timedelta(hours=self.luck.chance.choice((-1, 1, 5))))

    def rest(self) -> bool:
        """Take turns while nothing goes wrong, and somebody looks; tell whether all orders came to an end."""
        self.luck.over = True
        for _ in range(_MOST_TURNS):
            self._resolve()
            self._let_go()
            self._turn()
            with self._floor.store.read() as session:
                if self._client.ended and not open_orders(session):
                    return True
        return False

    def _turn(self) -> None:
        self._clock.set(self._clock.now() + timedelta(minutes=5))
        doings: list[Callable[[], object]] = [
            *(self._ask, self._ask, self._plan, lambda: release_due(self._floor)),
            *(self._send, self._hear, self._pack, self._reload, self._lose_folder),
        ]
        self.luck.chance.shuffle(doings)
        for doing in doings:
            with suppress(BatcherError):  # a loop that fails tries again at its next turn
                doing()

    def _ask(self) -> None:
        line = self._client.next_request()
        if line is None:
            return
        try:
            answer = do_request(self._floor, json.loads(line))
        except BatcherError as error:
            answer = {"outcome": "failed", "code": error.code}
        self._client.hear(json.dumps(answer).encode())

    def _plan(self) -> None:
        if self._floor.replan.is_set() or self.luck.chance.random() < 0.3:
            plan_cycle(self._floor, made_by(self._floor, self._solve))

    def _solve(self, problem: Problem, **_: Any) -> PlanResult:
        """Plan; what others do meanwhile overtakes the plan."""
        if self.luck.strikes(0.1, "the rules reloaded mid-cycle"):
            self._floor.rules.swap(_others(self._floor.rules.current), self._floor.now())
        if self.luck.strikes(0.1, "asked mid-cycle"):
            self._ask()
        return quick_plan(problem)

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
        if self.luck.strikes(0.05, "the rules reloaded"):
            self._floor.rules.swap(_others(self._floor.rules.current), self._floor.now())
            self._floor.replan.set()

    def _lose_folder(self) -> None:
        """Find a station's folder to be another one: what was on its way, or lay there, is in doubt."""
        if not self.luck.strikes(0.04, "a station's folder lost"):
            return
        name = self.luck.chance.choice(sorted(self._stations))
        with self._floor.store.write() as session:
            doubted = doubt_folder(session, name, _LOST, self._floor.now())
        tell_doubt(self._floor, name, doubted, _LOST)

    def _let_go(self) -> None:
        """Have somebody look at orders whose pieces kept failing, and let them go."""
        with self._floor.store.read() as session:
            held = orders.list_orders(session, states=(OrderState.HELD,), limit=_ORDERS)
        for order in held:
            actions.release_order(self._floor, order.key, "op")

    def _resolve(self) -> None:
        """Have somebody look at tickets in doubt; of some that were made, the station tells first."""
        with self._floor.store.read() as session:
            found = batches.tickets(session, states=(TicketState.IN_DOUBT,))
        for ticket in found:
            all_good = self._stations[ticket.station].made.get(ticket.id)
            if all_good is None:
                self._doors[ticket.station].discard(ticket.id)
                resolve_ticket(self._floor, ticket.id, made=False, reason="not there", who="op")
            elif all_good and self.luck.chance.random() < 0.5:
                resolve_ticket(self._floor, ticket.id, made=True, reason="lies there", who="op")


def _others(rules_now: RuleSet) -> RuleSet:
    """Return rules under which no plan of those in force may be released."""
    return replace(rules(), hash="others") if rules_now.hash == rules().hash else rules()
