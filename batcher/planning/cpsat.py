"""
Small problems solved to a proof by CP-SAT.

As few jobs as can be are left out, whatever that costs; among such plans the cheapest is sought. That one found, it is
looked at whether leaving out more would cost less: nobody wants such a plan, but the bound on the cost of any plan
counts it. The model counts sheets by area: what it puts on a sheet and no layout was found for is forbidden, and the
search for plans goes on, but its bounds are no longer heard.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from batcher.planning.conversion import Bundle, from_plan, to_plan
from batcher.planning.cpsat_model import Model
from batcher.planning.cpsat_parts import apart, parts, restricted
from batcher.planning.index import Instance, ModeView, index
from batcher.planning.loads import Load, Loader
from batcher.planning.magnitude import fits_a_word
from batcher.planning.problem import SheetSize
from batcher.planning.schedule import Schedule

#: More units than this make a model that proves nothing in useful time.
MOST_UNITS = 60
#: With more than this it proves something now and then: local search is worth as much of the time.
SURE_UNITS, _UNSURE_SHARE = 35, 0.6
#: A floor of so many units is looked at if it falls into parts that are sure.
_MOST_IN_PARTS = 120
#: Once the best plan is proven, what leaving out more would save is worth as much effort as the proof took, or this.
_LEAST_AFTERWARDS = 0.5


@dataclass(frozen=True)
class Tell:
    """
    Who is told what is found.

    Parameters
    ----------
    better
        The sequences of each solution that lies on its sheets.
    bound
        Each proven bound on the cost of any plan, in minor units.
    least
        Each proven bound on the cost of plans that leave out no more jobs than the best one known.
    fewest
        How many jobs every plan leaves out, where leaving some out cannot be helped.
    """

    better: Callable[[list[list[Bundle]]], None]
    bound: Callable[[float], None]
    least: Callable[[float], None]
    fewest: Callable[[int], None]


def worth_trying(instance: Instance) -> bool:
    """Tell whether a proof may be had in useful time."""
    units = len(instance.units)
    if units <= MOST_UNITS:
        return True
    return units <= _MOST_IN_PARTS and max(map(len, apart(instance))) <= SURE_UNITS


def prove(schedule: Schedule, tell: Tell, *, seconds: float, workers: int, seed: int, effort: float = math.inf) -> bool:
    """
    Search for the best plan and a proof; tell whether there is nothing left to find.

    Parameters
    ----------
    schedule
        A good plan to start from.
    tell
        Told of plans and bounds as they come; of none where numbers are beyond CP-SAT.
    seconds
        Wall time.
    workers, seed
        Of CP-SAT.
    effort
        Work to stop after, about a second's a unit: with one worker and time enough the same result every time.
    """
    if not fits_a_word(schedule.instance):
        return False
    if not any(unit.modes for unit in schedule.instance.units):
        tell.bound(schedule.cost / 3600)
        return True
    share = 1.0 if len(schedule.instance.units) <= SURE_UNITS else _UNSURE_SHARE
    search = _Search(schedule, tell, share * seconds, share * effort, workers, seed)
    search.leave_out_fewest()
    if len(schedule.instance.units) > SURE_UNITS:
        small = len(schedule.instance.units) <= MOST_UNITS
        search.by_parts(0.5 if small else 1.0)
        if search.proven or not small:
            return search.proven
    search.cheapest(0.7 if search.sheets else 0.9)
    search.cheapest_that_lies(0.5)
    search.leave_out_more(0.5)
    return search.proven


def _unheard(*_: object) -> None:
    """Tell nobody."""


def _keep(best: list[float], place: int, bound: float) -> None:
    best[place] = max(best[place], bound)


class _Search:
    """Solves one model after another, each with a share of the time and effort left, from the plan to start from."""

    def __init__(self, schedule: Schedule, tell: Tell, seconds: float, effort: float, workers: int, seed: int) -> None:
        self.schedule, self.tell, self.workers, self.seed = schedule, tell, workers, seed
        self.deadline, self.effort, self.spent = time.monotonic() + seconds, effort, 0.0
        units = schedule.instance.units
        out = [units[place] for place, run in enumerate(schedule.run_of) if run is None]
        self.fewest = sum(len(unit.jobs) for unit in out if unit.modes)  #: jobs that a plan is known to leave out
        self.fewest_proven = self.fewest == 0
        self.cost, self.least = schedule.cost, 0.0  #: of the best plan known, and proven of all that leave out so few
        self.sheets = any(mode.sheet for unit in units for mode in unit.modes)
        self.forbidden: set[tuple[SheetSize, frozenset[int]]] = set()  #: units that no layout was found for

    @property
    def proven(self) -> bool:
        """Tell whether no plan leaves out fewer jobs than the best known, and no such plan costs less."""
        return self.fewest_proven and self.least > self.cost - 1

    def leave_out_fewest(self) -> None:
        """Find a plan that leaves out as few jobs as can be, of those that some station could take."""
        never = sum(len(unit.jobs) for unit in self.schedule.instance.units if not unit.modes)

        def heard(bound: float) -> None:
            fewest = math.ceil(bound - 1e-6)
            self.tell.fewest(never + fewest)
            self.fewest_proven = fewest >= self.fewest

        while self.fewest:
            known = len(self.forbidden)
            model = self._model(forbid=True)
            model.model.Minimize(model.left_out)
            self._solve(model, 0.2, _unheard if known else heard)
            if len(self.forbidden) == known:
                return

    def by_parts(self, share: float) -> None:
        """Bound the cost of plans that leave nothing out by what each part of the floor costs by itself."""
        from ortools.sat.python import cp_model

        instance = self.schedule.instance
        whole = self.fewest == 0 and all(unit.modes for unit in instance.units)
        found = parts(instance) if whole else []
        if len(found) < 2:
            return
        plan, least = to_plan(self.schedule), [0.0] * len(found)
        for number, part in enumerate(found):
            small = index(part)
            loader = Loader(small)
            model = Model(cp_model.CpModel(), small, loader)
            known = from_plan(small, loader, restricted(plan, part))
            if known is not None:
                model.hint(known)
            model.model.Add(model.left_out == 0)
            model.model.Minimize(model.cost)
            self._solve(model, share / (len(found) - number), partial(_keep, least, number), look=False)
        self.least = sum(least)
        self.tell.least(self.least / 3600)

    def cheapest(self, share: float, *, forbid: bool = False) -> None:
        """Search for the cheapest plan that leaves out the fewest."""
        model = self._model(forbid=forbid)
        model.model.Add(model.left_out <= self.fewest)
        model.model.Minimize(model.cost)

        def heard(bound: float) -> None:
            self.least = max(self.least, bound)
            self.tell.least(bound / 3600)

        self._solve(model, share, _unheard if forbid else heard)

    def cheapest_that_lies(self, share: float) -> None:
        """Go on for as long as solutions lie on no sheet."""
        known = 0
        while len(self.forbidden) > known and self._has_time():
            known = len(self.forbidden)
            self.cheapest(share, forbid=True)

    def leave_out_more(self, share: float) -> None:
        """Bound the cost of any plan: of those that leave out more, unless none of them is cheaper than the best."""
        if self.least <= 0 or not self._has_time():
            return
        model = self._model()
        model.model.Add(model.left_out > self.fewest)
        model.model.Add(model.cost < self.cost)
        model.model.Minimize(model.cost)

        def heard(bound: float) -> None:
            self.tell.bound(min(bound, self.least) / 3600)

        most = max(_LEAST_AFTERWARDS, self.spent) if self.proven else math.inf
        if self._solve(model, share, heard, look=False, most=most) == "INFEASIBLE":
            heard(math.inf)

    def _has_time(self) -> bool:
        return self.effort > 0 and time.monotonic() < self.deadline

    def _model(self, *, forbid: bool = False) -> Model:
        from ortools.sat.python import cp_model  # takes seconds to import; only this search needs it

        model = Model(cp_model.CpModel(), self.schedule.instance, self.schedule.loader)
        model.hint(self.schedule)
        for sheet, units in sorted(self.forbidden, key=repr) if forbid else ():
            model.forbid(sheet, units)
        return model

    def _solve(
        self,
        model: Model,
        share: float,
        on_bound: Callable[[float], None],
        *,
        look: bool = True,
        most: float = math.inf,
    ) -> str:
        """Return how solving ended, within `most` effort; solutions are looked at unless they are not to be."""
        from ortools.sat.python import cp_model

        solver = cp_model.CpSolver()
        solver.parameters.max_time_in_seconds = max(0.1, share * (self.deadline - time.monotonic()))
        solver.parameters.max_deterministic_time = min(most, share * self.effort)
        solver.parameters.num_workers = self.workers
        solver.parameters.random_seed = self.seed
        solver.parameters.catch_sigint_signal = False
        solver.best_bound_callback = on_bound
        seen = self._look if look else _unheard

        class Solutions(cp_model.CpSolverSolutionCallback):
            def on_solution_callback(self) -> None:
                seen(model, self.Value)

        status = solver.Solve(model.model, Solutions())
        self.effort = max(0.0, self.effort - solver.response_proto.deterministic_time)
        self.spent += solver.response_proto.deterministic_time
        if status in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            on_bound(solver.BestObjectiveBound())
        return str(status.name)

    def _look(self, model: Model, value: Callable[[Any], int]) -> None:
        """Tell of a solution, or learn what of it lies on no sheet."""
        loader, sequences = self.schedule.loader, model.decoded(value)
        stray = [(mode, load) for sequence in sequences for mode, load in sequence if not loader.fits(mode, load)]
        if stray:
            self.forbidden.update(self._spare(mode, load) for mode, load in stray if mode.sheet)
            return
        self.fewest, self.cost = min((self.fewest, self.cost), (value(model.left_out), value(model.cost)))
        self.tell.better(sequences)

    def _spare(self, mode: ModeView, load: Load) -> tuple[SheetSize, frozenset[int]]:
        """Return units of a load that lie on no sheet together, though any one of them could be spared."""
        assert mode.sheet is not None
        loader, kept = self.schedule.loader, load
        for unit in load.units:
            fewer = [place for place in kept.units if place != unit]
            if fewer and not loader.fits(mode, loader.load(fewer)):
                kept = loader.load(fewer)
        return mode.sheet, frozenset(kept.units)
