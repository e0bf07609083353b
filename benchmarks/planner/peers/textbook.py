"""
The textbook model: the whole problem handed to CP-SAT, from nothing, with interval variables and batch slots.

A slot is named by the job with the longest parallel time in it, its representative, which is the strongest formulation
known for such problems (Lackner et al. 2023). Each slot is an optional interval on each station it may run on, without
overlap, in sequence by a circuit that knows changeovers. Windows, operators, magazines, sheets, kinds and chains are
all in the model, so that its answers stand as they are; every job must be planned. There is no start plan, no
decomposition and no search of our own: this is what a solver does for you.

It grows with the square of the jobs of a station, and is expected to find nothing from about 250 jobs on.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from batcher.planning.index import NO_LIMIT, Instance, ModeView, Unit
from batcher.planning.plan import Batch, Placement, Plan
from benchmarks.planner.peers.textbook_sheets import Sheets

#: Above this many jobs the model alone is larger than what any of our machines could search.
MOST_JOBS = 500


@dataclass(frozen=True)
class Answer:
    """How the search ended."""

    status: str  #: as CP-SAT calls it
    bound: float | None  #: proven, on the cost of any plan that leaves nothing out


def textbook(
    instance: Instance, *, seconds: Callable[[], float], workers: int, seed: int, on_plan: Callable[[Plan, float], None]
) -> Answer:
    """
    Search for the cheapest plan.

    Parameters
    ----------
    seconds
        Wall seconds left; asked once the model has been made, which is part of the time.
    workers, seed
        Of CP-SAT.
    on_plan
        Told each plan and the bound proven so far.
    """
    from ortools.sat.python import cp_model  # takes seconds to import

    model = Model(cp_model.CpModel(), instance)
    solver = cp_model.CpSolver()
    solver.parameters.max_time_in_seconds = max(0.1, seconds())
    solver.parameters.num_workers = workers
    solver.parameters.random_seed = seed

    class Tell(cp_model.CpSolverSolutionCallback):
        def on_solution_callback(self) -> None:
            on_plan(model.plan(self.Value), self.BestObjectiveBound() / 3600)

    status = solver.Solve(model.model, Tell())
    searched = status in (cp_model.OPTIMAL, cp_model.FEASIBLE, cp_model.UNKNOWN)
    bound = max(0.0, solver.BestObjectiveBound() / 3600) if searched else None
    return Answer(solver.StatusName(status).lower(), bound)


class Model:
    """Variables and constraints; money in minor units times 3600."""

    def __init__(self, model: Any, instance: Instance) -> None:
        self.model, self.instance = model, instance
        self.units = [unit for unit in instance.units if unit.modes]
        self.horizon = instance.problem.horizon
        self.costs: list[Any] = []
        self.joins: dict[tuple[int, int], Any] = {}  #: (unit, slot)
        self.runs: dict[tuple[int, int], Any] = {}  #: (slot, station)
        self.start: dict[int, Any] = {}
        self.end: dict[int, Any] = {}
        self.done: dict[int, Any] = {}  #: by unit
        self.sheets = Sheets(model)
        for unit in self.units:
            self._unit(unit)
        for slot in self.units:
            self._slot(slot)
        for station in range(len(instance.stations)):
            self._station(station, [unit for unit in self.units if unit.stations >> station & 1])
        self._chains()
        self._lateness()
        model.Minimize(sum(self.costs))

    def plan(self, value: Callable[[Any], int]) -> Plan:
        """Return the plan of a solution."""
        problem = self.instance.problem
        batches: list[Batch] = []
        for slot in self.units:
            if not value(self.joins[slot.place, slot.place]):
                continue
            units = [unit for unit, joins in self._members(slot) if value(joins)]
            station = next(mode.station for mode in slot.modes if value(self.runs[slot.place, mode.station]))
            sheet = self.instance.families[slot.family].modes[station].sheet
            batches.append(
                Batch(
                    id=f"b{len(batches)}",
                    station=problem.stations[station].id,
                    family=problem.families[slot.family].id,
                    start=value(self.start[slot.place]),
                    end=value(self.end[slot.place]),
                    jobs=tuple(problem.jobs[job].id for unit in units for job in unit.jobs),
                    placements={} if sheet is None else self._placements(units, value),
                )
            )
        left = (unit for unit in self.instance.units if not unit.modes)
        return Plan(tuple(batches), tuple(problem.jobs[job].id for unit in left for job in unit.jobs))

    def _placements(self, units: list[Unit], value: Callable[[Any], int]) -> dict[str, Placement]:
        return {box.job: self.sheets.placement(box, value) for unit in units for box in unit.rectangles}

    def _members(self, slot: Unit) -> list[tuple[Unit, Any]]:
        """Return the units that may be in a slot, each with whether it is."""
        return [
            (unit, self.joins[unit.place, slot.place]) for unit in self.units if (unit.place, slot.place) in self.joins
        ]

    def _unit(self, unit: Unit) -> None:
        """Have a unit in one slot."""
        model, place = self.model, unit.place
        self.start[place] = model.NewIntVar(0, self.horizon, "")
        self.end[place] = model.NewIntVar(0, self.horizon, "")
        self.done[place] = model.NewIntVar(0, self.horizon, "")
        for slot in self.units:
            if _may_hold(slot, unit):
                self.joins[place, slot.place] = model.NewBoolVar("")
        model.AddExactlyOne([joins for (member, _), joins in self.joins.items() if member == place])

    def _slot(self, slot: Unit) -> None:
        """Have a slot used by its own unit if at all, last as its units make it, and run in one mode."""
        model, place, members = self.model, slot.place, self._members(slot)
        used, start, end = self.joins[place, place], self.start[place], self.end[place]
        serial = sum(unit.serial * joins for unit, joins in members)
        for unit, joins in members:
            model.AddImplication(joins, used)
            model.Add(start >= unit.release).OnlyEnforceIf(joins)
            model.Add(self.done[unit.place] == end).OnlyEnforceIf(joins)
        for mode in slot.modes:
            runs = self.runs[place, mode.station] = model.NewBoolVar("")
            model.Add(end == start + mode.seconds + slot.parallel + serial).OnlyEnforceIf(runs)
            self._room(mode, runs, members)
            if mode.rate:
                cost = model.NewIntVar(0, mode.rate * sum(unit.serial for unit, _ in members), "")
                model.Add(cost == mode.rate * serial).OnlyEnforceIf(runs)
                self.costs.append(cost)
            self.costs.append((mode.fixed + mode.rate * slot.parallel) * runs)
        model.Add(sum(self.runs[place, mode.station] for mode in slot.modes) == used)

    def _room(self, mode: ModeView, runs: Any, members: list[tuple[Unit, Any]]) -> None:
        model = self.model
        for unit, joins in members:
            if not unit.stations >> mode.station & 1:
                model.AddBoolOr([runs.Not(), joins.Not()])
        if mode.sheet is None:
            model.Add(sum(unit.size * joins for unit, joins in members) <= mode.capacity).OnlyEnforceIf(runs)
        else:
            self.sheets.lay(mode.sheet, runs, members)
        if mode.max_kinds < NO_LIMIT:
            model.Add(sum(self._kinds(members)) <= mode.max_kinds).OnlyEnforceIf(runs)

    def _kinds(self, members: list[tuple[Unit, Any]]) -> Iterable[Any]:
        for kind in sorted({kind for unit, _ in members for kind in unit.kinds}):
            there = self.model.NewBoolVar("")
            for unit, joins in members:
                if kind in unit.kinds:
                    self.model.AddImplication(joins, there)
            yield there

    def _station(self, station: int, slots: list[Unit]) -> None:
        """Have the slots of a station in one sequence, changed over between, each within a stretch of its calendar."""
        if not slots:
            return
        model, view = self.model, self.instance.stations[station]
        idle = model.NewBoolVar("")
        arcs, intervals = [(0, 0, idle)], []
        started: dict[int, list[Any]] = {}
        for node, slot in enumerate(slots, 1):
            runs, start, end = self.runs[slot.place, station], self.start[slot.place], self.end[slot.place]
            begin = model.NewIntVar(0, self.horizon, "")
            intervals.append(model.NewOptionalIntervalVar(start, model.NewIntVar(0, self.horizon, ""), end, runs, ""))
            arcs += [(node, node, runs.Not()), (node, 0, model.NewBoolVar(""))]
            changed, takes = [], []
            state = self.instance.families[slot.family].state
            for origin, before in enumerate((None, *slots)):
                if before is slot:
                    continue
                came = view.state if before is None else self.instance.families[before.family].state
                seconds, arc = self.instance.change_seconds[came][state], model.NewBoolVar("")
                arcs.append((origin, node, arc))
                if before is not None:
                    model.Add(begin >= self.end[before.place]).OnlyEnforceIf(arc)
                if seconds:
                    changed.append(arc)
                    takes.append(seconds * arc)
                self.costs.append(view.change_money[came][state] * arc)
            model.Add(begin == start - sum(takes))
            self._stretches(station, slot, begin, changed, started)
        for stretch, begun in started.items():
            if not view.calendar.attended[stretch]:
                model.Add(sum(begun) <= view.calendar.magazine)
        model.AddNoOverlap(intervals)
        model.AddCircuit(arcs)

    def _stretches(
        self, station: int, slot: Unit, begin: Any, changed: list[Any], started: dict[int, list[Any]]
    ) -> None:
        """Have a slot begin in a stretch that suits it, and end before that stretch's window closes."""
        model, view = self.model, self.instance.stations[station]
        calendar, inside = view.calendar, []
        for stretch, attended in enumerate(calendar.attended):
            if not attended and not self.instance.families[slot.family].unattended:
                continue
            lies = model.NewBoolVar("")
            inside.append(lies)
            started.setdefault(stretch, []).append(lies)
            model.Add(begin >= calendar.starts[stretch]).OnlyEnforceIf(lies)
            model.Add(begin < calendar.ends[stretch]).OnlyEnforceIf(lies)
            model.Add(self.end[slot.place] <= calendar.closes[stretch]).OnlyEnforceIf(lies)
            if not attended and not view.setup_unattended:
                for arc in changed:
                    model.AddBoolOr([lies.Not(), arc.Not()])
        model.Add(sum(inside) == self.runs[slot.place, station])

    def _chains(self) -> None:
        """Have units start after those they wait for; one that waits for what no station can run leaves no plan."""
        for unit in self.units:
            for before, lag in unit.before:
                if before not in self.done:
                    self.model.AddBoolOr([])
                    return
                for slot in self.units:
                    joins = self.joins.get((unit.place, slot.place))
                    if joins is not None:
                        self.model.Add(self.start[slot.place] >= self.done[before] + lag).OnlyEnforceIf(joins)

    def _lateness(self) -> None:
        for order in self.instance.orders:
            ends = [self.done[unit] for unit in order.units if unit in self.done]
            most = max(0, self.horizon - order.due)
            if not ends or not most:
                continue
            late, tardiness = self.model.NewBoolVar(""), self.model.NewIntVar(0, most, "")
            for end in ends:
                self.model.Add(tardiness >= end - order.due)
                self.model.Add(end <= order.due).OnlyEnforceIf(late.Not())
            self.costs += [order.late * late, order.rate * tardiness]


def _may_hold(slot: Unit, unit: Unit) -> bool:
    """Tell whether a unit may be in the slot of another: that one's parallel time is the longest, and stood by it."""
    if slot is unit:
        return True
    longest = (-slot.parallel, slot.place) < (-unit.parallel, unit.place)
    return (
        slot.family == unit.family
        and longest
        and slot.parallel <= min(slot.limit, unit.limit)
        and bool(slot.stations & unit.stations)
    )
