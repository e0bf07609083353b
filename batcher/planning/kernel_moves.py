"""
The small changes the compiled search tries: each puts one trial into the schedule, or nothing when it does not apply.

Choices are random and unpriced here. All leave the same units planned. A move that tells false is to be rolled back.
"""

from batcher.planning.kernel_chance import (
    any_batch,
    any_unit,
    below,
    draw,
    late_unit,
    member,
    near,
    neighbour,
    position,
    sibling,
    some_station,
    time_position,
)
from batcher.planning.kernel_changes import fits, give, load, may_join, new_batch, put, reload, take
from batcher.planning.kernel_tables import (
    AT,
    BATCH_OF,
    BEGIN,
    BLOCK,
    DUE,
    FOLLOWING,
    H_COUNT,
    H_FAMILY,
    HEAD,
    LENGTHS,
    MASK,
    ON,
    PARALLEL,
    STATION_COUNT,
    Ints,
    hold_row,
    inner,
    sequence_row,
    stand_row,
    time_row,
    unit_row,
)
from batcher.planning.kernel_timing import state_of

#: How `kernel_search` tells moves apart.
TRANSFER, EXCHANGE, MERGE, SHIFT, SWAP, SHIFT_BLOCK, SPLIT, TRADE, HASTEN, DEAL, MOVE_KINDS = range(11)


@inner
def try_move(m: Ints, kind: int) -> bool:
    """Try one move of a kind."""
    if kind == TRANSFER:
        return _transfer(m)
    if kind == EXCHANGE:
        return _exchange(m)
    if kind == MERGE:
        return _merge(m)
    if kind == SHIFT:
        return _shift(m)
    if kind == SWAP:
        return _swap(m)
    if kind == SHIFT_BLOCK:
        return _shift_block(m)
    if kind == SPLIT:
        return _split(m)
    if kind == TRADE:
        return _trade(m)
    if kind == DEAL:
        return _deal(m)
    return _hasten(m)


@inner
def _other(m: Ints, batch: int) -> int:
    """Return another batch of the family: a neighbour on the station, or any."""
    return neighbour(m, batch) if draw(m) < 0.25 else sibling(m, batch)


@inner
def _transfer(m: Ints) -> bool:
    """Move one unit into another batch of its family."""
    unit = any_unit(m)
    return _join(m, unit, _other(m, m[m[BATCH_OF] + unit]))


@inner
def _join(m: Ints, unit: int, other: int) -> bool:
    batch = m[m[BATCH_OF] + unit]
    if other < 0 or other == batch or not may_join(m, other, unit):
        return False
    give(m, unit, other)
    return reload(m, other) and reload(m, batch)


@inner
def _exchange(m: Ints) -> bool:
    """Swap two units between batches of their family."""
    unit = any_unit(m)
    batch = m[m[BATCH_OF] + unit]
    other = _other(m, batch)
    if other < 0:
        return False
    back = member(m, m[stand_row(m, other) + HEAD], m[hold_row(m, other) + H_COUNT])
    if (m[unit_row(m, unit) + MASK] >> m[stand_row(m, other) + ON]) & 1 == 0:
        return False
    if (m[unit_row(m, back) + MASK] >> m[stand_row(m, batch) + ON]) & 1 == 0:
        return False
    give(m, unit, other)
    give(m, back, batch)
    return reload(m, other) and reload(m, batch)


@inner
def _merge(m: Ints) -> bool:
    """Move as many units as have room from one batch into another of its family."""
    batch = any_batch(m)
    other = _other(m, batch)
    if other < 0:
        return False
    moved = False
    unit = m[stand_row(m, batch) + HEAD]
    while unit >= 0:
        following = m[m[FOLLOWING] + unit]
        if may_join(m, other, unit):
            give(m, unit, other)
            if reload(m, other):
                moved = True
            else:
                give(m, unit, batch)
                reload(m, other)
        unit = following
    return moved and reload(m, batch)


@inner
def _split(m: Ints) -> bool:
    """Move one unit, or those due last, into a batch of their own close by."""
    unit = any_unit(m)
    batch = m[m[BATCH_OF] + unit]
    if m[hold_row(m, batch) + H_COUNT] < 2:
        return False
    own = new_batch(m, m[hold_row(m, batch) + H_FAMILY])
    if draw(m) < 0.5:
        give(m, unit, own)
    else:
        due = m[unit_row(m, unit) + DUE]
        at = m[stand_row(m, batch) + HEAD]
        while at >= 0:
            following = m[m[FOLLOWING] + at]
            if m[unit_row(m, at) + DUE] >= due:
                give(m, at, own)
            at = following
        if m[stand_row(m, batch) + HEAD] < 0:
            return False
    load(m, own)
    station = some_station(m, batch, m[stand_row(m, batch) + ON])
    if not fits(m, own, station) or not reload(m, batch):
        return False
    m[time_row(m, own) + BEGIN] = m[time_row(m, batch) + BEGIN]
    put(m, own, station, position(m, own, station))
    return True


@inner
def _deal(m: Ints) -> bool:
    """Pool what two batches of a family hold and deal it out again, in order of parallel time or of due."""
    first = any_batch(m)
    second = _other(m, first)
    if second < 0:
        return False
    column = PARALLEL if draw(m) < 0.5 else DUE
    if column == DUE and m[time_row(m, second) + BEGIN] < m[time_row(m, first) + BEGIN]:
        first, second = second, first
    count = _pool(m, first, 0, column)
    total = _pool(m, second, count, column)
    moved = False
    for k in range(total):
        unit = m[m[BLOCK] + k]
        batch = first if k < count else second
        if m[m[BATCH_OF] + unit] != batch:
            give(m, unit, batch)
            moved = True
    return moved and reload(m, first) and reload(m, second)


@inner
def _pool(m: Ints, batch: int, count: int, column: int) -> int:
    """Put a batch's units among those pooled already, in order of a column; return how many there are then."""
    unit = m[stand_row(m, batch) + HEAD]
    while unit >= 0:
        key, at = m[unit_row(m, unit) + column], count
        while at > 0 and m[unit_row(m, m[m[BLOCK] + at - 1]) + column] > key:
            m[m[BLOCK] + at] = m[m[BLOCK] + at - 1]
            at -= 1
        m[m[BLOCK] + at] = unit
        count += 1
        unit = m[m[FOLLOWING] + unit]
    return count


@inner
def _shift(m: Ints) -> bool:
    """Move a batch to another place on its station, or to another station."""
    batch = any_batch(m)
    was = m[stand_row(m, batch) + ON]
    station = some_station(m, batch, was)
    if station != was and not fits(m, batch, station):
        return False
    before = take(m, batch)
    at = position(m, batch, station)
    if station == was and at == before:
        return False
    put(m, batch, station, at)
    return True


@inner
def _swap(m: Ints) -> bool:
    """Swap two batches of one station."""
    batch = any_batch(m)
    station, at = m[stand_row(m, batch) + ON], m[stand_row(m, batch) + AT]
    length = m[m[LENGTHS] + station]
    if length < 2:
        return False
    place = near(m, at, length - 1)
    if place == at:
        return False
    first, second = min(at, place), max(at, place)
    earlier, later = m[sequence_row(m, station) + first], m[sequence_row(m, station) + second]
    take(m, later)
    take(m, earlier)
    put(m, later, station, first)
    put(m, earlier, station, second)
    return True


@inner
def _trade(m: Ints) -> bool:
    """Swap two batches of different stations that run at about the same time."""
    batch = any_batch(m)
    here = m[stand_row(m, batch) + ON]
    there = below(m, m[STATION_COUNT])
    if there == here or m[m[LENGTHS] + there] == 0 or not fits(m, batch, there):
        return False
    place = near(m, time_position(m, there, m[time_row(m, batch) + BEGIN]), m[m[LENGTHS] + there] - 1)
    other = m[sequence_row(m, there) + place]
    if not fits(m, other, here):
        return False
    at = take(m, batch)
    take(m, other)
    put(m, other, here, at)
    put(m, batch, there, place)
    return True


@inner
def _block(m: Ints, batch: int) -> tuple[int, int]:
    """Return first and last position of some of the neighbouring batches of one setup state, with this one or by it."""
    station, at, state = m[stand_row(m, batch) + ON], m[stand_row(m, batch) + AT], state_of(m, batch)
    sequence, low, high = sequence_row(m, station), at, at
    while low > 0 and state_of(m, m[sequence + low - 1]) == state:
        low -= 1
    while high + 1 < m[m[LENGTHS] + station] and state_of(m, m[sequence + high + 1]) == state:
        high += 1
    if draw(m) < 0.4:
        low = at
    if draw(m) < 0.4:
        high = low + below(m, high - low + 1)
    return low, high


@inner
def _shift_block(m: Ints) -> bool:
    """Move neighbouring batches of one setup state together, in their order."""
    batch = any_batch(m)
    here = m[stand_row(m, batch) + ON]
    low, high = _block(m, batch)
    there = some_station(m, batch, here)
    for k in range(low, high + 1):
        member_batch = m[sequence_row(m, here) + k]
        m[m[BLOCK] + k] = member_batch
        if there != here and not fits(m, member_batch, there):
            return False
    for k in range(high, low - 1, -1):
        take(m, m[m[BLOCK] + k])
    place = position(m, m[m[BLOCK] + low], there)
    if there == here and place == low:
        return False
    for k in range(low, high + 1):
        put(m, m[m[BLOCK] + k], there, place + k - low)
    return True


@inner
def _hasten(m: Ints) -> bool:
    """Bring forward a unit whose order is late: into an earlier batch of its family, or with its batch."""
    unit = late_unit(m)
    batch = m[m[BATCH_OF] + unit]
    if draw(m) < 0.5:
        other = sibling(m, batch)
        if other < 0 or m[time_row(m, other) + BEGIN] > m[time_row(m, batch) + BEGIN]:
            return False
        if may_join(m, other, unit):
            return _join(m, unit, other)
        back = member(m, m[stand_row(m, other) + HEAD], m[hold_row(m, other) + H_COUNT])
        give(m, unit, other)
        give(m, back, batch)
        return reload(m, other) and reload(m, batch)
    station, at = m[stand_row(m, batch) + ON], m[stand_row(m, batch) + AT]
    if at == 0:
        return False
    take(m, batch)
    put(m, batch, station, max(0, at - 1 - int(8 * draw(m) ** 2)))
    return True
