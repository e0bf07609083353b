"""
Simulated annealing in compiled code: the loop of `improve` over arrays, many moves at a call.

The caller minds clock and temperature; one call makes a number of moves at one temperature.
"""

import math

from batcher.planning.kernel_chance import draw
from batcher.planning.kernel_changes import begin, commit, give, load, new_batch, put, rollback
from batcher.planning.kernel_moves import try_move
from batcher.planning.kernel_tables import (
    BATCH_OF,
    BEST_BATCH_OF,
    BEST_COST,
    BEST_LENGTHS,
    COST,
    FAMILY,
    LENGTHS,
    STATION_COUNT,
    UNIT_COUNT,
    Ints,
    best_sequence_row,
    inner,
    sequence_row,
    unit_row,
)
from batcher.planning.kernel_timing import REFUSED, settle

_NO_CEILING = 1e18


def build(m: Ints, batches: Ints, held: Ints) -> bool:
    """
    Put batches on the empty schedule; false: they cannot be timed.

    Parameters
    ----------
    batches
        Station and where in `held` its units begin and end, in order of station and position.
    held
        Units.
    """
    begin(m)
    for row in range(batches.shape[0]):
        station = batches[row, 0]
        batch = new_batch(m, m[unit_row(m, held[batches[row, 1]]) + FAMILY])
        for k in range(batches[row, 1], batches[row, 2]):
            give(m, held[k], batch)
        load(m, batch)
        put(m, batch, station, m[m[LENGTHS] + station])
    delta = settle(m, _NO_CEILING, 1000 + 400 * m[UNIT_COUNT])
    if delta == REFUSED:
        return False
    commit(m, delta)
    remember(m)
    return True


@inner
def remember(m: Ints) -> None:
    """Keep the schedule as the best."""
    for unit in range(m[UNIT_COUNT]):
        m[m[BEST_BATCH_OF] + unit] = m[m[BATCH_OF] + unit]
    for station in range(m[STATION_COUNT]):
        length = m[m[LENGTHS] + station]
        m[m[BEST_LENGTHS] + station] = length
        for at in range(length):
            m[best_sequence_row(m, station) + at] = m[sequence_row(m, station) + at]
    m[BEST_COST] = m[COST]


@inner
def _any_kind(m: Ints, upto: Ints) -> int:
    chance, kind = draw(m) * 1e6, 0
    while upto[kind] <= chance:
        kind += 1
    return kind


def run(m: Ints, upto: Ints, moves: int, temperature: float, patience: int) -> None:
    """
    Make a number of moves at one temperature.

    Parameters
    ----------
    upto
        Of each kind of move, its share and those before it, in millionths.
    """
    for _ in range(moves):
        begin(m)
        if not try_move(m, _any_kind(m, upto)):
            rollback(m)
            continue
        ceiling = -temperature * math.log(1.0 - draw(m))
        delta = settle(m, ceiling, patience)
        if delta > ceiling:
            rollback(m)
        elif delta > 0 and m[COST] < m[BEST_COST]:
            # The best is copied only when it is about to be left; the move that would have left it is let go.
            rollback(m)
            remember(m)
        else:
            commit(m, delta)
    if m[COST] < m[BEST_COST]:
        remember(m)


def probe(m: Ints, upto: Ints, deltas: Ints, tries: int, patience: int) -> int:
    """
    Try moves, none of which is kept, and return how many of those that cost more were put into `deltas`.

    Parameters
    ----------
    upto
        As `run` takes it.
    deltas
        Filled with what each such move would cost, until it is full.
    tries
        At most this many moves.
    """
    found = 0
    for _ in range(tries):
        if found == deltas.size:
            break
        begin(m)
        delta = settle(m, _NO_CEILING, patience) if try_move(m, _any_kind(m, upto)) else 0
        rollback(m)
        if 0 < delta < REFUSED:
            deltas[found] = delta
            found += 1
    return found
