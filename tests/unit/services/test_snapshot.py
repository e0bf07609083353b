"""What the planner is told of the queue, on the shipped rules."""

from dataclasses import replace
from datetime import timedelta

from batcher.domain.states import TicketState
from batcher.planning.problem import Problem
from batcher.rules.batch_rules import BatchRule, Mix
from batcher.services.context import Floor
from batcher.services.cycle import plan_cycle
from batcher.services.queue import read_snapshot
from batcher.services.releasing import release_due
from batcher.services.snapshot import Snapshot
from batcher.store import batches, orders
from tests.builders_api import NOW
from tests.builders_floor import at, later, order_document, report, send, take


def snapshot(floor: Floor) -> Snapshot:
    return read_snapshot(floor, floor.rules.current)


def with_rule(floor: Floor, rule: BatchRule) -> None:
    rules = floor.rules.current
    floor.rules.swap(replace(rules, batch_rules=(rule, *rules.batch_rules)), NOW)


def last_rule(floor: Floor) -> BatchRule:
    return floor.rules.current.batch_rules[-1]


def planned(floor: Floor) -> Problem:
    return snapshot(floor).problem


def test_products_and_finishes_do_not_share_a_jig_but_colours_share_a_sheet(floor: Floor) -> None:
    catalogue = floor.rules.current.catalogue
    tins = [sku for sku, entry in catalogue.items() if entry.product == "tin"]
    mugs = [sku for sku, entry in catalogue.items() if entry.product == "mug"]
    take(floor, *(order_document(sku) for sku in (*tins, *mugs)))
    finishes = {catalogue[sku].finish for sku in tins}
    families = [family.id for family in planned(floor).families]
    assert len([f for f in families if "/tin-jig/" in f]) == len(finishes)
    assert len([f for f in families if "sublimation-sheet" in f]) == 1


def test_the_due_of_an_order_leaves_time_to_rest_and_to_pack(floor: Floor) -> None:
    mug = next(sku for sku, entry in floor.rules.current.catalogue.items() if entry.product == "mug")
    (key,) = take(floor, order_document(mug))
    with floor.store.read() as session:
        leave_by = orders.get_order(session, key).leave_by_at
    found = snapshot(floor)
    (order,) = found.problem.orders
    rest = floor.rules.current.products["mug"].route[-1].rest_s
    assert order.due == (leave_by - found.at).total_seconds() - rest - floor.rules.current.site.pack_s


def test_an_order_that_is_late_already_is_due_now(floor: Floor) -> None:
    take(floor, order_document())
    (order,) = planned(later(floor, days=4)).orders
    assert order.due == 0


def test_a_second_step_waits_for_the_first_and_its_rest(floor: Floor) -> None:
    bag = next(sku for sku, entry in floor.rules.current.catalogue.items() if entry.product == "bag")
    take(floor, order_document(bag))
    first, second = planned(floor).jobs
    assert [(link.job, link.lag) for link in second.after] == [
        (first.id, floor.rules.current.products["bag"].route[0].rest_s)
    ]


def test_a_second_step_whose_first_is_at_a_station_is_released_when_that_should_end(floor: Floor) -> None:
    bag = next(sku for sku, entry in floor.rules.current.catalogue.items() if entry.product == "bag")
    take(floor, order_document(bag))
    plan = plan_cycle(floor)
    begin = at(floor, plan.snapshot.at + timedelta(seconds=min(plan.latest_begin.values())))
    (ticket,) = release_due(begin)
    found = snapshot(begin)
    (press,) = found.problem.jobs
    rest = floor.rules.current.products["bag"].route[0].rest_s
    assert press.after == ()
    assert abs(press.release - ((ticket.end_at - found.at).total_seconds() + rest)) <= 2


def test_a_station_is_planned_from_the_end_of_its_live_tickets_in_their_setup(floor: Floor) -> None:
    take(floor, *(order_document() for _ in range(15)))
    plan_cycle(floor)
    (ticket,) = release_due(floor)
    send(floor)
    report(floor, ticket, "running")
    found = snapshot(later(floor, minutes=2))
    station = next(s for s in found.problem.stations if s.id == ticket.station)
    run = (ticket.end_at - ticket.start_at).total_seconds()
    assert abs(station.windows[0][0] - (run - 120)) <= 2
    assert station.state == "uv-print:tin-jig"
    with floor.store.read() as session:
        assert batches.get_ticket(session, ticket.id).state is TicketState.RUNNING


def test_a_mix_rule_bounds_the_kinds_in_a_batch(floor: Floor) -> None:
    with_rule(floor, replace(last_rule(floor), id="few-skus", equal=(), mix=Mix("sku", 2)))
    take(floor, order_document())
    problem = planned(floor)
    assert problem.families[0].modes[0].max_kinds == 2
    assert problem.jobs[0].kind == "TIN-CAK-NATURAL-01"


def test_whole_orders_are_one_group_unless_they_are_too_large_for_a_batch(floor: Floor) -> None:
    with_rule(floor, replace(last_rule(floor), id="whole", whole_orders=True))
    take(floor, order_document(quantity=3), order_document(quantity=16))
    groups = [job.group for job in planned(floor).jobs]
    assert len({group for group in groups if group is not None}) == 1
    assert groups.count(None) == 16


def test_max_items_bounds_a_jig_and_a_sheet_alike(floor: Floor) -> None:
    with_rule(floor, replace(last_rule(floor), id="small", max_items=4))
    mug = next(sku for sku, entry in floor.rules.current.catalogue.items() if entry.product == "mug")
    take(floor, order_document(), order_document(mug))
    modes = {family.id.split("/")[1]: family.modes[0] for family in planned(floor).families}
    assert modes["tin-jig"].capacity == 4
    assert modes["sublimation-sheet"].max_kinds == 4


def test_a_rule_for_some_stations_leaves_the_others_out(floor: Floor) -> None:
    with_rule(floor, replace(last_rule(floor), id="one", stations=frozenset({"uv-2"})))
    take(floor, order_document())
    assert [mode.station for mode in planned(floor).families[0].modes] == ["uv-2"]


def test_what_no_rule_takes_is_left_out_with_the_reason(floor: Floor) -> None:
    take(floor, order_document())
    rules = floor.rules.current
    floor.rules.swap(replace(rules, batch_rules=()), NOW)
    found = snapshot(floor)
    assert found.problem.jobs == ()
    assert list(found.left_out.values()) == ["no batch rule takes tin at uv-print"]
