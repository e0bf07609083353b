"""The life of orders: held, let go, released, made, spoilt, packed, cancelled, in any order that comes to mind."""

from collections import Counter
from dataclasses import dataclass, field

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from batcher.domain.batches import StationReport
from batcher.domain.states import ItemState, JobState, TicketState
from batcher.errors import TransitionError
from batcher.services import actions
from batcher.services.reports import apply_report
from batcher.store import batches, orders
from batcher.store.whole import Whole
from tests.unit.lives.bench import LIVES, STATIONS, bench

NUMBERS = st.integers(0, 99)


@dataclass
class Known:
    """What the model knows of an order: its state, and how many of its pieces stand where."""

    state: str = "waiting"
    begun: bool = False
    pieces: Counter[str] = field(default_factory=Counter)  #: waiting, live, made or packed

    def follow_pieces(self) -> None:
        """Come to the state that the pieces make."""
        left = {where for where, count in self.pieces.items() if count}
        begun = "in_production" if self.begun else "waiting"
        self.state = "complete" if left == {"packed"} else begun


class OrderLife(RuleBasedStateMachine):
    """A few orders, whose pieces go on tickets one at a time."""

    @initialize()
    def begin(self) -> None:
        bench().begin()
        self.orders: dict[str, Known] = {}
        self.unsent: dict[str, str] = {}  #: tickets that have not left the house, and whose order each is of
        self.sent: dict[str, str] = {}
        self.count = 0

    def some(self, number: int) -> tuple[str, Known]:
        key = sorted(self.orders)[number % len(self.orders)]
        return key, self.orders[key]

    @precondition(lambda self: len(self.orders) < 3)
    @rule(pieces=st.integers(1, 3))
    def take(self, pieces: int) -> None:
        key = bench().order(f"A-{len(self.orders)}", pieces)
        self.orders[key] = Known(pieces=Counter(waiting=pieces))

    @precondition(lambda self: self.orders)
    @rule(number=NUMBERS)
    def hold(self, number: int) -> None:
        key, known = self.some(number)
        if known.state in ("waiting", "in_production"):
            actions.hold_order(bench().floor, key, "wait", "op")
            known.state = "held"
        else:
            with pytest.raises(TransitionError):
                actions.hold_order(bench().floor, key, "wait", "op")

    @precondition(lambda self: self.orders)
    @rule(number=NUMBERS)
    def let_go(self, number: int) -> None:
        key, known = self.some(number)
        if known.state == "held":
            actions.release_order(bench().floor, key, "op")
            known.follow_pieces()
        else:
            with pytest.raises(TransitionError):
                actions.release_order(bench().floor, key, "op")

    @precondition(lambda self: self.orders)
    @rule(number=NUMBERS, station=st.sampled_from(STATIONS))
    def release(self, number: int, station: str) -> None:
        key, known = self.some(number)
        job = next((job for job in bench().waiting() if job.order_key == key), None)
        assert (job is not None) == (known.pieces["waiting"] > 0)
        if job is None:
            return
        if known.state == "held":
            with pytest.raises(TransitionError):
                bench().release([job.id], station)
            return
        ticket = bench().release([job.id], station)
        self.unsent[ticket.id] = key
        known.state, known.begun = "in_production", True
        known.pieces += Counter(live=1)
        known.pieces["waiting"] -= 1

    @precondition(lambda self: self.unsent)
    @rule(number=NUMBERS)
    def send(self, number: int) -> None:
        ticket_id = sorted(self.unsent)[number % len(self.unsent)]
        with bench().floor.store.write() as session:
            for state in (TicketState.SENDING, TicketState.DELIVERED):
                batches.move_ticket(session, ticket_id, state, bench().floor.now())
        self.sent[ticket_id] = self.unsent.pop(ticket_id)

    @precondition(lambda self: self.sent)
    @rule(number=NUMBERS, good=st.booleans())
    def make(self, number: int, good: bool) -> None:
        ticket_id = sorted(self.sent)[number % len(self.sent)]
        known = self.orders[self.sent.pop(ticket_id)]
        with bench().floor.store.read() as session:
            station = batches.get_ticket(session, ticket_id).station
        self.count += 1
        kind = "done" if good else "failed"
        report = StationReport(f"r{self.count}", station, ticket_id, kind, bench().floor.now())
        assert apply_report(bench().floor, report).outcome == "applied"
        known.pieces["live"] -= 1
        if known.state != "cancelled":  # else nobody wants it, good or not
            known.pieces["made" if good else "waiting"] += 1

    @rule()
    def pack(self) -> None:
        bench().later()
        with bench().floor.store.write() as session:
            orders.pack_items(session, bench().floor.now(), 0)
        for known in self.orders.values():
            packed = known.pieces.pop("made", 0)
            known.pieces["packed"] += packed
            if packed and known.state != "held":
                known.follow_pieces()

    @precondition(lambda self: self.orders)
    @rule(number=NUMBERS)
    def cancel(self, number: int) -> None:
        key, known = self.some(number)
        if known.state == "complete":
            with pytest.raises(TransitionError):
                actions.cancel_order(bench().floor, key, "changed their mind", "op")
            return
        actions.cancel_order(bench().floor, key, "changed their mind", "op")
        if known.state == "cancelled":
            return  # told twice
        taken_back = [ticket_id for ticket_id, of in self.unsent.items() if of == key]
        for ticket_id in taken_back:
            del self.unsent[ticket_id]
        known.state = "cancelled"
        at_stations = known.pieces["live"] - len(taken_back)
        known.pieces = Counter(live=at_stations, packed=known.pieces["packed"])

    @invariant()
    def orders_stand_where_they_should(self) -> None:
        whole = bench().whole()
        assert {order.key: str(order.state) for order in whole.orders} == {k: o.state for k, o in self.orders.items()}
        assert _places(whole) == {key: +known.pieces for key, known in self.orders.items()}

    def teardown(self) -> None:
        assert bench().audit() == []


def _places(whole: Whole) -> dict[str, Counter[str]]:
    """Return how many pieces of each order stand where, as the store says."""
    jobs = {job.item_id: job.state for job in whole.jobs}
    found = {order.key: Counter[str]() for order in whole.orders}
    for item in whole.items:
        by_job = {JobState.WAITING: "waiting", JobState.RELEASED: "live"}.get(jobs[item.id])
        by_item = {ItemState.MADE: "made", ItemState.PACKED: "packed"}.get(item.state)
        where = by_job or by_item
        if where is not None:
            found[item.order_key][where] += 1
    return found


def test_the_life_of_orders() -> None:
    run_state_machine_as_test(OrderLife, settings=LIVES)
