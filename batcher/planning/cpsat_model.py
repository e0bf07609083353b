"""
The model of small problems for CP-SAT: which jobs share a batch, where, in what order.

Every batch is named by its representative, the unit with the longest parallel time in it (lowest place among equals),
so its length is known up to serial times and no two descriptions mean the same plan. Sheets count by area, unless a set
of units is forbidden by name; everything else is exact. So the model admits every plan that keeps the rules, and
perhaps more: what it proves of all its plans holds for all plans.
"""

from collections.abc import Callable, Collection
from itertools import chain
from typing import Any

from batcher.planning.bounds_lateness import earliest_ends
from batcher.planning.conversion import Bundle
from batcher.planning.cpsat_station import StationModel, Stop
from batcher.planning.index import NO_LIMIT, Instance, ModeView, Unit
from batcher.planning.loads import Loader
from batcher.planning.problem import SheetSize
from batcher.planning.schedule import Schedule


class Model:
    """The variables and constraints; everything about one batch hangs on its representative's place."""

    def __init__(self, model: Any, instance: Instance, loader: Loader) -> None:
        self.model, self.instance, self.loader = model, instance, loader
        self.horizon = instance.problem.horizon
        self.units = [unit for unit in instance.units if unit.modes]
        self.ends = earliest_ends(instance)
        self.costs: list[Any] = []
        self.left_out: Any = 0  #: how many jobs are
        self.joins: dict[tuple[int, int], Any] = {}  #: (unit, representative)
        self.on: dict[tuple[int, int], Any] = {}  #: (representative, station)
        self.start: dict[int, Any] = {}
        self.end: dict[int, Any] = {}
        self.done: dict[int, Any] = {}  #: end of a unit, the unplanned end if it is left out
        self.late: dict[int, list[tuple[int, Any]]] = {}  #: of a unit's orders, when each is due and whether it is late
        self._batches()
        self._stations()
        self._precedence()
        self._lateness()
        self._late_together()
        self.cost = sum(self.costs)

    def forbid(self, sheet: SheetSize, units: Collection[int]) -> None:
        """Let no sheet of this size hold all these units."""
        for rep in self.units:
            joins = [self.joins[unit, rep.place] for unit in units if (unit, rep.place) in self.joins]
            if len(joins) == len(units):
                for mode in rep.modes:
                    if mode.sheet == sheet:
                        self.model.Add(sum(joins) + self.on[rep.place, mode.station] <= len(units))

    def _batches(self) -> None:
        model = self.model
        for rep in self.units:
            for mode in rep.modes:
                self.on[rep.place, mode.station] = model.NewBoolVar("")
            for unit in self.units:
                if _may_stand_for(rep, unit):
                    self.joins[unit.place, rep.place] = model.NewBoolVar("")
        for unit in self.units:
            mine = [var for (place, _), var in self.joins.items() if place == unit.place]
            model.AddAtMostOne(mine)
            left_out = model.NewBoolVar("")
            model.Add(sum(mine) + left_out == 1)
            self.left_out += len(unit.jobs) * left_out
            self.done[unit.place] = model.NewIntVar(self.ends[unit.place], self.instance.unplanned_end, "")
            model.Add(self.done[unit.place] >= self.instance.unplanned_end).OnlyEnforceIf(left_out)
        for rep in self.units:
            self._batch(rep)

    def _batch(self, rep: Unit) -> None:
        model, place = self.model, rep.place
        members = [(unit, self.joins[unit.place, place]) for unit in self.units if (unit.place, place) in self.joins]
        used = self.joins[place, place]
        model.Add(sum(self.on[place, mode.station] for mode in rep.modes) == used)
        start = self.start[place] = model.NewIntVar(min(rep.release, self.horizon), self.horizon, "")
        end = self.end[place] = model.NewIntVar(0, self.horizon, "")
        serial = sum(unit.serial * var for unit, var in members)
        for unit, joins in members:
            model.AddImplication(joins, used)
            model.Add(start >= unit.release).OnlyEnforceIf(joins)
            model.Add(self.done[unit.place] >= end).OnlyEnforceIf(joins)
        for mode in rep.modes:
            on = self.on[place, mode.station]
            model.Add(end == start + mode.seconds + rep.parallel + serial).OnlyEnforceIf(on)
            self._room(mode, on, members)
            cost = model.NewIntVar(0, mode.rate * sum(unit.serial for unit, _ in members), "")
            model.Add(cost >= mode.rate * serial).OnlyEnforceIf(on)
            self.costs += [cost, (mode.fixed + mode.rate * rep.parallel) * on]

    def _room(self, mode: ModeView, on: Any, members: list[tuple[Unit, Any]]) -> None:
        model = self.model
        for unit, joins in members:
            if not unit.stations >> mode.station & 1:
                model.AddBoolOr([on.Not(), joins.Not()])
        if mode.sheet is None:
            model.Add(sum(unit.size * var for unit, var in members) <= mode.capacity).OnlyEnforceIf(on)
        else:
            gap = mode.sheet.gap
            area = {u.place: sum((box.width + gap) * (box.height + gap) for box in u.rectangles) for u, _ in members}
            whole = (mode.sheet.width + gap) * (mode.sheet.height + gap)
            model.Add(sum(area[unit.place] * var for unit, var in members) <= whole).OnlyEnforceIf(on)
        if mode.max_kinds < NO_LIMIT:
            there = []
            for kind in sorted({kind for unit, _ in members for kind in unit.kinds}):
                seen = model.NewBoolVar("")
                there.append(seen)
                for unit, joins in members:
                    if kind in unit.kinds:
                        model.AddImplication(joins, seen)
            model.Add(sum(there) <= mode.max_kinds).OnlyEnforceIf(on)

    def _stations(self) -> None:
        """Let each station run one batch at a time."""
        for view in self.instance.stations:
            on = [(rep, self.on[rep.place, view.place]) for rep in self.units if rep.stations >> view.place & 1]
            stops = [Stop(rep, var, self.start[rep.place], self.end[rep.place]) for rep, var in on]
            if stops:
                self.costs += StationModel(self.model, self.instance, view, stops).costs

    def _precedence(self) -> None:
        for unit in self.units:
            for before, lag in unit.before:
                for rep in self.units:
                    joins = self.joins.get((unit.place, rep.place))
                    if joins is None:
                        continue
                    if before in self.done:
                        self.model.Add(self.start[rep.place] >= self.done[before] + lag).OnlyEnforceIf(joins)
                    else:
                        self.model.Add(joins == 0)

    def _lateness(self) -> None:
        for order in self.instance.orders:
            ends = [self.done[unit] for unit in order.units if unit in self.done]
            if len(ends) < len(order.units):
                self.costs.append(order.lateness(self.instance.unplanned_end))
                continue
            most = max(0, self.instance.unplanned_end - order.due)
            if not ends or not most:
                continue
            late, tardiness = self.model.NewBoolVar(""), self.model.NewIntVar(0, most, "")
            for unit in order.units:
                self.late.setdefault(unit, []).append((order.due, late))
            for end in ends:
                self.model.Add(tardiness >= end - order.due)
                self.model.Add(end <= order.due).OnlyEnforceIf(late.Not())
            self.costs += [order.late * late, order.rate * tardiness]

    def _late_together(self) -> None:
        """Say which units are late for certain if they share a batch; it follows, but is seen at once only if said."""
        for (place, rep_place), joins in self.joins.items():
            unit, rep = self.instance.units[place], self.instance.units[rep_place]
            release = max(unit.release, rep.release)
            serial = rep.serial if unit is rep else rep.serial + unit.serial
            for mode in rep.modes:
                calendar = self.instance.stations[mode.station].calendar
                end = calendar.first_end(release, mode.seconds + rep.parallel + serial)
                on = self.on[rep_place, mode.station]
                for due, late in chain.from_iterable(self.late.get(x, ()) for x in {place, rep_place}):
                    if end is None or end > due:
                        self.model.AddBoolOr([joins.Not(), on.Not(), late])

    def hint(self, schedule: Schedule) -> None:
        """Tell the solver the plan there is."""
        reps = {}
        for sequence in schedule.sequences:
            for run in sequence:
                rep = min(run.load.units, key=lambda place: (-self.instance.units[place].parallel, place))
                reps[rep] = run
        for (unit, rep), var in self.joins.items():
            self.model.AddHint(var, rep in reps and unit in reps[rep].load.units)
        for (rep, station), var in self.on.items():
            self.model.AddHint(var, rep in reps and reps[rep].station == station)
        for rep, run in reps.items():
            self.model.AddHint(self.start[rep], run.start)
            self.model.AddHint(self.end[rep], run.end)

    def decoded(self, value: Callable[[Any], int]) -> list[list[Bundle]]:
        """Return the batches of a solution in order on each station."""
        sequences: list[list[Bundle]] = [[] for _ in self.instance.stations]
        for rep in sorted(self.units, key=lambda unit: (value(self.start[unit.place]), value(self.end[unit.place]))):
            if not value(self.joins[rep.place, rep.place]):
                continue
            members = [u.place for u in self.units if (u.place, rep.place) in self.joins]
            load = self.loader.load([u for u in members if value(self.joins[u, rep.place])])
            mode = next(mode for mode in rep.modes if value(self.on[rep.place, mode.station]))
            sequences[mode.station].append((mode, load))
        return sequences


def _may_stand_for(rep: Unit, unit: Unit) -> bool:
    """Tell whether a unit may be in a batch another represents."""
    if rep.place == unit.place:
        return True
    shorter = (-rep.parallel, rep.place) < (-unit.parallel, unit.place)
    return rep.family == unit.family and shorter and rep.parallel <= unit.limit and bool(rep.stations & unit.stations)
