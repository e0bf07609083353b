"""
What coming into setup states costs at the very least: a cheapest arborescence over the states that are needed.

Every state that is run on was entered from another one, back to a state that a station starts in. Whatever the plan,
its changeovers therefore hold an arborescence over the needed states, rooted at the stations' initial ones, and the
cheapest of those is a lower bound. It is found as its own proof (Edmonds; Wong's dual ascent): sets of states that
must be entered from outside, each with a price, such that no changeover is charged more than it costs.
"""

from collections.abc import Iterable, Sequence
from itertools import combinations
from typing import NamedTuple

from batcher.planning.index import Instance, StationView

#: Where every station stands at time 0, before the first batch.
_ROOT = -1


class Cut(NamedTuple):
    """States that are entered from outside at least once when any of them is run; that costs at least `price`."""

    states: frozenset[int]
    price: int


def runnable(instance: Instance) -> list[frozenset[int]]:
    """Return the states each station may be in because some unit runs on it; its initial one apart."""
    states: list[set[int]] = [set() for _ in instance.stations]
    for unit in instance.units:
        for mode in unit.modes:
            states[mode.station].add(instance.families[unit.family].state)
    return [frozenset(found) for found in states]


def cheapest_entry(station: StationView, states: frozenset[int], into: int) -> int:
    """Return the least that the changeover before a batch can cost, whatever ran before on the station."""
    return min(station.change_money[before][into] for before in states | {station.state})


def entry_cuts(instance: Instance, states_of: list[frozenset[int]]) -> list[Cut]:
    """
    Return cuts whose prices, summed over those that hold a state that is run, no plan escapes.

    Prices are beyond `cheapest_entry`, which every batch is charged by itself.
    """
    arcs: dict[tuple[int, int], int] = {}
    for station, states in zip(instance.stations, states_of, strict=True):
        for into in states:
            free = cheapest_entry(station, states, into)
            ways = [(_ROOT, station.change_money[station.state][into])]
            ways += [(before, station.change_money[before][into]) for before in states if before != into]
            for before, money in ways:
                arcs[before, into] = min(money - free, arcs.get((before, into), money))
    return _ascend(arcs, {into for _, into in arcs})


def near_sets(instance: Instance, states_of: Sequence[frozenset[int]]) -> list[frozenset[int]]:
    """Return sets of states that may be cheap to change between and dear to come into: nearest states joined first."""
    apart: dict[tuple[int, int], int] = {}
    for station, states in zip(instance.stations, states_of, strict=True):
        for a, b in combinations(sorted(states), 2):
            money = min(station.change_money[a][b], station.change_money[b][a])
            apart[a, b] = min(money, apart.get((a, b), money))
    set_of = {state: frozenset([state]) for pair in apart for state in pair}
    found = []
    for a, b in sorted(apart, key=lambda pair: (apart[pair], pair)):
        if set_of[a] is not set_of[b]:
            found.append(set_of[a] | set_of[b])
            set_of.update(dict.fromkeys(found[-1], found[-1]))
    return found


def _ascend(left: dict[tuple[int, int], int], nodes: Iterable[int]) -> list[Cut]:
    """Return priced cuts of a cheapest arborescence: the smallest set cut off is priced until all hang on the root."""
    cuts: list[Cut] = []
    cut_off = sorted(nodes)
    while True:
        sets = [(len(found), node, found) for node in cut_off if _ROOT not in (found := _feeders(left, node))]
        if not sets:
            return cuts
        _, _, states = min(sets, key=lambda entry: entry[:2])
        cut_off = [node for _, node, _ in sets]
        entering = [arc for arc in left if arc[1] in states and arc[0] not in states]
        price = min(left[arc] for arc in entering)
        for arc in entering:
            left[arc] -= price
        cuts.append(Cut(frozenset(states), price))


def _feeders(left: dict[tuple[int, int], int], node: int) -> set[int]:
    """Return the nodes a node can be come to from over arcs that are paid up."""
    found, waiting = {node}, [node]
    while waiting:
        into = waiting.pop()
        for (before, after), money in left.items():
            if after == into and not money and before not in found:
                found.add(before)
                waiting.append(before)
    return found
