"""
One pass of a dispatch rule: stations take, whenever they fall free, the batch that is worth most to begin now.

The worth of a job is what its order loses by waiting, discounted by its slack (apparent tardiness cost); the worth of
a batch that of its jobs, less its changeover and the room it wastes, per second of station time. A batch that can
still be filled, or that another station runs with less changeover, waits as long as its slack allows.
"""

import heapq
import math
from dataclasses import dataclass

from batcher.planning.conversion import Bundle
from batcher.planning.dispatching_pool import Pool
from batcher.planning.dispatching_room import filled, gathered, looked_at
from batcher.planning.index import Instance, ModeView, Unit
from batcher.planning.inner_dues import inner_dues, mean_seconds
from batcher.planning.loads import Load, Loader
from batcher.planning.problem import SheetSize

#: A sheet is full when so many of the pieces it was to take do not lie on it in so many tries: more would take long.
_MISSES, _TRIES = 3, 8


@dataclass(frozen=True, slots=True)
class Rule:
    """
    How a dispatch weighs.

    Parameters
    ----------
    reach
        Slack, in mean batch times, at which a job's worth falls to 1/e.
    patience
        Share of its slack a batch may wait for better; 0 never waits.
    """

    reach: float
    patience: float


@dataclass(slots=True)
class _Desk:
    """Where a station stands while batches are handed to it."""

    free: int
    state: int
    stretch: int = 0
    used: int = 0


@dataclass(frozen=True, slots=True)
class _Offer:
    """A batch a station might begin."""

    mode: ModeView
    units: list[Unit]
    score: float


#: What a mode can take of its family: stations of the same kind pick alike.
_Room = tuple[int, int, int, SheetSize | None, int]


def _room_of(mode: ModeView) -> _Room:
    return (mode.family, mode.seconds, mode.capacity, mode.sheet, mode.max_kinds)


@dataclass(frozen=True, slots=True)
class _Pick:
    """Units of a family that fit together, worth picking again from `start` to `until` while its pool stays."""

    stations: int  #: bit mask of those that would pick the same
    units: list[Unit]
    worth: float
    start: int
    until: int
    growth: float
    version: int

    def holds(self, station: int, version: int, start: int) -> bool:
        return bool(self.stations & station) and self.version == version and self.start <= start <= self.until


class Dispatch:
    """One pass of a rule over a problem."""

    def __init__(self, instance: Instance, loader: Loader, rule: Rule) -> None:
        self.instance, self.loader, self.rule = instance, loader, rule
        self.desks = [_Desk(0, station.state) for station in instance.stations]
        self.picks: dict[_Room, _Pick] = {}
        self.ready: dict[int, int] = {}
        self.waiting = [len(unit.before) if unit.modes else -1 for unit in instance.units]
        self.ends: dict[int, int] = {}
        self.open_to = [unit.stations for unit in instance.units]  #: stations that may still have a window for it
        self.due = inner_dues(instance)
        self.latest = [due - unit.serial - unit.parallel for due, unit in zip(self.due, instance.units, strict=True)]
        self.mean = mean_seconds(instance)
        self.reach = rule.reach * self.mean
        self.worth = self._worths()
        self.ranks = [self._rank(place) for place in range(len(instance.units))]
        self.outlook = [0] * len(instance.families)  #: units of a family not planned yet
        self.pools = [Pool(self.due) for _ in instance.families]
        first: list[list[Unit]] = [[] for _ in instance.families]
        for unit in instance.units:
            if unit.modes:
                self.outlook[unit.family] += 1
                if not unit.before:
                    self.ready[unit.place] = unit.release
                    first[unit.family].append(unit)
        for pool, units in zip(self.pools, first, strict=True):
            pool.fill(units)

    def sequences(self) -> list[list[Bundle]]:
        """Return the batches of every station in the order they are begun."""
        found: list[list[Bundle]] = [[] for _ in self.desks]
        turns = [(0, place, 1) for place in range(len(self.desks))]
        while turns:
            now, place, idle = heapq.heappop(turns)
            offer = self._choose(place, now)
            if offer is None:
                later = self._next_chance(place, now, idle, turns)
                if later <= self.instance.problem.horizon:
                    heapq.heappush(turns, (later, place, 2 * idle))
                continue
            load = self._start(place, offer, now)
            if load is not None:
                found[place].append((offer.mode, load))
                now = self.desks[place].free
            heapq.heappush(turns, (now, place, 1))
        return found

    def _worths(self) -> list[tuple[float, float]]:
        """Return for each unit what a mean batch time of lateness costs, and what being late at all costs."""
        orders = self.instance.orders
        return [
            (
                sum(orders[order].rate for order in unit.orders) * self.mean,
                float(sum(orders[order].late for order in unit.orders)),
            )
            for unit in self.instance.units
        ]

    def _rank(self, place: int) -> float:
        """Return a number that is the less the more a unit is worth, at any time before one of them is late."""
        worth = sum(self.worth[place])
        return self.latest[place] / self.reach - (math.log(worth) if worth > 0 else -math.inf)

    def _admit(self, unit: Unit) -> None:
        """Let a unit be planned: all that it waits for has an end."""
        ready = max([unit.release, *(self.ends[before] + lag for before, lag in unit.before)])
        self.ready[unit.place] = ready
        self.pools[unit.family].admit(unit, ready)

    def _choose(self, place: int, now: int) -> _Offer | None:
        """Return the offer worth most to a station, none when waiting is better."""
        best: _Offer | None = None
        for family in self.instance.families:
            mode = family.modes.get(place)
            if mode is not None and self.pools[family.place].units:
                offer = self._offer(place, mode, now)
                if offer is not None and (best is None or offer.score > best.score):
                    best = offer
        return best

    def _offer(self, place: int, mode: ModeView, now: int) -> _Offer | None:
        family, station, desk = self.instance.families[mode.family], self.instance.stations[place], self.desks[place]
        change = self.instance.change_seconds[desk.state][family.state]
        units, worth = self._pick(mode, now + change)
        if not units:
            return None
        lasts = change + mode.seconds + sum([unit.serial for unit in units]) + max([unit.parallel for unit in units])
        alone = family.unattended and (not change or station.setup_unattended)
        found = station.calendar.earliest(now, lasts, alone, desk.stretch, desk.used)
        if found is None:
            return _Offer(mode, units, -math.inf)
        end = found[0] + lasts
        money = station.change_money[desk.state][family.state]
        fill = filled(mode, units) if self.outlook[family.place] > len(units) else 1.0
        gain = worth - money - mode.fixed * (1 - fill)
        if gain <= 0 and self._better_later(place, mode, units, end, money, fill):
            return None
        return _Offer(mode, units, gain / (end - now + 1) if gain > 0 else gain * (end - now + 1))

    def _pick(self, mode: ModeView, start: int) -> tuple[list[Unit], float]:
        """Return the units of a family worth most now that fit together, and their worth."""
        room, bit, pool = _room_of(mode), 1 << mode.station, self.pools[mode.family]
        known = self.picks.get(room)
        if known is not None and known.holds(bit, pool.version, start):
            return known.units, known.worth * math.exp((start - known.start) * known.growth)
        ready, latest, open_to = self.ready, self.latest, self.open_to
        limit = looked_at(mode, len(pool.units))
        begin, stations = start + mode.seconds, -1
        until, pressing = start + int(20 * self.reach), False  # further on, rounding would tell
        found: list[Unit] = []
        for unit in pool.units:
            place = unit.place
            if not open_to[place] & bit:
                stations = bit
                continue
            stations &= open_to[place]
            if ready[place] > start:
                until = min(until, ready[place] - 1)
                continue
            slack = latest[place] - begin
            if slack < 0:
                pressing = True
            elif start + slack < until:
                until = start + slack
            found.append(unit)
            if len(found) >= limit:
                break
        if pressing:
            found.sort(key=lambda unit: -self._worth(unit, begin))
        else:
            found.sort(key=lambda unit: self.ranks[unit.place])
        units = gathered(mode, found)
        worth = sum([self._worth(unit, begin) for unit in units])
        if not pressing:  # then all worths grow alike: until a slack ends or a unit becomes ready, the same are picked
            self.picks[room] = _Pick(stations, units, worth, start, until, 1 / self.reach, pool.version)
        return units, worth

    def _worth(self, unit: Unit, begin: int) -> float:
        """Return what a unit is worth when what it lasts beyond its batch's own time begins."""
        slack = self.latest[unit.place] - begin
        late, ever = self.worth[unit.place]
        return late if slack < 0 else (late + ever) * math.exp(-slack / self.reach)

    def _better_later(self, place: int, mode: ModeView, units: list[Unit], end: int, money: int, fill: float) -> bool:
        """Tell whether a batch that is not pressing should wait: to be filled, or for a station that is set up."""
        room = self.rule.patience * (min([self.due[unit.place] for unit in units]) - end)
        if room <= 0:
            return False
        family = self.instance.families[mode.family]
        if fill < 0.9:
            begin = end - mode.seconds
            coming = self.pools[mode.family].next_ready(begin)
            if coming is not None and coming < begin + room:
                return True
        for other in family.modes:
            desk, station = self.desks[other], self.instance.stations[other]
            if other != place and station.change_money[desk.state][family.state] < money:
                return desk.free < end + room and all(self.open_to[unit.place] >> other & 1 for unit in units)
        return False

    def _next_chance(self, place: int, now: int, idle: int, turns: list[tuple[int, int, int]]) -> int:
        """Return when to ask an idle station again: something is released, or another station has had its turn."""
        at_rest = self.instance.problem.horizon + 1
        coming = at_rest
        for family in self.instance.families:
            if place in family.modes and self.outlook[family.place]:
                released = self.pools[family.place].next_ready(now)
                coming = min(coming, now + max(1, int(self.mean / 4)) * idle, released or at_rest)
        if turns and now < turns[0][0] < coming:
            coming = turns[0][0]
        return coming

    def _start(self, place: int, offer: _Offer, now: int) -> Load | None:
        """Begin a batch as early as the station can, smaller if there is no window for it as it is."""
        desk, station, mode = self.desks[place], self.instance.stations[place], offer.mode
        family = self.instance.families[mode.family]
        change = self.instance.change_seconds[desk.state][family.state]
        alone = family.unattended and (not change or station.setup_unattended)
        load = self._packed(mode, offer.units)
        while True:
            lasts = change + mode.seconds + load.serial + load.parallel
            begin = max(desk.free, now, max(self.ready[unit] for unit in load.units) - change)
            found = station.calendar.earliest(begin, lasts, alone, desk.stretch, desk.used)
            if found is not None:
                break
            if len(load.units) == 1:
                self._bar(place, load)
                return None
            half = load.units[: len(load.units) // 2]
            load = self._packed(mode, [self.instance.units[unit] for unit in half])
        begin, desk.stretch, desk.used = found
        desk.free, desk.state = begin + lasts, family.state
        self._take(load, desk.free)
        return load

    def _bar(self, place: int, load: Load) -> None:
        """Close a station to a unit it has no window for, and to its whole family's that are no sooner or shorter."""
        family = self.instance.units[load.units[0]].family
        ready, seconds = self.ready[load.units[0]], load.serial + load.parallel
        kept = []
        for unit in self.pools[family].units:
            if self.ready[unit.place] >= ready and unit.serial + unit.parallel >= seconds:
                self.open_to[unit.place] &= ~(1 << place)
            if self.open_to[unit.place]:
                kept.append(unit)
        self.outlook[family] -= len(self.pools[family].units) - len(kept)
        self.pools[family].keep(kept)

    def _take(self, load: Load, end: int) -> None:
        """Take a load's units off the pool and admit those that waited for them alone."""
        units = self.instance.units
        family = units[load.units[0]].family
        self.pools[family].take(load.units)
        self.outlook[family] -= len(load.units)
        for place in load.units:
            self.ends[place] = end
        for place in load.awaited:
            for after in units[place].after:
                self.waiting[after] -= 1
                if not self.waiting[after]:
                    self._admit(units[after])

    def _packed(self, mode: ModeView, units: list[Unit]) -> Load:
        """Return the load of as many of the units, in order, as truly lie on the sheet."""
        held = [unit.place for unit in units]
        if self._fits(mode, held):
            return self.loader.load(held)
        low, high = 1, len(held)
        while high - low > 1:  # as many of the first as lie together
            half = (low + high) // 2
            low, high = (half, high) if self._fits(mode, held[:half]) else (low, half)
        taken, misses = held[:low], 0
        for place in held[high:]:
            if self._fits(mode, [*taken, place]):
                taken.append(place)
            elif (misses := misses + 1) == _MISSES:
                break
        return self.loader.load(taken)

    def _fits(self, mode: ModeView, places: list[int]) -> bool:
        return self.loader.fits(mode, self.loader.load(places), _TRIES)
