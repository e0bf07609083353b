"""
Small problems solved to a proof by CP-SAT.

As few jobs as can be are left out, whatever that costs; among such plans the cheapest is sought. What is proven of
these holds for every plan only where leaving out more saves nothing, which is looked at first. The model counts sheets
by area: what it puts on a sheet and no layout was found for is forbidden, and the search for plans goes on, but its
bounds are no longer heard.
"""

import math
import time
from collections.abc import Callable

from batcher.planning.conversion import Bundle
from batcher.planning.cpsat_model import Model
from batcher.planning.index import ModeView
from batcher.planning.loads import Load
from batcher.planning.magnitude import fits_a_word
from batcher.planning.problem import SheetSize
from batcher.planning.schedule import Schedule

#: More units than this make a model that proves nothing in useful time.
MOST_UNITS = 45

Better = Callable[[list[list[Bundle]]], None]
OnBound = Callable[[float], None]
OnFewest = Callable[[int], None]


def prove(
    schedule: Schedule,
    *,
    seconds: float,
    workers: int,
    seed: int,
    on_better: Better,
    on_bound: OnBound,
    on_fewest: OnFewest,
    effort: float = math.inf,
) -> None:
    """
    Search for the best plan and a proof, telling of plans and bounds as they come.

    Parameters
    ----------
    schedule
        A good plan to start from.
    seconds
        Wall time.
    workers, seed
        Of CP-SAT.
    on_better
        Told the sequences of each solution that lies on its sheets.
    on_bound
        Told each proven bound on the cost of any plan, in minor units; none where numbers are beyond CP-SAT.
    on_fewest
        Told how many jobs every plan leaves out, where leaving some out cannot be helped.
    effort
        Work to stop after, about a second's a unit: with one worker and time enough the same result every time.
    """
    if not fits_a_word(schedule.instance) or not any(unit.modes for unit in schedule.instance.units):
        return
    search = _Search(schedule, seconds, effort, workers, seed, on_better)
    search.leave_out_fewest(on_fewest)
    if search.saves_nothing():
        ceiling = schedule.cost / 3600  # of plans that leave out more it is known only that none costs less than this
        search.cheapest(0.5 if search.sheets else 1.0, lambda bound: on_bound(min(bound, ceiling)))
    else:
        search.cheapest(0.6, _unheard)
        search.bound_all(0.5 if search.sheets else 1.0, on_bound)
    search.cheapest_that_lies()


def _unheard(_: object) -> None:
    """Tell nobody."""


class _Search:
    """Solves one model after another, each with a share of the time and effort left, from the plan to start from."""

    def __init__(
        self, schedule: Schedule, seconds: float, effort: float, workers: int, seed: int, on_better: Better
    ) -> None:
        self.schedule, self.effort, self.workers, self.seed = schedule, effort, workers, seed
        self.deadline = time.monotonic() + seconds
        self.on_better = on_better
        units = schedule.instance.units
        out = [units[place] for place, run in enumerate(schedule.run_of) if run is None]
        self.fewest = sum(len(unit.jobs) for unit in out if unit.modes)  #: jobs that a plan is known to leave out
        self.sheets = any(mode.sheet for unit in units for mode in unit.modes)
        self.forbidden: set[tuple[SheetSize, frozenset[int]]] = set()  #: units that no layout was found for

    def leave_out_fewest(self, on_fewest: OnFewest) -> None:
        """Find a plan that leaves out as few jobs as can be, of those that some station could take."""
        never = sum(len(unit.jobs) for unit in self.schedule.instance.units if not unit.modes)

        def heard(bound: float) -> None:
            on_fewest(never + math.ceil(bound * 3600 - 1e-6))

        while self.fewest:
            known = len(self.forbidden)
            model = self._model(forbid=True)
            model.model.Minimize(model.left_out)
            self._solve(model, 0.2, _unheard if known else heard)
            if len(self.forbidden) == known:
                return

    def saves_nothing(self) -> bool:
        """Tell whether it is proven that no plan that leaves out more costs less than the one to start from."""
        model = self._model()
        model.model.Add(model.left_out > self.fewest)
        model.model.Add(model.cost < self.schedule.cost)
        return self._solve(model, 0.2, _unheard, heard=False) == "INFEASIBLE"

    def cheapest(self, share: float, on_bound: OnBound, *, forbid: bool = False) -> None:
        """Search for the cheapest plan that leaves out the fewest."""
        model = self._model(forbid=forbid)
        model.model.Add(model.left_out <= self.fewest)
        model.model.Minimize(model.cost)
        self._solve(model, share, on_bound)

    def cheapest_that_lies(self) -> None:
        """Go on for as long as solutions lie on no sheet."""
        known = 0
        while len(self.forbidden) > known and self._has_time():
            known = len(self.forbidden)
            self.cheapest(1.0, _unheard, forbid=True)

    def bound_all(self, share: float, on_bound: OnBound) -> None:
        """Bound the cost of any plan, however many jobs it leaves out."""
        model = self._model()
        model.model.Minimize(model.cost)
        self._solve(model, share, on_bound, heard=False)

    def _has_time(self) -> bool:
        return self.effort > 0 and time.monotonic() < self.deadline

    def _model(self, *, forbid: bool = False) -> Model:
        from ortools.sat.python import cp_model  # takes seconds to import; only this search needs it

        model = Model(cp_model.CpModel(), self.schedule.instance, self.schedule.loader)
        model.hint(self.schedule)
        for sheet, units in sorted(self.forbidden, key=repr) if forbid else ():
            model.forbid(sheet, units)
        return model

    def _solve(self, model: Model, share: float, on_bound: OnBound, *, heard: bool = True) -> str:
        """Return how solving ended; unless it is not to be heard, every solution is looked at and told."""
        from ortools.sat.python import cp_model

        solver = cp_model.CpSolver()
        solver.parameters.max_time_in_seconds = max(0.1, share * (self.deadline - time.monotonic()))
        solver.parameters.max_deterministic_time = share * self.effort
        solver.parameters.num_workers = self.workers
        solver.parameters.random_seed = self.seed
        solver.parameters.catch_sigint_signal = False
        solver.best_bound_callback = lambda bound: on_bound(bound / 3600)
        look = self._look

        class Tell(cp_model.CpSolverSolutionCallback):
            def on_solution_callback(self) -> None:
                if heard:
                    look(model.decoded(self.Value), self.Value(model.left_out))

        status = solver.Solve(model.model, Tell())
        self.effort = max(0.0, self.effort - solver.response_proto.deterministic_time)
        if status in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            on_bound(solver.BestObjectiveBound() / 3600)
        return str(status.name)

    def _look(self, sequences: list[list[Bundle]], left_out: int) -> None:
        """Tell of a solution, or learn what of it lies on no sheet."""
        loader = self.schedule.loader
        stray = [(mode, load) for sequence in sequences for mode, load in sequence if not loader.fits(mode, load)]
        if stray:
            self.forbidden.update(self._least(mode, load) for mode, load in stray if mode.sheet)
        else:
            self.fewest = min(self.fewest, left_out)
            self.on_better(sequences)

    def _least(self, mode: ModeView, load: Load) -> tuple[SheetSize, frozenset[int]]:
        """Return units of a load that lie on no sheet together, though any one of them could be spared."""
        assert mode.sheet is not None
        loader, kept = self.schedule.loader, load
        for unit in load.units:
            fewer = [place for place in kept.units if place != unit]
            if fewer and not loader.fits(mode, loader.load(fewer)):
                kept = loader.load(fewer)
        return mode.sheet, frozenset(kept.units)
