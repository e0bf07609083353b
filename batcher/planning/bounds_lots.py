"""
Lots: units that are alike to the bound over time, and what their ends make orders pay.

Time is cut at moments into stretches: each reaches from one moment (not included) to the next. Of a unit only the
stretch it ends in is known; what its orders pay is then at least what its earliest end in that stretch costs.
"""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Self

from batcher.planning.bounds_batches import Stock, room, taken
from batcher.planning.bounds_lateness import earliest_ends
from batcher.planning.index import Instance, Unit

#: Serial and parallel times of a family are rounded down to so many, so that more units are alike.
_LEVELS = 12


@dataclass(frozen=True, slots=True, eq=False)
class Ends:
    """
    When units can end, and which orders wait for them.

    Parameters
    ----------
    earliest
        For each unit when it is done at the earliest.
    tails
        For each unit the orders that wait for it, with how long after it each is done at the least; orders that can
        never be done apart.
    waited_for
        How many units each order waits for.
    lost
        The orders that can never be done.
    """

    instance: Instance
    earliest: Sequence[int]
    tails: Sequence[Mapping[int, int]]
    waited_for: Mapping[int, int]
    lost: frozenset[int]

    @classmethod
    def of(cls, instance: Instance) -> Self:
        """Return the ends of a problem."""
        lost = frozenset(order for unit in instance.units if not unit.modes for order in unit.orders)
        tails = [{order: tail for order, tail in found.items() if order not in lost} for found in _tails(instance)]
        waited_for = Counter(order for found in tails for order in found)
        return cls(instance, earliest_ends(instance), tails, waited_for, lost)


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """Time cut at moments: stretch `t`, from 1 on, ends at `moments[t]`; `moments[0]` is before time 0."""

    ends: Ends
    moments: Sequence[int]

    def stretches(self, unit: Unit) -> tuple[int, ...]:
        """Return the stretches a unit can end in."""
        earliest = self.ends.earliest[unit.place]
        return tuple(t for t in range(1, len(self.moments)) if earliest <= self.moments[t])

    def late(self, unit: Unit, order: int) -> list[int]:
        """Return what an order pays at least if a unit ends in each of its stretches, and last if it is left out."""
        earliest, tail = self.ends.earliest[unit.place], self.ends.tails[unit.place][order]
        done = [max(earliest, self.moments[t - 1] + 1) + tail for t in self.stretches(unit)]
        unplanned = self.ends.instance.unplanned_end
        return [self.ends.instance.orders[order].lateness(min(end, unplanned)) for end in [*done, unplanned]]

    def joint(self, unit: Unit) -> list[int]:
        """Return the orders that wait for other units too."""
        return [order for order in self.ends.tails[unit.place] if self.ends.waited_for[order] > 1]

    def owed(self, unit: Unit) -> tuple[int, ...]:
        """Return what orders that wait for this unit alone pay, as `late` does."""
        total = [0] * (len(self.stretches(unit)) + 1)
        for order in self.ends.tails[unit.place]:
            if self.ends.waited_for[order] == 1:
                total = [sum(pair) for pair in zip(total, self.late(unit, order), strict=True)]
        return tuple(total)


class Likeness(NamedTuple):
    """What units of one lot have in common."""

    stations: int
    taken: int  #: of the room in a batch
    serial: int
    parallel: int
    owed: tuple[int, ...]  #: for each stretch they can end in, and last for being left out
    joint: int  #: the unit, where joint orders wait for it; else -1


@dataclass(frozen=True, slots=True, eq=False)
class Lot:
    """Units alike, and the stretches they can end in."""

    like: Likeness
    units: tuple[Unit, ...]
    stretches: tuple[int, ...]

    @property
    def count(self) -> int:
        """Return how many units there are."""
        return len(self.units)


def lots(grid: Grid, stock: Stock) -> list[Lot]:
    """Return a family's units as lots."""
    parallels = _parallel_levels(stock)
    serials = _quantiles([unit.serial for unit in stock.units])
    alike: defaultdict[Likeness, list[Unit]] = defaultdict(list)
    for unit in stock.units:
        like = Likeness(
            stations=unit.stations,
            taken=_taken(stock, unit),
            serial=_floor(serials, unit.serial),
            parallel=_floor(parallels, unit.parallel),
            owed=grid.owed(unit),
            joint=unit.place if grid.joint(unit) else -1,
        )
        alike[like].append(unit)
    return [Lot(like, tuple(units), grid.stretches(units[0])) for like, units in alike.items()]


def _tails(instance: Instance) -> list[dict[int, int]]:
    """Return for each unit the orders that wait for it, with how long after it each is done at the least."""
    found = [dict.fromkeys(unit.orders, 0) for unit in instance.units]
    missing = [len(unit.after) for unit in instance.units]
    ready = [unit.place for unit in instance.units if not unit.after]
    while ready:
        after = instance.units[ready.pop()]
        lasts = min((mode.seconds for mode in after.modes), default=0) + after.serial + after.parallel
        for before, lag in after.before:
            for order, tail in found[after.place].items():
                found[before][order] = max(found[before].get(order, 0), lag + lasts + tail)
            missing[before] -= 1
            if not missing[before]:
                ready.append(before)
    return found


def _parallel_levels(stock: Stock) -> list[int]:
    """Return parallel times to round down to: those at which batches are half full when the longest go together."""
    ordered = sorted(stock.units, key=lambda unit: -unit.parallel)
    amounts = [_taken(stock, unit) for unit in ordered]
    step = max(1, max(room(mode) for mode in stock.modes) // 2, -(-sum(amounts) // _LEVELS))
    found, filled, mark = {ordered[-1].parallel}, 0, 0
    for unit, amount in zip(ordered, amounts, strict=True):
        if filled >= mark:
            found.add(unit.parallel)
            mark += step
        filled += amount
    return sorted(found)


def _quantiles(times: Sequence[int]) -> list[int]:
    """Return serial times to round down to."""
    ordered = sorted(times)
    return sorted({ordered[k * len(ordered) // _LEVELS] for k in range(_LEVELS)})


def _floor(levels: Sequence[int], time: int) -> int:
    return levels[bisect_right(levels, time) - 1]


def _taken(stock: Stock, unit: Unit) -> int:
    """Return the least room a unit takes; with sheets and sizes mixed nothing is known of that."""
    return 0 if stock.mixed else min(taken(mode, unit) for mode in stock.modes)
