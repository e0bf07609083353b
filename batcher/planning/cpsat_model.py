"""
The model of small problems for CP-SAT: which jobs share a batch, where, in what order.

Every batch is named by its representative, the unit with the longest parallel time in it (lowest place among equals),
so its length is known up to serial times and no two descriptions mean the same plan. Sheets count by area, unless a set
of units is forbidden by name; everything else is exact. So the model admits every plan that keeps the rules, and
perhaps more: what it proves of all its plans holds for all plans.
"""

from collections.abc import Callable, Collection
from typing import Any

from batcher.planning.conversion import Bundle
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
        self.costs: list[Any] = []
        self.left_out: Any = 0  #: how many jobs are
        self.joins: dict[tuple[int, int], Any] = {}  #: (unit, representative)
        self.on: dict[tuple[int, int], Any] = {}  #: (representative, station)
        self.start: dict[int, Any] = {}
        self.end: dict[int, Any] = {}
        self.done: dict[int, Any] = {}  #: end of a unit, the unplanned end if it is left out
        self.arcs: dict[tuple[int, int, int], Any] = {}  #: (station, before, after), -1 the station at time 0
        self._batches()
        self._sequences()
        self._precedence()
        self._lateness()
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
            self.done[unit.place] = model.NewIntVar(0, self.instance.unplanned_end, "")
            model.Add(self.done[unit.place] >= self.instance.unplanned_end).OnlyEnforceIf(left_out)
        for rep in self.units:
            self._batch(rep)

    def _batch(self, rep: Unit) -> None:
        model, place = self.model, rep.place
        members = [(unit, self.joins[unit.place, place]) for unit in self.units if (unit.place, place) in self.joins]
        used = self.joins[place, place]
        model.Add(sum(self.on[place, mode.station] for mode in rep.modes) == used)
        start = self.start[place] = model.NewIntVar(0, self.horizon, "")
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

    def _sequences(self) -> None:
        for station in self.instance.stations:
            reps = [rep for rep in self.units if rep.stations >> station.place & 1]
            if reps:
                self._sequence(station.place, reps)

    def _sequence(self, station: int, reps: list[Unit]) -> None:
        model, view = self.model, self.instance.stations[station]
        circuit = []
        idle = model.NewBoolVar("")
        circuit.append((0, 0, idle))
        node = {rep.place: k for k, rep in enumerate(reps, 1)}
        alone: list[list[Any]] = [[] for _ in view.calendar.starts]  #: of each stretch, what begins with nobody there
        for rep in reps:
            on = self.on[rep.place, station]
            circuit.append((node[rep.place], node[rep.place], on.Not()))
            begin = model.NewIntVar(0, self.horizon, "")
            unattended = self._stretches(station, rep, begin, alone)
            changes = []
            state = self.instance.families[rep.family].state
            for before in (None, *reps):
                if before is rep:
                    continue
                arc = model.NewBoolVar("")
                came = view.state if before is None else self.instance.families[before.family].state
                seconds = self.instance.change_seconds[came][state]
                circuit.append((0 if before is None else node[before.place], node[rep.place], arc))
                self.arcs[station, -1 if before is None else before.place, rep.place] = arc
                model.Add(self.start[rep.place] == begin + seconds).OnlyEnforceIf(arc)
                changes += [arc] if seconds else []
                if before is not None:
                    model.Add(begin >= self.end[before.place]).OnlyEnforceIf(arc)
                self.costs.append(view.change_money[came][state] * arc)
            if unattended and not view.setup_unattended:
                model.Add(sum(unattended) + sum(changes) <= 1)
            last = model.NewBoolVar("")
            circuit.append((node[rep.place], 0, last))
        model.AddCircuit(circuit)
        for begun in alone:
            if len(begun) > view.calendar.magazine:
                model.Add(sum(begun) <= view.calendar.magazine)

    def _stretches(self, station: int, rep: Unit, begin: Any, alone: list[list[Any]]) -> list[Any]:
        """Have a batch begin in one stretch of the station's calendar; return the choices with nobody there."""
        model, calendar = self.model, self.instance.stations[station].calendar
        choice, unattended = [], []
        for k, begun in enumerate(alone):
            if not calendar.attended[k] and not self.instance.families[rep.family].unattended:
                continue
            chosen = model.NewBoolVar("")
            choice.append(chosen)
            last = calendar.ends[k] - (calendar.ends[k] < calendar.closes[k])
            model.AddLinearConstraint(begin, calendar.starts[k], last).OnlyEnforceIf(chosen)
            model.Add(self.end[rep.place] <= calendar.closes[k]).OnlyEnforceIf(chosen)
            if not calendar.attended[k]:
                begun.append(chosen)
                unattended.append(chosen)
        model.Add(sum(choice) == self.on[rep.place, station])
        return unattended

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
            for end in ends:
                self.model.Add(tardiness >= end - order.due)
                self.model.Add(end <= order.due).OnlyEnforceIf(late.Not())
            self.costs += [order.late * late, order.rate * tardiness]

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
