"""
Small problems solved to a proof by CP-SAT: which jobs share a batch, where, in what order.

Every batch is named by its representative, the unit with the longest parallel time in it (lowest place among equals),
so its length is known up to serial times and no two descriptions mean the same plan. Operators and magazines are left
out and sheets count by area: the model admits every plan that keeps the rules and perhaps more, so its bound always
holds, and what it answers is timed and judged before it counts.
"""

import math
import time
from collections.abc import Callable
from typing import Any

from batcher.planning.conversion import Bundle
from batcher.planning.index import NO_LIMIT, Instance, ModeView, Unit
from batcher.planning.loads import Loader
from batcher.planning.magnitude import fits_a_word
from batcher.planning.schedule import Schedule

#: More units than this make a model that proves nothing in useful time.
MOST_UNITS = 45
#: How CP-SAT ends with a solution.
_SOLVED = ("OPTIMAL", "FEASIBLE")

Better = Callable[[list[list[Bundle]]], None]
OnBound = Callable[[float], None]


def prove(
    schedule: Schedule,
    *,
    seconds: float,
    workers: int,
    seed: int,
    on_better: Better,
    on_bound: OnBound,
    effort: float = math.inf,
) -> None:
    """
    Search for the best plan and a proof, telling of plans and bounds as they come.

    As few jobs as can be are left out, whatever that costs; among such plans the cheapest is sought. What is proven of
    these holds for every plan only where leaving out more saves nothing, which is looked at first.

    Parameters
    ----------
    schedule
        A good plan to start from.
    seconds
        Wall time.
    workers, seed
        Of CP-SAT.
    on_better
        Told the sequences of each solution; they may break what the model leaves out.
    on_bound
        Told each proven bound on the cost of any plan, in minor units; none where numbers are beyond CP-SAT.
    effort
        Work to stop after, about a second's a unit: with one worker and time enough the same result every time.
    """
    if not fits_a_word(schedule.instance) or not any(unit.modes for unit in schedule.instance.units):
        return
    search = _Search(schedule, seconds, effort, workers, seed)
    out = search.fewest_left_out(on_better)
    if search.saves_nothing(out + 1):
        ceiling = schedule.cost / 3600  # of plans that leave out more it is known only that none costs less than this
        search.cheapest(1.0, on_better, lambda bound: on_bound(min(bound, ceiling)), most_out=out)
    else:
        search.cheapest(0.6, on_better, _unheard, most_out=out)
        search.cheapest(1.0, _unheard, on_bound)


def _unheard(_: object) -> None:
    """Tell nobody."""


class _Search:
    """Solves one model after another, each with a share of the time and effort left, from the plan to start from."""

    def __init__(self, schedule: Schedule, seconds: float, effort: float, workers: int, seed: int) -> None:
        self.schedule, self.effort, self.workers, self.seed = schedule, effort, workers, seed
        self.deadline = time.monotonic() + seconds

    def fewest_left_out(self, on_better: Better) -> int:
        """Return the fewest jobs that a plan is known to leave out, of those that some station could take."""
        units = self.schedule.instance.units
        places = [place for place, run in enumerate(self.schedule.run_of) if run is None and units[place].modes]
        fewest = sum(len(units[place].jobs) for place in places)
        if fewest:
            model = self._model()
            model.model.Minimize(model.left_out)
            status, solver = self._solve(model, 0.2, on_better, _unheard)
            if status in _SOLVED:
                fewest = min(fewest, round(solver.ObjectiveValue()))
        return fewest

    def saves_nothing(self, least_out: int) -> bool:
        """Tell whether it is proven that no plan that leaves out so many jobs costs less than the one there is."""
        model = self._model()
        model.model.Add(model.left_out >= least_out)
        model.model.Add(model.cost < self.schedule.cost)
        return self._solve(model, 0.2, _unheard, _unheard)[0] == "INFEASIBLE"

    def cheapest(self, share: float, on_better: Better, on_bound: OnBound, *, most_out: int | None = None) -> None:
        """Search for the cheapest of all plans, or of those that leave out no more than so many jobs."""
        model = self._model()
        if most_out is not None:
            model.model.Add(model.left_out <= most_out)
        model.model.Minimize(model.cost)
        status, solver = self._solve(model, share, on_better, on_bound)
        if status in _SOLVED:
            on_bound(solver.BestObjectiveBound() / 3600)

    def _model(self) -> "_Model":
        from ortools.sat.python import cp_model  # takes seconds to import; only this search needs it

        model = _Model(cp_model.CpModel(), self.schedule.instance, self.schedule.loader)
        model.hint(self.schedule)
        return model

    def _solve(self, model: "_Model", share: float, on_better: Better, on_bound: OnBound) -> tuple[str, Any]:
        """Return how solving ended, and the solver."""
        from ortools.sat.python import cp_model

        solver = cp_model.CpSolver()
        solver.parameters.max_time_in_seconds = max(0.1, share * (self.deadline - time.monotonic()))
        solver.parameters.max_deterministic_time = share * self.effort
        solver.parameters.num_workers = self.workers
        solver.parameters.random_seed = self.seed
        solver.parameters.catch_sigint_signal = False
        solver.best_bound_callback = lambda bound: on_bound(bound / 3600)

        class Tell(cp_model.CpSolverSolutionCallback):
            def on_solution_callback(self) -> None:
                on_better(model.decoded(self.Value))

        status = solver.Solve(model.model, Tell())
        self.effort = max(0.0, self.effort - solver.response_proto.deterministic_time)
        return status.name, solver


class _Model:
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
        windows = sorted(self.instance.problem.stations[station].windows)
        for rep in reps:
            on = self.on[rep.place, station]
            circuit.append((node[rep.place], node[rep.place], on.Not()))
            begin = model.NewIntVar(0, self.horizon, "")
            choice = [model.NewBoolVar("") for _ in windows]
            model.Add(sum(choice) == on)
            for (opens, closes), chosen in zip(windows, choice, strict=True):
                model.Add(begin >= opens).OnlyEnforceIf(chosen)
                model.Add(self.end[rep.place] <= closes).OnlyEnforceIf(chosen)
            state = self.instance.families[rep.family].state
            for before in (None, *reps):
                if before is rep:
                    continue
                arc = model.NewBoolVar("")
                came = view.state if before is None else self.instance.families[before.family].state
                seconds = self.instance.change_seconds[came][state]
                circuit.append((0 if before is None else node[before.place], node[rep.place], arc))
                self.arcs[station, -1 if before is None else before.place, rep.place] = arc
                model.Add(self.start[rep.place] >= begin + seconds).OnlyEnforceIf(arc)
                if before is not None:
                    model.Add(begin >= self.end[before.place]).OnlyEnforceIf(arc)
                self.costs.append(view.change_money[came][state] * arc)
            last = model.NewBoolVar("")
            circuit.append((node[rep.place], 0, last))
        model.AddCircuit(circuit)

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
