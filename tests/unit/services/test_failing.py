"""Pieces that fail again and again: their orders are held, and let go by a person for one more try."""

from dataclasses import replace

import pytest
import structlog

from batcher.domain.batches import Ticket
from batcher.domain.orders import Order
from batcher.domain.states import StationState
from batcher.services import actions
from batcher.services.blanks import say_back
from batcher.services.context import Floor
from batcher.services.explain import why
from batcher.services.station_watch import watch_stations
from batcher.store import batches, orders, stations
from tests.builders_api import order, send_ticket
from tests.builders_floor import later, report, take


class Machine:
    """uv-1, given all that waits for it, one ticket after the other."""

    def __init__(self, floor: Floor) -> None:
        self.floor, self._sent = floor, 0

    def run(self, outcome: str = "done", *, failed: str = "", reason: str = "head strike") -> Ticket:
        """Run all that waits; a piece of the order `failed` fails, the others end as told."""
        self._sent += 1
        self.floor = later(self.floor, minutes=1)
        ident = send_ticket(self.floor, "uv-1", "uv-print", ticket_id=f"T{self._sent}")
        with self.floor.store.read() as session:
            ticket = batches.get_ticket(session, ident)
            listed = [item.item_id for item in batches.ticket_items(session, ident)]
            spoilt = {item.id for item in orders.items_by_id(session, listed).values() if item.order_key == failed}
        items = dict.fromkeys(spoilt, "failed")
        assert report(self.floor, ticket, outcome, items=items, reason=reason).outcome == "applied"
        return ticket

    def order(self, key: str) -> Order:
        with self.floor.store.read() as session:
            return orders.get_order(session, key)

    def good(self, name: str) -> None:
        """Take an order in that nothing is wrong with."""
        take(self.floor, order(name))


@pytest.fixture
def machine(floor: Floor) -> Machine:
    return Machine(floor)


def quarantined(floor: Floor) -> float | None:
    return floor.metrics.registry.get_sample_value("batcher_orders_quarantined")


def fail_three_times(machine: Machine) -> str:
    """Take an order in whose piece fails three times, beside others that are made."""
    (key,) = take(machine.floor, order("poison"))
    for number in range(3):
        assert machine.order(key).state != "held"
        machine.good(f"good-{number}")
        machine.run(failed=key)
    return key


def test_an_order_whose_piece_failed_three_times_is_held_with_what_happened_and_the_others_are_made(
    machine: Machine,
) -> None:
    with structlog.testing.capture_logs() as logged:
        key = fail_three_times(machine)
    held = machine.order(key)
    assert (held.state, held.held_code) == ("held", "keeps_failing")
    assert held.held_reason is not None
    assert "failed 3 times: at uv-1 (head strike), at uv-1 (head strike), at uv-1 (head strike)" in held.held_reason
    assert [line["order_key"] for line in logged if line["event"] == "order_keeps_failing"] == [key]
    assert quarantined(machine.floor) == 1
    assert "Held (keeps_failing)" in why(machine.floor, held).headline
    with machine.floor.store.read() as session:
        assert orders.open_work(session) == []


def test_every_failure_had_its_one_remake_with_the_reason_also_the_last(machine: Machine) -> None:
    key = fail_three_times(machine)
    with machine.floor.store.read() as session:
        remakes = [piece for piece in orders.items_of(session, key) if piece.remake_of is not None]
    assert [piece.remake_reason for piece in remakes] == ["head strike"] * 3
    assert len({piece.remake_of for piece in remakes}) == 3


def test_let_go_by_a_person_it_is_tried_once_more_and_held_again_when_it_fails(machine: Machine) -> None:
    key = fail_three_times(machine)
    due = machine.order(key).leave_by_at
    assert actions.release_order(machine.floor, key, "ann").state == "in_production"
    machine.good("beside")
    machine.run(failed=key)
    again = machine.order(key)
    assert (again.state, again.leave_by_at) == ("held", due)
    assert "failed 4 times" in (again.held_reason or "")
    actions.release_order(machine.floor, key, "ann")
    machine.run()
    with machine.floor.store.read() as session:
        assert [piece.state for piece in orders.items_of(session, key)][-1] == "made"


def test_a_station_that_makes_nothing_is_taken_down_and_holds_nobody(machine: Machine) -> None:
    (key,) = take(machine.floor, order("unlucky"))
    for _ in range(3):
        machine.run("failed")
    watch_stations(machine.floor, lambda _: True)
    with machine.floor.store.read() as session:
        assert stations.all_stations(session)["uv-1"].state is StationState.DOWN
    assert machine.order(key).state == "in_production"


def test_what_spoilt_whole_tickets_of_one_station_is_held_at_its_first_failure_when_another_works(
    machine: Machine,
) -> None:
    (key,) = take(machine.floor, order("poison"))
    for _ in range(3):
        machine.run("failed")
    watch_stations(machine.floor, lambda _: True)
    actions.set_station(machine.floor, "uv-1", up=True, reason="head cleaned", who="ann")
    machine.run("failed")
    assert machine.order(key).held_code == "keeps_failing"


def test_a_blank_that_is_not_there_is_no_failure_of_the_piece(machine: Machine) -> None:
    (key,) = take(machine.floor, order("blank"))
    for number in range(4):
        machine.good(f"good-{number}")
        machine.run(failed=key, reason="no_blank")
        say_back(machine.floor, "tin/natural", reason="found one", who="ann")
    assert machine.order(key).state == "in_production"


def test_0_holds_nobody(floor: Floor) -> None:
    machine = Machine(replace(floor, settings=floor.settings.model_copy(update={"hold_after": 0})))
    key = fail_three_times(machine)
    assert machine.order(key).state == "in_production"
    assert quarantined(floor) in (None, 0)
