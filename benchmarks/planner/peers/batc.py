"""
BATC: batched apparent tardiness cost, the published dispatch rule for stations that run batches of one family.

Whenever a station falls idle it begins the batch of greatest index. A job's index is apparent tardiness cost,
``w / p * exp(-max(0, d - p - t) / (K p_mean))``; a family's batch takes its jobs that are there in order of it, and its
index is their sum times the share of the room they fill (Balasubramanian et al. 2004, Moench et al. 2005, with no look
ahead). Where stations change over, times ``exp(-s / (K2 s_mean))`` (BATCS, Mason et al. 2002). Both K are swept and the
cheapest plan is kept.

The rule weighs tardiness alone: an idle station always begins something. Here w is what a mean batch time of lateness
costs the order, its late cost included; with no late costs that is the published weight.
"""

import heapq
import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from batcher.planning.index import Instance, ModeView, Unit
from batcher.planning.loads import Loader
from batcher.planning.plan import Plan
from benchmarks.planner.peers.desks import Arrivals, Desks, Slot, chain_dues
from benchmarks.planner.peers.filling import Filling, filled

#: As published; the middle first, should there be no time for all.
REACHES = (2.0, 1.0, 3.0, 0.5, 5.0, 1.5, 2.5, 3.5, 4.0, 4.5)
SETUPS = (0.5, 0.1, 2.0)
_Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Rule:
    """K for slack and for changeovers, in mean times."""

    reach: float
    setup: float


def batc(instance: Instance, *, on_plan: Callable[[Plan], bool]) -> None:
    """Tell of the plan of each rule of the sweep, until told that it is enough."""
    for rule in rules(instance):
        if not on_plan(Dispatch(instance, rule).plan()):
            return


def rules(instance: Instance) -> Iterator[Rule]:
    """Return the rules of the sweep: where nothing takes time to change over, only slack is swept."""
    setups = SETUPS if any(map(any, instance.change_seconds)) else SETUPS[:1]
    return (Rule(reach, setup) for setup, reach in itertools.product(setups, REACHES))


class Dispatch:
    """One pass of a rule over a problem."""

    def __init__(self, instance: Instance, rule: Rule) -> None:
        self.instance, self.rule = instance, rule
        self.loader, self.desks, self.arrivals = Loader(instance), Desks(instance), Arrivals(instance)
        self.pools = [_Pool() for _ in instance.families]
        self.mean_s, self.mean_change_s = _mean_batch_s(instance), _mean_change_s(instance)
        self.dues = chain_dues(instance)
        self.weights = [_weight(instance, unit, self.mean_s) for unit in instance.units]
        self.modes = [
            [family.modes[station.place] for family in instance.families if station.place in family.modes]
            for station in instance.stations
        ]
        self.barred: set[tuple[int, int]] = set()  #: (unit, station) for which no window is left
        self.clock = [0]
        self.coming = [(unit.release, unit.place) for unit in self.arrivals.first]
        heapq.heapify(self.coming)

    def plan(self) -> Plan:
        """Return the plan of the rule; what no station has a window for stays unplanned."""
        while self.clock or self.coming:
            now = min([*self.clock[:1], *[ready for ready, _ in self.coming[:1]]])
            while self.clock and self.clock[0] <= now:
                heapq.heappop(self.clock)
            self._admit(now)
            for station in range(len(self.instance.stations)):
                if self.desks.free(station) <= now:
                    self._begin(station, now)
        return self.desks.plan()

    def _admit(self, now: int) -> None:
        """Have the jobs in the pools that are there by now."""
        come: dict[int, list[Unit]] = {}
        while self.coming and self.coming[0][0] <= now:
            unit = self.instance.units[heapq.heappop(self.coming)[1]]
            come.setdefault(unit.family, []).append(unit)
        for family, units in come.items():
            places = [unit.place for unit in units]
            self.pools[family].add(
                places,
                [self.dues[place] for place in places],
                [self.weights[place] for place in places],
                [unit.serial + unit.parallel for unit in units],
            )

    def _begin(self, station: int, now: int) -> None:
        """Have an idle station begin the batch of greatest index, if there is one it may begin now."""
        best: tuple[float, Slot] | None = None
        for mode in self.modes[station]:
            found = self._offer(mode, now) if len(self.pools[mode.family].places) else None
            if found is not None and found[1].begin > now:
                heapq.heappush(self.clock, found[1].begin)
            elif found is not None and (best is None or found[0] > best[0]):
                best = found
        if best is not None:
            slot = best[1]
            self.desks.take(slot)
            self.pools[slot.mode.family].drop(slot.filling.load.units)
            heapq.heappush(self.clock, slot.end)
            for unit in self.arrivals.after(slot):
                heapq.heappush(self.coming, (self.arrivals.ready[unit.place], unit.place))

    def _offer(self, mode: ModeView, now: int) -> tuple[float, Slot] | None:
        """Return a family's batch for a station, with the logarithm of its index."""
        pool = self.pools[mode.family]
        lasts = np.maximum(1.0, mode.seconds + pool.own)
        slack = np.maximum(0.0, pool.dues - lasts - now)
        scores = np.log(pool.weights / lasts) - slack / (self.rule.reach * self.mean_s)
        best_first = pool.places[np.argsort(-scores, kind="stable")].tolist()
        change = self.desks.changeover_s(mode)
        slot = self._fitted(mode, best_first, now + change)
        if slot is None:
            return None
        held = [scores[pool.row[place]] for place in slot.filling.load.units]
        index = float(np.logaddexp.reduce(held)) + math.log(_fill(mode, slot.filling, self.instance))
        return index - (change / (self.rule.setup * self.mean_change_s) if change else 0.0), slot

    def _fitted(self, mode: ModeView, places: Sequence[int], ready: int) -> Slot | None:
        """Return the batch of the first units that fit, of fewer where no window is long enough for it."""
        units, station = self.instance.units, mode.station
        while True:
            open_to = (units[place] for place in places if (place, station) not in self.barred)
            filling = filled(self.loader, mode, open_to)
            if filling is None:
                return None
            slot = self.desks.slot(mode, filling, ready)
            if slot is not None:
                return slot
            held = filling.load.units
            if len(held) == 1:
                self.barred.add((held[0], station))
            elif (fewer := self._fitted(mode, held[: len(held) // 2], ready)) is not None:
                return fewer


class _Pool:
    """The jobs of a family that are there, as arrays."""

    def __init__(self) -> None:
        self.places = np.empty(0, dtype=np.int64)
        self.dues: _Floats = np.empty(0)
        self.weights: _Floats = np.empty(0)
        self.own: _Floats = np.empty(0)  #: seconds a job alone adds to a batch
        self.row: dict[int, int] = {}  #: by place

    def add(self, places: list[int], dues: list[int], weights: list[float], own: list[int]) -> None:
        self.places = np.append(self.places, places)
        self.dues = np.append(self.dues, dues)
        self.weights = np.append(self.weights, weights)
        self.own = np.append(self.own, own)
        self._number()

    def drop(self, places: tuple[int, ...]) -> None:
        kept = np.ones(len(self.places), dtype=bool)
        kept[[self.row[place] for place in places]] = False
        self.places, self.dues, self.weights = self.places[kept], self.dues[kept], self.weights[kept]
        self.own = self.own[kept]
        self._number()

    def _number(self) -> None:
        self.row = {place: row for row, place in enumerate(self.places.tolist())}


def _weight(instance: Instance, unit: Unit, mean_s: float) -> float:
    """Return what a mean batch time of lateness costs a unit's orders, never nothing."""
    orders = [instance.orders[order] for order in unit.orders]
    return max(1e-9, sum(order.late + order.rate * mean_s for order in orders))


def _fill(mode: ModeView, filling: Filling, instance: Instance) -> float:
    """Return the share of a mode's room that a filling takes, never nothing."""
    if mode.sheet is None:
        return max(1e-9, min(1.0, filling.load.size / max(1, mode.capacity)))
    boxes = [box for unit in filling.load.units for box in instance.units[unit].rectangles]
    return min(1.0, sum(box.width * box.height for box in boxes) / (mode.sheet.width * mode.sheet.height))


def _mean_batch_s(instance: Instance) -> float:
    """Return the mean time of a batch of one job, never nothing."""
    times = [mode.seconds + unit.serial + unit.parallel for unit in instance.units for mode in unit.modes]
    return max(1.0, sum(times) / len(times)) if times else 1.0


def _mean_change_s(instance: Instance) -> float:
    """Return the mean time of the changeovers that take any, never nothing."""
    times = [seconds for row in instance.change_seconds for seconds in row if seconds]
    return sum(times) / len(times) if times else 1.0
