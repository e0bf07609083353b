"""
The fewest batches, and the least running, that units of one family need, whatever the time.

A batch costs something whatever it holds; serial times add up; parallel times count once a batch. How many batches
there must be follows from sizes, sheet areas, kinds and limits on parallel times.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from batcher.planning.bounds_changeovers import cheapest_entry
from batcher.planning.index import NO_LIMIT, Instance, ModeView, Unit
from batcher.planning.layout import area_taken


@dataclass(frozen=True, slots=True, eq=False)
class Stock:
    """Units of one family with the modes any of them fits in, and what a batch costs there whatever it holds."""

    units: tuple[Unit, ...]
    modes: tuple[ModeView, ...]
    per_batch: tuple[int, ...]

    @property
    def mixed(self) -> bool:
        """Tell whether there are modes with sheets and without, so that sizes and areas do not add up."""
        return len({mode.sheet is None for mode in self.modes}) > 1

    def alone(self, unit: Unit) -> int:
        """Return the least that running one of the units by itself costs."""
        per_batch = min(money for mode, money in zip(self.modes, self.per_batch, strict=True) if mode in unit.modes)
        return per_batch + min(mode.rate for mode in unit.modes) * (unit.serial + unit.parallel)


def stock(instance: Instance, units: Sequence[Unit], states_of: list[frozenset[int]]) -> Stock:
    """Return units of one family, each with a mode, with what a batch of them costs at least in each mode."""
    modes = tuple({mode.station: mode for unit in units for mode in unit.modes}.values())
    state = instance.families[units[0].family].state
    stations = instance.stations
    entry = [cheapest_entry(stations[mode.station], states_of[mode.station], state) for mode in modes]
    return Stock(tuple(units), modes, tuple(mode.fixed + money for mode, money in zip(modes, entry, strict=True)))


def room(mode: ModeView) -> int:
    """Return the size, or the sheet area grown by the gap, that a batch has for its jobs."""
    if mode.sheet is None:
        return mode.capacity
    return (mode.sheet.width + mode.sheet.gap) * (mode.sheet.height + mode.sheet.gap)


def taken(mode: ModeView, unit: Unit) -> int:
    """Return what a unit takes of that room."""
    return unit.size if mode.sheet is None else area_taken(unit.rectangles, mode.sheet.gap)


def least_cost(stock: Stock) -> float:
    """Return the least cost of running all the units, changeovers between states apart."""
    units, modes = stock.units, stock.modes
    rate = min(mode.rate for mode in modes)
    serial = sum(unit.serial for unit in units)
    if stock.mixed:
        return min(stock.per_batch) + rate * (serial + max(unit.parallel for unit in units))
    rooms = [room(mode) for mode in modes]
    amounts = {unit.place: min(taken(mode, unit) for mode in modes) for unit in units}
    batches = fewest(stock)
    by_room = min(money / max(1, space) for money, space in zip(stock.per_batch, rooms, strict=True))
    fixed = max(float(batches * min(stock.per_batch)), by_room * sum(amounts.values()))
    return fixed + rate * (serial + _least_parallel(units, amounts, max(rooms)))


def least_cost_leaving_out(stock: Stock, shares: list[float]) -> float:
    """
    Return the least cost when any of the units may be left out, which costs its share.

    Two bounds, the better counts. Leaving one out saves at most what it costs alone, since costs are subadditive.
    And whichever `k` are left out, they pay at least the `k` least shares, and the others cost at least as much as
    the same number of units of the least room, serial and parallel times would.
    """
    units, modes = stock.units, stock.modes
    least = least_cost(stock)
    out = list(accumulate(sorted(shares[unit.place] for unit in units), initial=0.0))
    if out[1] >= least:  # not even the cheapest pays
        return least
    saved = sum(max(0.0, stock.alone(unit) - shares[unit.place]) for unit in units)
    one_by_one = least - saved
    cheapest, rate = min(stock.per_batch), min(mode.rate for mode in modes)
    space = NO_LIMIT if stock.mixed else max(room(mode) for mode in modes)
    filled = list(accumulate(sorted(min(taken(mode, unit) for mode in modes) for unit in units), initial=0))
    serial = list(accumulate(sorted(unit.serial for unit in units), initial=0))
    longest = _longest_parallel(sorted(unit.parallel for unit in units), filled, space)
    for kept in range(len(units)):
        batches = max(1, -(-filled[kept] // space)) if kept else 0
        cost = batches * cheapest + rate * (serial[kept] + longest[kept])
        least = min(least, cost + out[len(units) - kept])
    return max(least, one_by_one)


def fewest(stock: Stock) -> int:
    """Return how many batches the units need at least."""
    if stock.mixed:
        return 1
    space = max(room(mode) for mode in stock.modes)
    amounts = {unit.place: min(taken(mode, unit) for mode in stock.modes) for unit in stock.units}
    by_room = _fewest(stock.units, amounts, space)
    # Rounded so that any set that fits still fits (Martello and Toth): what is over the rest is whole, what is
    # under the mark is nothing.
    for mark in sorted({amount for amount in amounts.values() if 0 < amount <= space // 2}):
        if any(amount > space - mark for amount in amounts.values()):
            rounded = {
                place: space if amount > space - mark else amount if amount >= mark else 0
                for place, amount in amounts.items()
            }
            by_room = max(by_room, _fewest(stock.units, rounded, space))
    return max(by_room, _fewest_by_kinds(stock))


def _fewest(units: Sequence[Unit], amounts: dict[int, int], space: int) -> int:
    """
    Return the fewest batches if units could be cut into pieces.

    In a batch all parallel times lie at or under all limits, so a batch is a point in every [parallel, limit]. The
    unit with the least limit needs a point at or under it; at that limit it meets most others. Filling it with those
    of least limit first is best, by exchange.
    """
    waiting = sorted((unit.limit, unit.parallel, amounts[unit.place]) for unit in units)
    batches = 0
    while waiting:
        batches += 1
        point, left = waiting[0][0], space
        rest = []
        for limit, parallel, amount in waiting:
            if parallel > point or (amount and not left):
                rest.append((limit, parallel, amount))
                continue
            put = min(left, amount)
            left -= put
            if put < amount:
                rest.append((limit, parallel, amount - put))
        if rest == waiting:  # no room at all: nothing to count with
            break
        waiting = rest
    return batches


def _fewest_by_kinds(stock: Stock) -> int:
    kinds = frozenset().union(*(unit.kinds for unit in stock.units))
    return -(-len(kinds) // max(mode.max_kinds for mode in stock.modes))


def _longest_parallel(ascending: list[int], filled: list[int], space: int) -> list[int]:
    """Return the least sum of longest parallel times of the first units, for each number of them."""
    most = max(1, sum(amount <= space for amount in filled) - 1)  # that can lie in one batch
    sums = [0]
    for count, parallel in enumerate(ascending, start=1):
        sums.append(parallel + sums[max(0, count - most)])
    return sums


def _least_parallel(units: Sequence[Unit], amounts: dict[int, int], space: int) -> int:
    """Return the least sum of longest parallel times: the longest together, each batch full, units cut into pieces."""
    ordered = sorted(units, key=lambda unit: -unit.parallel)
    total, filled, mark = ordered[0].parallel, 0, space
    for unit in ordered:
        filled += amounts[unit.place]
        while 0 < mark < filled:
            total += unit.parallel
            mark += space
    return total
