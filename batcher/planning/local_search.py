"""
Local search in the fastest form this machine has: compiled where it can be, else in Python.

Until the compiled form is there, slices of the Python one pass the time: a budget is never spent on waiting.
"""

import time
from collections.abc import Callable

from batcher.planning import kernel_ready
from batcher.planning.conversion import Bundle, scheduled
from batcher.planning.improve import anneal
from batcher.planning.kernel_ready import Kernel
from batcher.planning.schedule import Schedule

#: With less time than this left, loading compiled code would take too much of it.
_LEAST_TO_LOAD_S = 3.0
#: How often a process that has to do without looks whether it has been compiled by now.
_SLICE_S = 5.0


def local_search(
    schedule: Schedule,
    *,
    deadline: float,
    seed: int,
    on_better: Callable[[list[list[Bundle]]], None] | None = None,
) -> list[list[Bundle]]:
    """
    Improve a schedule until the deadline (on the monotonic clock), and return the best sequences found.

    Even seeds start hot and odd ones warm, so that searches side by side suit both late and well-paced floors.
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
    sequences = [[(run.mode, run.load) for run in sequence] for sequence in schedule.sequences]
    cooling = (kernel_anneal.FROM_HOT, kernel_anneal.FROM_WARM)[seed % 2]
    return kernel_anneal.search(
        instance, sequences, kernel, deadline=deadline, seed=seed, cooling=cooling, on_better=on_better
    )


def _kernel(deadline: float) -> Kernel | None:
    return kernel_ready.ready(at_once=deadline - time.monotonic() < _LEAST_TO_LOAD_S)
