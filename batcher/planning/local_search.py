"""
Local search in the fastest form this machine has: compiled where it can be, else in Python.

Until the compiled form is there, slices of the Python one pass the time: a budget is never spent on waiting.
"""

import time
from collections.abc import Callable

from batcher.planning import kernel_ready
from batcher.planning.conversion import Bundle, scheduled, sequences_of
from batcher.planning.improve import anneal
from batcher.planning.kernel_ready import Kernel
from batcher.planning.schedule import Schedule

Sequences = list[list[Bundle]]

#: With less time than this left, loading compiled code would take too much of it.
_LEAST_TO_LOAD_S = 3.0
#: How often a process that has to do without looks whether it has been compiled by now.
_SLICE_S = 5.0


def local_search(
    schedule: Schedule,
    *,
    deadline: float,
    seed: int,
    on_better: Callable[[Sequences], None] | None = None,
    ask: Callable[[Sequences], Sequences | None] | None = None,
) -> Sequences:
    """
    Improve a schedule until the deadline (on the monotonic clock), and return the best sequences found.

    Parameters
    ----------
    on_better
        Told the best sequences now and then.
    ask
        Handed the best sequences at times, answers with better ones that others have found. Searches side by side cool
        in two ways, by even and odd seeds, so that they have something to tell each other.
    """
    instance, loader = schedule.instance, schedule.loader
    kernel = _kernel(deadline)
    if kernel is None:
        kernel_ready.start_building()
    while kernel is None:
        until = min(deadline, time.monotonic() + _SLICE_S)
        if deadline - until < _LEAST_TO_LOAD_S:
            return anneal(schedule, deadline=deadline, seed=seed, on_better=on_better)
        best = anneal(schedule, deadline=until, seed=seed, on_better=on_better)
        schedule = scheduled(instance, loader, best) or schedule
        kernel = _kernel(deadline)
    from batcher.planning import kernel_anneal, kernel_state  # there is a compiler: only now are they known to import

    if not kernel_state.supported(instance):
        return anneal(schedule, deadline=deadline, seed=seed, on_better=on_better)
    coolings = (kernel_anneal.AGAIN, kernel_anneal.DEEPER)[seed % 2]
    return kernel_anneal.search(
        instance,
        sequences_of(schedule),
        kernel,
        deadline=deadline,
        seed=seed,
        coolings=coolings,
        on_better=on_better,
        ask=ask,
    )


def search_by_moves(schedule: Schedule, *, moves: int, seed: int) -> Sequences:
    """
    Improve a schedule by a number of moves, and return the best sequences found.

    However long it takes: where the compiled form is not there yet, it is compiled first. On one machine the result is
    the same every time.
    """
    kernel = kernel_ready.ready_at_last()
    if kernel is not None:
        from batcher.planning import kernel_anneal, kernel_state

        instance = schedule.instance
        if kernel_state.supported(instance):
            found = sequences_of(schedule)
            return kernel_anneal.search(instance, found, kernel, deadline=0, seed=seed, max_moves=moves)
    return anneal(schedule, deadline=0, seed=seed, max_moves=moves)


def _kernel(deadline: float) -> Kernel | None:
    return kernel_ready.ready(at_once=deadline - time.monotonic() < _LEAST_TO_LOAD_S)
