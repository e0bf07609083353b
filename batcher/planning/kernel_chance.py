"""Random choices of the compiled search: numbers, units, batches, positions. Nothing here changes a schedule."""

import numpy as np

from batcher.planning.kernel_tables import (
    AT,
    BATCH_OF,
    BEGIN,
    FAMILY,
    FOLLOWING,
    H_FAMILY,
    KIN,
    KIN_COUNT,
    KIN_FROM,
    LATENESS,
    LENGTHS,
    LISTS,
    ON,
    ORDERS,
    PLANNED,
    PLANNED_COUNT,
    RANDOM,
    RUNS_ON,
    RUNS_ON_END,
    Ints,
    family_row,
    hold_row,
    inner,
    sequence_row,
    stand_row,
    time_row,
    unit_row,
)
from batcher.planning.kernel_timing import state_of

_TRIES = 6
_UNIT_OF_FLOAT = 1.0 / 9007199254740992.0


@inner
def draw(m: Ints) -> float:
    """Return a number in [0, 1): xorshift64*."""
    x = np.uint64(m[RANDOM])
    x ^= x >> np.uint64(12)
    x ^= x << np.uint64(25)
    x ^= x >> np.uint64(27)
    m[RANDOM] = np.int64(x)
    return ((x * np.uint64(2685821657736338717)) >> np.uint64(11)) * _UNIT_OF_FLOAT


@inner
def below(m: Ints, limit: int) -> int:
    """Return a whole number in [0, limit)."""
    return int(draw(m) * limit)


@inner
def any_unit(m: Ints) -> int:
    """Return a planned unit."""
    return m[m[PLANNED] + below(m, m[PLANNED_COUNT])]


@inner
def late_unit(m: Ints) -> int:
    """Return a planned unit whose order is late, if a few looks find one."""
    unit = any_unit(m)
    for _ in range(_TRIES):
        if m[m[LATENESS] + m[m[LISTS] + m[unit_row(m, unit) + ORDERS]]] > 0:
            break
        unit = any_unit(m)
    return unit


@inner
def any_batch(m: Ints) -> int:
    """Return a batch: of a random unit, or of a random unit's family, so that small ones are not passed over."""
    unit = any_unit(m)
    if draw(m) < 0.5:
        return m[m[BATCH_OF] + unit]
    return _kin(m, m[unit_row(m, unit) + FAMILY])


@inner
def _kin(m: Ints, family: int) -> int:
    return m[m[KIN] + m[family_row(m, family) + KIN_FROM] + below(m, m[m[KIN_COUNT] + family])]


@inner
def sibling(m: Ints, batch: int) -> int:
    """Return another batch of the family, more often than not the nearest in time of a few; -1: there is none."""
    family = m[hold_row(m, batch) + H_FAMILY]
    if m[m[KIN_COUNT] + family] < 2:
        return -1
    looks = 1 if draw(m) < 0.4 else 4
    best, least = -1, 0
    for _ in range(looks):
        other = _kin(m, family)
        away = abs(m[time_row(m, other) + BEGIN] - m[time_row(m, batch) + BEGIN])
        if other != batch and (best < 0 or away < least):
            best, least = other, away
    return best


@inner
def some_station(m: Ints, batch: int, station: int) -> int:
    """Return a station the batch's family runs on: as often as not the one given."""
    family = family_row(m, m[hold_row(m, batch) + H_FAMILY])
    count = m[family + RUNS_ON_END] - m[family + RUNS_ON]
    if count == 1 or draw(m) < 0.5:
        return station
    return m[m[LISTS] + m[family + RUNS_ON] + below(m, count)]


@inner
def near(m: Ints, at: int, last: int) -> int:
    """Return a position a few places away, within [0, last]."""
    reach = 1 + int(6 * draw(m) ** 2)
    return min(last, max(0, at + (reach if draw(m) < 0.5 else -reach)))


@inner
def time_position(m: Ints, station: int, moment: int) -> int:
    """Return how many batches of a station begin before a moment."""
    low, high = 0, m[m[LENGTHS] + station]
    while low < high:
        middle = (low + high) // 2
        if m[time_row(m, m[sequence_row(m, station) + middle]) + BEGIN] < moment:
            low = middle + 1
        else:
            high = middle
    return low


@inner
def position(m: Ints, batch: int, station: int) -> int:
    """Return where on a station: beside a batch of the same setup state, about the same time, or anywhere."""
    length, chance = m[m[LENGTHS] + station], draw(m)
    if length == 0:
        return 0
    if chance < 0.4:
        state = state_of(m, batch)
        for _ in range(_TRIES):
            at = below(m, length)
            if state_of(m, m[sequence_row(m, station) + at]) == state:
                return at + (draw(m) < 0.5)
    if chance < 0.85:
        return near(m, time_position(m, station, m[time_row(m, batch) + BEGIN]), length)
    return below(m, length + 1)


@inner
def member(m: Ints, head: int, count: int) -> int:
    """Return one of a batch's units."""
    unit = head
    for _ in range(below(m, count)):
        unit = m[m[FOLLOWING] + unit]
    return unit


@inner
def neighbour(m: Ints, batch: int) -> int:
    """Return the nearest batch of the same family before or after on the station; -1: there is none within reach."""
    station, step = m[stand_row(m, batch) + ON], 1 if draw(m) < 0.5 else -1
    at = m[stand_row(m, batch) + AT] + step
    for _ in range(2 * _TRIES):
        if at < 0 or at >= m[m[LENGTHS] + station]:
            return -1
        other = m[sequence_row(m, station) + at]
        if m[hold_row(m, other) + H_FAMILY] == m[hold_row(m, batch) + H_FAMILY]:
            return other
        at += step
    return -1
