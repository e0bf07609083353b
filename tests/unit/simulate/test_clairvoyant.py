"""The plan that knew every order: never dearer than a floor that had to wait and see, and the same every time."""

from batcher.planning.bounds import lower_bound
from batcher.planning.index import index
from batcher.simulate.clairvoyant import clairvoyant, known_beforehand
from batcher.simulate.scenario import Scenario
from batcher.simulate.simulation import simulate
from tests.builders_simulate import a_few_orders, shipped_rules

NO_LUCK = Scenario(fail_rate=0.0, time_noise=0.0)


def test_who_knows_all_orders_makes_as_many_pieces_in_time_and_no_dearer() -> None:
    report = simulate(shipped_rules(), a_few_orders(), NO_LUCK)[0]
    known = clairvoyant(shipped_rules(), a_few_orders())
    assert (known.items, known.late) == (report.items, 0)
    assert known.cost_per_item <= report.cost_per_item


def test_its_parts_add_up_and_it_comes_out_the_same_again() -> None:
    known = clairvoyant(shipped_rules(), a_few_orders(8), moves_per_job=500)
    assert abs(sum(known.cost_parts_per_item.values()) - known.cost_per_item) < 1e-6
    assert known == clairvoyant(shipped_rules(), a_few_orders(8), moves_per_job=500)


def test_it_costs_no_less_than_what_is_proven_of_any_plan() -> None:
    trace = known_beforehand(shipped_rules(), a_few_orders())
    least = lower_bound(index(trace.problem)) / trace.items
    assert 0 < least <= clairvoyant(shipped_rules(), a_few_orders()).cost_per_item
