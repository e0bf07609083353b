"""
Simulated annealing with the compiled search: what `improve.anneal` does, dozens of times as fast.

Starts from sequences, hands over every better ones it finds, and can be stopped at any moment. The temperature follows
the share of the budget that is spent, so that any budget ends cold.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from batcher.planning import kernel_tables as t
from batcher.planning.conversion import Bundle
from batcher.planning.index import Instance
from batcher.planning.kernel_ready import Kernel
from batcher.planning.kernel_state import bundles_of, memory_of, rows_of
from batcher.planning.kernel_tables import Ints
from batcher.planning.loads import Loader

#: A move that has more batches timed anew than this is not worth its price.
PATIENCE = 2000
#: How often the clock is looked at.
_LOOK_S = 0.01
_MOST_MOVES = 1 << 20
#: About how many moves a second makes, and for each unit it takes before a plan that was molten is good again: with
#: less, the search starts cooler and keeps more of the plan it was given.
_MOVES_PER_S = 200_000
_MOVES_TO_MELT = 1000


@dataclass(frozen=True, slots=True)
class Cooling:
    """Temperatures at the start and the end, as shares of the mean cost of a batch; shares of each kind of move."""

    hot: float = 0.4
    cold: float = 0.004
    weights: tuple[float, ...] = (0.28, 0.22, 0.06, 0.14, 0.10, 0.04, 0.05, 0.04, 0.07)


#: Finds its way out of a queue in the wrong order: best where lateness rules.
FROM_HOT = Cooling()
#: Polishes a good order: best where batches and changeovers rule.
FROM_WARM = Cooling(hot=0.1, cold=0.001)


def search(
    instance: Instance,
    sequences: list[list[Bundle]],
    kernel: Kernel,
    *,
    deadline: float,
    seed: int,
    cooling: Cooling = FROM_HOT,
    on_better: Callable[[list[list[Bundle]]], None] | None = None,
    max_moves: int | None = None,
) -> list[list[Bundle]]:
    """
    Improve sequences of batches until the deadline, and return the best found.

    Parameters
    ----------
    instance
        One that `kernel_state.supported` accepts.
    sequences
        Where to start; returned when they cannot be timed.
    kernel
        The compiled search.
    deadline
        On the monotonic clock.
    seed
        Of all choices.
    cooling
        How hot to start and how cold to end.
    on_better
        Told the best sequences now and then: never more than a tenth of the time goes into telling.
    max_moves
        Stop and cool by this many moves instead of the clock: the same result every time.
    """
    rows, held = rows_of(sequences)
    memory, loader = memory_of(instance, held.tolist(), seed), Loader(instance)
    if not held.size or not kernel.build(memory, rows, held):
        return sequences
    began = looked = time.monotonic()
    expected = max_moves or _MOVES_PER_S * (deadline - began)
    scale = max(1.0, float(memory[t.COST]) / len(rows))
    hot = scale * max(cooling.cold, cooling.hot * min(1.0, max(0.0, expected) / (_MOVES_TO_MELT * len(held))) ** 0.5)
    next_tell, told = began + 0.5, int(memory[t.BEST_COST])
    upto, chunk, done = _upto(cooling.weights), 64, 0
    while True:
        spent = done / max_moves if max_moves else (looked - began) / max(1e-9, deadline - began)
        if spent >= 1:
            return bundles_of(memory, loader)
        if max_moves:
            chunk = min(max(1, max_moves // 1000), max_moves - done)
        temperature = hot * (scale * cooling.cold / hot) ** spent
        kernel.run(memory, upto, chunk, temperature, PATIENCE)
        done += chunk
        now = time.monotonic()
        chunk = _next_chunk(chunk, now - looked)
        looked = now
        if on_better is not None and now > next_tell and memory[t.BEST_COST] < told:
            on_better(bundles_of(memory, loader))
            told = int(memory[t.BEST_COST])
            looked = time.monotonic()
            next_tell = max(now + 0.5, now + 10 * (looked - now))


def _upto(weights: tuple[float, ...]) -> Ints:
    """Return the shares of moves, each with those before it, in millionths."""
    return np.ceil(np.cumsum(weights) / sum(weights) * 1_000_000).astype(np.int64)


def _next_chunk(chunk: int, took: float) -> int:
    """Return how many moves to make before the clock is looked at again."""
    return max(16, min(_MOST_MOVES, 2 * chunk, int(chunk * _LOOK_S / max(1e-6, took))))
