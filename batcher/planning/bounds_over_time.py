"""
A lower bound that knows of time: what must end before an order falls due shares no batch with what comes later.

Time is cut at the dues at which most money is at stake, the most urgent first, and CP-SAT bounds what every plan
costs by what it does in each stretch: first with time uncut, then cut once, then twice, for as long as there is time.
What is proven of fewer cuts stands if more of them are too many.
"""

import math
import time
from collections import defaultdict
from collections.abc import Callable

from batcher.planning.bounds import stocks_of
from batcher.planning.bounds_changeovers import near_sets, runnable
from batcher.planning.bounds_lots import Ends, Grid
from batcher.planning.bounds_model import Model
from batcher.planning.index import Instance
from batcher.planning.magnitude import fits_a_word

#: More units than this make a model that takes too long.
MOST_UNITS = 4000
#: How often time is cut at most.
_CUTS = 3
#: What a model may take of the time that is left, unless it is the last.
_SHARE = 0.75
#: Bounds are read as floating-point numbers: so much less, and they are surely not rounded up.
_ROUNDING = 1 - 2.0**-50

OnBound = Callable[[float], None]


def bound_over_time(instance: Instance, *, seconds: float, effort: float = math.inf, on_bound: OnBound) -> None:
    """
    Tell of lower bounds on the cost of every plan, in minor units, as they are proven.

    Parameters
    ----------
    seconds
        Wall time.
    effort
        Work to stop after, about a second's a unit: with time enough the same result every time.
    """
    if len(instance.units) > MOST_UNITS or not fits_a_word(instance):
        return
    deadline = time.monotonic() + seconds
    ends, states_of = Ends.of(instance), runnable(instance)
    stocks, near = stocks_of(instance, states_of), near_sets(instance, states_of)
    dues = _dues(instance, ends)
    for cuts in range(len(dues) + 1):
        grid = Grid(ends, (-1, *dues[:cuts], instance.problem.horizon))
        share = 1.0 if cuts == len(dues) else _SHARE
        left = share * (deadline - time.monotonic())
        if left <= 0 or effort <= 0:
            return
        effort -= _solve(Model(grid, stocks, states_of, near), left, share * effort, on_bound)


def _dues(instance: Instance, ends: Ends) -> list[int]:
    """Return the dues that cost most to miss, of orders that can be in time; the first first."""
    done: defaultdict[int, int] = defaultdict(int)
    for earliest, tails in zip(ends.earliest, ends.tails, strict=True):
        for place, tail in tails.items():
            done[place] = max(done[place], earliest + tail)
    worth: defaultdict[int, int] = defaultdict(int)
    for place, end in done.items():
        order = instance.orders[place]
        if end <= order.due < instance.problem.horizon:
            worth[order.due] += order.lateness(order.due + 3600)
    return sorted(sorted(worth, key=lambda due: (-worth[due], due))[:_CUTS])


def _solve(model: Model, seconds: float, effort: float, on_bound: OnBound) -> float:
    """Tell of the bounds that are proven of a model; return the effort it took."""
    from ortools.sat.python import cp_model

    def tell(bound: float) -> None:
        if math.isfinite(bound):
            on_bound((bound + model.constant) / 3600 * _ROUNDING)

    solver = cp_model.CpSolver()
    solver.parameters.max_time_in_seconds = seconds
    solver.parameters.max_deterministic_time = effort
    solver.parameters.num_workers = 1
    solver.parameters.linearization_level = 2  # without, it proves next to nothing
    solver.parameters.catch_sigint_signal = False
    solver.best_bound_callback = tell
    status = solver.Solve(model.model)
    if status in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        tell(solver.BestObjectiveBound())
    return float(solver.response_proto.deterministic_time)
