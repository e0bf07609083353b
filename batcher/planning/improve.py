"""
Anytime improvement by simulated annealing over which jobs share a batch, on which station, in which order.

Starts from a plan, hands over every better one it finds, and can be stopped at any moment. The temperature follows
the share of the budget that is spent, so that any budget ends cold.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from batcher.planning.conversion import Bundle, sequences_of
from batcher.planning.moves import Moves
from batcher.planning.schedule import Schedule

#: A move that has more batches timed anew than this is not worth its price.
PATIENCE = 100

#: Schedules of this many units or more are re-timed lazily.
LAZY_FROM = 400


@dataclass(frozen=True, slots=True)
class Cooling:
    """Temperatures at the start and the end, as shares of the mean cost of a batch."""

    hot: float = 0.25
    cold: float = 0.002


def anneal(
    schedule: Schedule,
    *,
    deadline: float,
    seed: int,
    cooling: Cooling = Cooling(),
    on_better: Callable[[list[list[Bundle]]], None] | None = None,
    max_moves: int | None = None,
) -> list[list[Bundle]]:
    """
    Improve a schedule until the deadline, and return the best sequences found.

    Parameters
    ----------
    schedule
        Where to start; left at the last state visited.
    deadline
        On the monotonic clock.
    seed
        Of all choices.
    cooling
        How hot to start and how cold to end.
    on_better
        Told the sequences of a new best schedule now and then: never more than a tenth of the time goes into telling.
    max_moves
        Stop and cool by this many moves instead of the clock: the same result every time.
    """
    rng = Random(seed)  # noqa: S311 - a search, not a secret
    moves = Moves(schedule, rng)
    best_cost, best = schedule.cost, sequences_of(schedule)
    if not moves.planned:
        return best
    batches = sum(len(sequence) for sequence in schedule.sequences)
    scale = max(1.0, schedule.cost / max(1, batches))
    hot, ratio = cooling.hot * scale, cooling.cold / cooling.hot
    began, temperature, count = time.monotonic(), cooling.hot * scale, 0
    next_tell, told_cost = began + 0.5, best_cost
    random, log = rng.random, math.log
    schedule.lazy = len(schedule.instance.units) >= LAZY_FROM
    compact_at = 0
    while True:
        if count % 128 == 0:
            if schedule.lazy and count >= compact_at:
                schedule.compact()
                compact_at = count + len(schedule.instance.units)
            now = time.monotonic()
            spent = count / max_moves if max_moves else (now - began) / max(1e-9, deadline - began)
            if schedule.cost < best_cost:
                best_cost, best = schedule.cost, sequences_of(schedule)
            if on_better is not None and now > next_tell and best_cost < told_cost:
                on_better(best)
                told_cost = best_cost
                next_tell = max(now + 0.5, now + 10 * (time.monotonic() - now))
            if spent >= 1:
                break
            temperature = hot * ratio**spent
        count += 1
        if not moves.any():
            schedule.rollback()
            continue
        ceiling = -temperature * log(1.0 - random())
        delta = schedule.settle(ceiling, PATIENCE)
        if delta is None or delta > ceiling:
            schedule.rollback()
        else:
            schedule.commit(delta)
    return best
