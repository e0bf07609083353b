"""
A cost no feasible plan can be under, in a moment and without a solver.

Four parts that no plan escapes, added up: batches and their running, family by family; changeovers into every setup
state that is needed; orders that are late whatever is done; and, where leaving jobs unplanned could be cheaper than
running them, what that could save at most. Each part relaxes the others away.
"""

from collections import defaultdict

from batcher.planning.bounds_batches import Stock, least_cost_leaving_out, stock
from batcher.planning.bounds_changeovers import Cut, entry_cuts, runnable
from batcher.planning.bounds_lateness import earliest_ends, unavoidable
from batcher.planning.index import NO_LIMIT, Instance, Unit


def lower_bound(instance: Instance) -> float:
    """Return a lower bound on the cost of every feasible plan, in minor units."""
    states_of = runnable(instance)
    stocks = stocks_of(instance, states_of)
    late = unavoidable(instance, earliest_ends(instance))
    shares = _shares(instance, stocks, late)
    running: defaultdict[int, float] = defaultdict(float)
    left_out: defaultdict[int, float] = defaultdict(float)
    for family, found in stocks.items():
        state = instance.families[family].state
        running[state] += least_cost_leaving_out(found, shares)
        left_out[state] += sum(shares[unit.place] for unit in found.units)
    return (sum(late) + _with_changeovers(running, left_out, entry_cuts(instance, states_of))) / 3600


def stocks_of(instance: Instance, states_of: list[frozenset[int]]) -> dict[int, Stock]:
    """Return the units that can be planned at all, by family."""
    by_family: defaultdict[int, list[Unit]] = defaultdict(list)
    for unit in instance.units:
        if unit.modes:
            by_family[unit.family].append(unit)
    return {family: stock(instance, units, states_of) for family, units in by_family.items()}


def _shares(instance: Instance, stocks: dict[int, Stock], late: list[int]) -> list[float]:
    """
    Return for each unit a share of what leaving any out costs beyond lateness that nothing avoids.

    An order with a job unplanned pays its whole lateness to the end, at least the sum of its units' shares. They are
    in proportion to what each unit costs when it runs alone: who has most to save is charged most.
    """
    shares = [0.0 if unit.modes else float(NO_LIMIT) for unit in instance.units]
    alone = [0.0] * len(instance.units)
    for found in stocks.values():
        for unit in found.units:
            alone[unit.place] = float(found.alone(unit))
    for order, least in zip(instance.orders, late, strict=True):
        plannable = [place for place in order.units if instance.units[place].modes]
        weight = sum(alone[place] for place in plannable)
        beyond = order.lateness(instance.unplanned_end) - least
        for place in plannable:
            shares[place] += beyond * (alone[place] / weight if weight else 1 / len(plannable))
    return shares


def _with_changeovers(running: dict[int, float], left_out: dict[int, float], cuts: list[Cut]) -> float:
    """
    Return the least cost of running or leaving out each state, with a changeover into every set that is run on.

    Nobody pays for a set of states that are all left out: its price is charged to the state that has most to lose by
    being left out.
    """
    costs = dict(running)
    for states, price in cuts:
        costs[max(states, key=lambda state: left_out[state] - costs[state])] += price
    return sum(min(cost, left_out[state]) for state, cost in costs.items())
