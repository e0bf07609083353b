"""
A plan being worked on: batches in sequence on every station, timed as early as each sequence allows.

Changes come as a **trial**: take batches out, put them in, reload them, then `settle` re-times what follows from it
and tells what the trial costs or saves; `commit` keeps it, `rollback` undoes it to the last digit. Only what changes
is re-timed: down the station until times are as before, and on to other stations where jobs wait for these.

On a large floor one early change would move everything after it. A **lazy** schedule moves a batch later when it must
and earlier only when asked (`compact`), so that room left by one change takes up the next.
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial

from batcher.planning.index import NO_LIMIT, Instance, ModeView
from batcher.planning.loads import Load, Loader

_UNTIMED = -1
#: A batch waits for one that stands behind it on the same station.
_CIRCLE = -1


class Run:
    """A batch on a station: what it holds and when; `used` is the magazine's count when it began unattended."""

    __slots__ = ("alone", "begin", "end", "load", "mode", "state", "station", "stretch", "used")

    def __init__(self, mode: ModeView, load: Load, state: int, alone: bool) -> None:
        self.load, self.state, self.alone = load, state, alone
        self.stand(mode)
        self.begin = self.end = self.stretch = self.used = _UNTIMED

    def stand(self, mode: ModeView) -> None:
        """Belong to the mode's station from now on."""
        self.mode, self.station = mode, mode.station

    def hold(self, load: Load) -> None:
        """Hold this load from now on."""
        self.load = load

    @property
    def seconds(self) -> int:
        """Running time, without the changeover."""
        return self.mode.seconds + self.load.serial + self.load.parallel

    @property
    def start(self) -> int:
        """When it starts to run: its changeover, if any, is over."""
        return self.end - self.seconds

    @property
    def money(self) -> int:
        """What it costs to run (times 3600), without the changeover."""
        return self.mode.fixed + self.mode.rate * (self.load.serial + self.load.parallel)


@dataclass(frozen=True, slots=True)
class Pencilled:
    """A trial that was kept for the time being: what it added, and how to undo it."""

    delta: int
    undo: list[Callable[[], object]]
    timed: list[tuple[Run, int, int, int, int]]
    were_late: dict[int, int]


class Schedule:
    """Sequences of batches on every station, with their exact cost (times 3600)."""

    _undo: list[Callable[[], object]]
    _timed: list[tuple[Run, int, int, int, int]]
    _were_late: dict[int, int]

    def __init__(self, instance: Instance, loader: Loader) -> None:
        self.instance, self.loader = instance, loader
        self.lazy = False
        self.sequences: list[list[Run]] = [[] for _ in instance.stations]
        self.of_family: list[list[Run]] = [[] for _ in instance.families]
        self.run_of: list[Run | None] = [None] * len(instance.units)
        self.lateness: list[int] = [
            order.lateness(instance.unplanned_end) if order.units else 0 for order in instance.orders
        ]
        self.late_money = sum(self.lateness)
        self.cost = self.late_money
        self._forget()

    @property
    def unplanned(self) -> int:
        """How many units stand in no batch."""
        return self.run_of.count(None)

    def new_run(self, mode: ModeView, load: Load) -> Run:
        """Return a batch that stands on no station yet."""
        family = self.instance.families[mode.family]
        return Run(mode, load, family.state, family.unattended)

    def insert(self, run: Run, mode: ModeView, at: int) -> None:
        """Put a batch at a position of the mode's station; its units are planned by it."""
        if run.mode is not mode:
            self._undo.append(partial(run.stand, run.mode))
            run.stand(mode)
        self._timed.append((run, run.begin, run.end, run.stretch, run.used))
        run.begin = _UNTIMED
        self._money += run.money + self._joining(run, at)
        self._plug(run, at)
        self._undo.append(partial(self._unplug, run, at))
        low, high = self._dirty.get(mode.station, (at, at))
        self._dirty[mode.station] = (min(low, at), max(high, at) + 1)
        for unit in run.load.units:
            if self.run_of[unit] is not run:
                self._assign(unit, run)

    def remove(self, run: Run, at: int | None = None) -> int:
        """Take a batch off its station; return the position it had."""
        if at is None:
            at = self.sequences[run.station].index(run)
        self._unplug(run, at)
        self._undo.append(partial(self._plug, run, at))
        self._money -= run.money + self._joining(run, at)
        low, high = self._dirty.get(run.station, (at, at))
        self._dirty[run.station] = (min(low, at), max(high, at))
        return at

    def reload(self, run: Run, load: Load, gained: Iterable[int] = ()) -> None:
        """Give a batch on a station other units; `gained` are those it did not hold before."""
        self._undo.append(partial(run.hold, run.load))
        self._money -= run.money
        run.hold(load)
        self._money += run.money
        for unit in gained:
            self._assign(unit, run)
        self._dirt(run)

    def drop(self, unit: int) -> None:
        """Leave a unit unplanned; the caller reloads or removes its batch."""
        self._assign(unit, None)

    def settle(self, ceiling: float = math.inf, patience: int = 10_000) -> int | None:
        """
        Re-time what the trial changed.

        Parameters
        ----------
        ceiling
            The most the trial may cost to be of interest; money times 3600.
        patience
            How many batches may be timed anew before giving up: circles end, and so does what reaches too far.

        Returns
        -------
        int or None
            What the trial adds to the cost; none when it is impossible or surely above the ceiling.
        """
        if self._money - self.late_money > ceiling:
            return None
        ended: dict[Run, int] = {}
        self._wake()
        while self._dirty:
            station, (low, high) = self._dirty.popitem()
            spent = self._retime(station, low, high, ended)
            patience -= spent or patience
            if patience <= 0:
                return None
        return self._money + self._relate(ended)

    def commit(self, delta: int) -> None:
        """Keep the trial that `settle` priced."""
        self.cost += delta
        self._forget()

    def pencil(self, delta: int) -> Pencilled:
        """Keep the trial that `settle` priced until it is rubbed out."""
        kept = Pencilled(delta, self._undo, self._timed, self._were_late)
        self.commit(delta)
        return kept

    def rub_out(self, kept: Pencilled) -> None:
        """Undo what was pencilled, the latest first, and before anything else is committed."""
        self._undo, self._timed, self._were_late = kept.undo, kept.timed, kept.were_late
        self.rollback()
        self.cost -= kept.delta

    def resize(self, instance: Instance) -> None:
        """Go on with an instance that has units, families and orders more, or fewer, at its end; all unplanned."""
        self.instance = instance
        self.loader.resize(instance)
        del self.run_of[len(instance.units) :]
        self.run_of += [None] * (len(instance.units) - len(self.run_of))
        del self.of_family[len(instance.families) :]
        self.of_family += [[] for _ in instance.families[len(self.of_family) :]]
        fewer = sum(self.lateness[len(instance.orders) :])
        del self.lateness[len(instance.orders) :]
        new = [order.lateness(instance.unplanned_end) for order in instance.orders[len(self.lateness) :]]
        self.lateness += new
        self.late_money += sum(new) - fewer
        self.cost += sum(new) - fewer

    def compact(self) -> None:
        """Time every batch as early as its sequence allows."""
        lazy, self.lazy = self.lazy, False
        for station, sequence in enumerate(self.sequences):
            if sequence:
                self._dirty[station] = (0, len(sequence))
        delta = self.settle(patience=1000 + 400 * len(self.instance.units))
        if delta is None:  # earlier is always possible; only patience can have run out
            self.rollback()
        else:
            self.commit(delta)
        self.lazy = lazy

    def rollback(self) -> None:
        """Undo the trial."""
        for run, begin, end, stretch, used in reversed(self._timed):
            run.begin, run.end, run.stretch, run.used = begin, end, stretch, used
        for undo in reversed(self._undo):
            undo()
        for order, money in self._were_late.items():
            self.late_money += money - self.lateness[order]
            self.lateness[order] = money
        self._forget()

    def _forget(self) -> None:
        self._undo = []
        self._timed = []
        self._dirty: dict[int, tuple[int, int]] = {}
        self._moved: list[int] = []
        self._money = 0
        self._were_late = {}

    def _plug(self, run: Run, at: int) -> None:
        self.sequences[run.station].insert(at, run)
        self.of_family[run.mode.family].append(run)

    def _unplug(self, run: Run, at: int) -> None:
        del self.sequences[run.station][at]
        self.of_family[run.mode.family].remove(run)

    def _assign(self, unit: int, run: Run | None) -> None:
        self._undo.append(partial(self.run_of.__setitem__, unit, self.run_of[unit]))
        self.run_of[unit] = run
        self._moved.append(unit)

    def _joining(self, run: Run, at: int) -> int:
        """Return what changeovers cost more with the batch between its neighbours-to-be than without."""
        sequence, station = self.sequences[run.station], self.instance.stations[run.station]
        before = station.change_money[sequence[at - 1].state if at else station.state]
        more = before[run.state]
        if at < len(sequence):
            following = sequence[at].state
            more += station.change_money[run.state][following] - before[following]
        return more

    def _dirt(self, run: Run) -> None:
        """Have a batch on a station timed anew."""
        at = self.sequences[run.station].index(run)
        low, high = self._dirty.get(run.station, (at, at))
        self._dirty[run.station] = (min(low, at), max(high, at))

    def _wake(self) -> None:
        """Have every batch timed anew whose units wait for units that moved."""
        for unit in self._moved:
            for after in self.instance.units[unit].after:
                waiter = self.run_of[after]
                if waiter is not None:
                    self._dirt(waiter)

    def _ready(self, load: Load) -> int:
        """Return when a load may start: released, and all that it waits for done."""
        ready = load.release
        for unit in load.waiting:
            for before, lag in self.instance.units[unit].before:
                run = self.run_of[before]
                ready = max(ready, NO_LIMIT if run is None else run.end + lag)
        return ready

    def _retime(self, station: int, low: int, high: int, ended: dict[Run, int]) -> int:
        """
        Time a station's batches from `low` until, past `high`, they stand as before.

        Returns how many were timed, and at least 1; 0 when one has no window or waits for one behind it.
        """
        sequence = self.sequences[station]
        view = self.instance.stations[station]
        change_seconds, earliest = self.instance.change_seconds, view.calendar.earliest
        if low:
            previous = sequence[low - 1]
            free, state, stretch, used = previous.end, previous.state, previous.stretch, previous.used
        else:
            free, state, stretch, used = 0, view.state, 0, 0
        for at in range(low, len(sequence)):
            run = sequence[at]
            load = run.load
            ready = self._ready(load) if load.waiting else load.release
            change = change_seconds[state][run.state]
            lasts = change + run.mode.seconds + load.serial + load.parallel
            begin = max(ready - change, run.begin) if self.lazy else ready - change
            alone = run.alone and (not change or view.setup_unattended)
            found = earliest(begin if begin > free else free, lasts, alone, stretch, used)
            if found is None:
                return 0
            begin, stretch, used = found
            free, state = begin + lasts, run.state
            was = run.end
            if free == was and begin == run.begin and stretch == run.stretch and used == run.used:
                if at >= high:
                    return at - low + 1
                continue
            self._timed.append((run, run.begin, was, run.stretch, run.used))
            run.begin, run.end, run.stretch, run.used = begin, free, stretch, used
            if free != was:
                ended.setdefault(run, was)
                if load.awaited:
                    last = self._pass_on(run, was, at)
                    if last == _CIRCLE:
                        return 0
                    high = max(high, last)
        return max(1, len(sequence) - low)

    def _pass_on(self, run: Run, was: int, at: int) -> int:
        """
        Have batches timed anew that wait for this one and that its new end moves, or may let begin earlier.

        Returns the last position of such a batch on the same station, 0 when there is none, or `_CIRCLE`.
        """
        later = self.lazy or run.end > was
        last = 0
        for unit in run.load.awaited:
            for after in self.instance.units[unit].after:
                waiter = self.run_of[after]
                if waiter is None or (later and run.end + self._lag(after, unit) <= waiter.start):
                    continue
                if waiter.station != run.station:
                    self._dirt(waiter)
                    continue
                place = self.sequences[run.station].index(waiter)
                if place <= at:
                    return _CIRCLE
                last = max(last, place)
        return last

    def _lag(self, after: int, before: int) -> int:
        return next(lag for unit, lag in self.instance.units[after].before if unit == before)

    def _relate(self, ended: dict[Run, int]) -> int:
        """Return what lateness adds, over all orders whose end may have moved past or back behind their due."""
        units, run_of = self.instance.units, self.run_of
        orders = {order for unit in self._moved for order in units[unit].orders}
        for run, was in ended.items():
            if run.end > run.load.due or was > run.load.due:
                orders.update(order for unit in run.load.units for order in units[unit].orders)
        more = 0
        for place in sorted(orders):
            order = self.instance.orders[place]
            end = 0
            for unit in order.units:
                holder = run_of[unit]
                end = max(end, self.instance.unplanned_end if holder is None else holder.end)
            money, was = order.lateness(end), self.lateness[place]
            if money != was:
                self._were_late.setdefault(place, was)
                self.lateness[place] = money
                more += money - was
        self.late_money += more
        return more
