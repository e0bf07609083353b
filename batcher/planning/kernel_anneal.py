"""
Simulated annealing with the compiled search: what `improve.anneal` does, dozens of times as fast.

Starts from sequences, hands over every better ones it finds, and can be stopped at any moment. What is hot on one floor
is cold on another, so the first temperature is measured: small steps uphill of the very plan it starts from. The
budget is spent on several coolings, each from the best plan so far, which other searches may have found.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from batcher.planning import kernel_tables as t
from batcher.planning.conversion import Bundle
from batcher.planning.index import Instance
from batcher.planning.kernel_ready import Kernel
from batcher.planning.kernel_state import bundles_of, memory_of, rows_of
from batcher.planning.kernel_tables import Ints
from batcher.planning.loads import Loader

Sequences = list[list[Bundle]]

#: A move that has more batches timed anew than this is not worth its price.
PATIENCE = 2000
#: Shares of each kind of move: where there is time for many, and where few must do. Then those that fill batches pay
#: more than those that put batches elsewhere, which on long sequences take ten times as long to price.
WEIGHTS = (0.28, 0.20, 0.06, 0.14, 0.10, 0.04, 0.05, 0.04, 0.07, 0.10)
HASTY = (0.35, 0.12, 0.08, 0.05, 0.03, 0.01, 0.05, 0.05, 0.02, 0.24)
#: Steps uphill that are measured, of how many moves; the heat is such that a tenth of them are easy.
_STEPS, _TRIES, _EASY = 400, 5000, 0.1
#: How cold a cooling ends, as a share of where it starts.
_COLD = 0.01
#: How often the clock is looked at.
_LOOK_S = 0.01
_MOST_MOVES = 1 << 20
#: Fewer moves at a call would pay more for calling than for moving.
_LEAST_CHUNK = 100
#: So many moves for each unit it takes before a plan that was molten is good again, and for more than one cooling to
#: pay. With fewer, the search starts cooler and keeps more of its plan.
_MOVES_TO_MELT = 1000
#: Then it is never hotter than this share of what a batch costs: where nearly every step makes something late, what is
#: measured is so hot that no good plan would be left standing.
_HASTY_HEAT = 0.2


@dataclass(frozen=True, slots=True)
class Cooling:
    """A share of the budget, and how hot it starts as a share of what was measured."""

    share: float
    heat: float = 1.0


#: From the same heat again and again: finds its way out of a queue in the wrong order.
AGAIN = (Cooling(0.34), Cooling(0.33), Cooling(0.33))
#: A long one, then others that leave more and more of its plan standing.
DEEPER = (Cooling(0.6), Cooling(0.25, 0.3), Cooling(0.15, 0.3))


def search(
    instance: Instance,
    sequences: Sequences,
    kernel: Kernel,
    *,
    deadline: float,
    seed: int,
    coolings: tuple[Cooling, ...] = AGAIN,
    on_better: Callable[[Sequences], None] | None = None,
    ask: Callable[[Sequences], Sequences | None] | None = None,
    max_moves: int | None = None,
) -> Sequences:
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
    coolings
        One after the other; only one where the budget is short for the size of the problem.
    on_better
        Told the best sequences now and then: never more than a tenth of the time goes into telling.
    ask
        Handed the best sequences between coolings, answers with better ones if others know any.
    max_moves
        Stop and cool by this many moves instead of the clock: the same result every time.
    """
    began = time.monotonic()
    search = _Cooled.of(instance, sequences, kernel, seed)
    if search is None:
        return sequences
    heat = search.heat(min(_TRIES, max_moves // 4) if max_moves else _TRIES)
    moves = max_moves or search.moves_per_s * max(0.0, deadline - time.monotonic())
    moves_each = moves / max(1, sum(len(load.units) for sequence in sequences for _, load in sequence))
    weights = WEIGHTS
    if moves_each < _MOVES_TO_MELT:
        coolings, weights = (Cooling(1.0, (moves_each / _MOVES_TO_MELT) ** (1 / 3)),), HASTY
        heat = min(heat, _HASTY_HEAT * int(search.memory[t.COST]) / sum(map(len, sequences)))
    spent, best = 0.0, sequences
    for number, cooling in enumerate(coolings):
        if number:
            search = _Cooled.of(instance, best, kernel, seed + 1000 * number)
            if search is None:
                return best
        search.weigh(weights)
        spent += cooling.share
        if max_moves:
            search.make(heat * cooling.heat, int(cooling.share * max_moves))
        else:
            search.cool(heat * cooling.heat, began + spent * (deadline - began), on_better)
        best = search.best()
        if ask is not None and spent < 1:
            best = ask(best) or best
    return best


class _Cooled:
    """One cooling of a schedule in the kernel's memory."""

    def __init__(self, loader: Loader, kernel: Kernel, memory: Ints) -> None:
        self.loader, self.kernel, self.memory = loader, kernel, memory
        self.weigh(WEIGHTS)
        self.moves_per_s = 0.0  #: as measured with the heat

    @classmethod
    def of(cls, instance: Instance, sequences: Sequences, kernel: Kernel, seed: int) -> "_Cooled | None":
        """Return sequences ready to be improved; none: there is nothing to improve, or they cannot be timed."""
        rows, held = rows_of(sequences)
        memory = memory_of(instance, held.tolist(), seed)
        if not held.size or not kernel.build(memory, rows, held):
            return None
        return cls(Loader(instance), kernel, memory)

    def weigh(self, weights: Sequence[float]) -> None:
        """Have each kind of move tried as often as its share says."""
        self.upto = np.ceil(np.cumsum(weights) / sum(weights) * 1_000_000).astype(np.int64)

    def heat(self, tries: int) -> float:
        """Return a temperature at which small steps uphill are easy, measured on the schedule as it stands."""
        steps, began = np.zeros(_STEPS, np.int64), time.monotonic()
        before = int(self.memory[t.TRIAL])
        found = self.kernel.probe(self.memory, self.upto, steps, tries, PATIENCE)
        self.moves_per_s = (int(self.memory[t.TRIAL]) - before) / max(1e-6, time.monotonic() - began)
        return float(np.quantile(steps[:found], _EASY)) if found else 1.0

    def best(self) -> Sequences:
        """Return the best sequences so far."""
        return bundles_of(self.memory, self.loader)

    def make(self, hot: float, moves: int) -> None:
        """Cool down within a number of moves."""
        chunk, done = max(_LEAST_CHUNK, moves // 1000), 0
        while done < moves:
            count = min(chunk, moves - done)
            self.kernel.run(self.memory, self.upto, count, hot * _COLD ** (done / moves), PATIENCE)
            done += count

    def cool(self, hot: float, deadline: float, on_better: Callable[[Sequences], None] | None) -> None:
        """Cool down until a moment, telling now and then."""
        began = looked = time.monotonic()
        next_tell, told, chunk = began + 0.5, int(self.memory[t.BEST_COST]), 64
        while looked < deadline:
            spent = (looked - began) / (deadline - began)
            self.kernel.run(self.memory, self.upto, chunk, hot * _COLD**spent, PATIENCE)
            now = time.monotonic()
            chunk = max(16, min(_MOST_MOVES, 2 * chunk, int(chunk * _LOOK_S / max(1e-6, now - looked))))
            looked = now
            if on_better is not None and now > next_tell and self.memory[t.BEST_COST] < told:
                on_better(self.best())
                told = int(self.memory[t.BEST_COST])
                looked = time.monotonic()
                next_tell = max(now + 0.5, now + 10 * (looked - now))
