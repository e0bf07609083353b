"""
Trials on a schedule of arrays, in compiled code: put batches on stations, take them off, give units to others.

A trial is opened with `begin`, priced by `kernel_timing.settle`, and then kept (`commit`) or undone (`rollback`) to the
last digit: every change is logged, batches as they were are saved when first touched.
"""

from batcher.planning.kernel_layout import lies
from batcher.planning.kernel_tables import (
    AT,
    AWAITED,
    AWAITED_END,
    BATCH_OF,
    BEGIN,
    CAPACITY,
    COST,
    DUE,
    FAMILY,
    FIRST_STATE,
    FIXED,
    FOLLOWING,
    FREE,
    FREE_COUNT,
    H_AWAITED,
    H_COUNT,
    H_DUE,
    H_FAMILY,
    H_KINDS,
    H_LIMIT,
    H_MASK,
    H_PARALLEL,
    H_RELEASE,
    H_SERIAL,
    H_SIZE,
    H_WAITS,
    HEAD,
    HOLD_COLUMNS,
    KIN,
    KIN_COUNT,
    KIN_FROM,
    KIND_MARKS,
    KIND_STAMP,
    KINDS,
    KINDS_END,
    LATE_MONEY,
    LATENESS,
    LENGTHS,
    LIMIT,
    LISTS,
    LOG_COUNT,
    MASK,
    MAX_KINDS,
    MONEY,
    MOVED,
    MOVED_COUNT,
    ON,
    PARALLEL,
    PRECEDING,
    RANK,
    RATE,
    RELEASE,
    SAVED_COUNT,
    SAVED_MARKS,
    SERIAL,
    SHEET,
    SIZE,
    STATION_COUNT,
    TIMED_COUNT,
    TOUCHED_COUNT,
    TRIAL,
    WAITS,
    WAITS_END,
    Ints,
    change_money,
    dirty_row,
    family_row,
    hold_row,
    inner,
    log_row,
    mode_of_row,
    mode_row,
    saved_row,
    sequence_row,
    stand_row,
    station_row,
    time_log_row,
    time_row,
    touched_row,
    unit_row,
)
from batcher.planning.kernel_timing import dirt, note_time, state_of

_PUT, _TOOK, _GAVE, _OPENED = range(4)
_SAVED_MARK, _KIND_ROW = 1, 3
_GONE = -1


@inner
def begin(m: Ints) -> None:
    """Open a trial."""
    m[TRIAL] += 1
    m[MONEY] = m[LOG_COUNT] = m[TIMED_COUNT] = m[SAVED_COUNT] = m[MOVED_COUNT] = m[TOUCHED_COUNT] = 0
    for station in range(m[STATION_COUNT]):
        m[dirty_row(m, station) + 0] = -1


@inner
def new_batch(m: Ints, family: int) -> int:
    """Return an empty batch that stands on no station."""
    m[FREE_COUNT] -= 1
    batch = m[m[FREE] + m[FREE_COUNT]]
    m[stand_row(m, batch) + HEAD] = -1
    m[stand_row(m, batch) + ON] = -1
    m[hold_row(m, batch) + H_FAMILY] = family
    m[hold_row(m, batch) + H_COUNT] = 0
    m[time_row(m, batch) + 0] = m[time_row(m, batch) + 1] = m[time_row(m, batch) + 2] = m[time_row(m, batch) + 3] = -1
    _note(m, _OPENED, batch, 0, 0)
    return batch


@inner
def give(m: Ints, unit: int, batch: int) -> None:
    """Move a unit into a batch; both batches are to be reloaded once all units are where they should be."""
    _note(m, _GAVE, unit, m[m[BATCH_OF] + unit], 0)
    m[m[MOVED] + m[MOVED_COUNT]] = unit
    m[MOVED_COUNT] += 1
    _link(m, unit, batch)


@inner
def load(m: Ints, batch: int) -> None:
    """Sum up what a batch holds now."""
    _save(m, batch)
    held = hold_row(m, batch)
    m[KIND_STAMP] += 1
    count = size = serial = parallel = release = waits = awaited = kinds = 0
    limit = due = 1 << 62
    mask = -1
    unit = m[stand_row(m, batch) + HEAD]
    while unit >= 0:
        row = unit_row(m, unit)
        count += 1
        size += m[row + SIZE]
        serial += m[row + SERIAL]
        parallel = max(parallel, m[row + PARALLEL])
        limit = min(limit, m[row + LIMIT])
        release = max(release, m[row + RELEASE])
        due = min(due, m[row + DUE])
        mask &= m[row + MASK]
        waits += m[row + WAITS_END] > m[row + WAITS]
        awaited += m[row + AWAITED_END] > m[row + AWAITED]
        for at in range(m[row + KINDS], m[row + KINDS_END]):
            kind = m[m[LISTS] + at]
            if m[m[KIND_MARKS] + kind] != m[KIND_STAMP]:
                m[m[KIND_MARKS] + kind] = m[KIND_STAMP]
                kinds += 1
        unit = m[m[FOLLOWING] + unit]
    m[held + H_COUNT], m[held + H_SIZE], m[held + H_SERIAL], m[held + H_PARALLEL] = count, size, serial, parallel
    m[held + H_LIMIT], m[held + H_RELEASE], m[held + H_DUE], m[held + H_MASK] = limit, release, due, mask
    m[held + H_WAITS], m[held + H_AWAITED], m[held + H_KINDS] = waits, awaited, kinds


@inner
def reload(m: Ints, batch: int) -> bool:
    """Sum up a batch on a station whose units changed, off the station when none is left; false: it does not fit."""
    station = m[stand_row(m, batch) + ON]
    was = _money(m, batch)
    load(m, batch)
    if m[hold_row(m, batch) + H_COUNT] == 0:
        m[MONEY] -= was + _joining(m, batch)
        _take_off(m, batch)
        return True
    m[MONEY] += _money(m, batch) - was
    at = m[stand_row(m, batch) + AT]
    dirt(m, station, at, at)
    return fits(m, batch, station)


@inner
def put(m: Ints, batch: int, station: int, at: int) -> None:
    """Put a batch at a position of a station."""
    note_time(m, batch)
    m[time_row(m, batch) + BEGIN] = -1
    _plug(m, batch, station, at)
    m[MONEY] += _money(m, batch) + _joining(m, batch)
    _note(m, _PUT, batch, 0, 0)
    dirt(m, station, at, at)
    m[dirty_row(m, station) + 1] += 1


@inner
def take(m: Ints, batch: int) -> int:
    """Take a batch off its station; return the position it had."""
    m[MONEY] -= _money(m, batch) + _joining(m, batch)
    at = m[stand_row(m, batch) + AT]
    _take_off(m, batch)
    return at


@inner
def may_join(m: Ints, batch: int, unit: int) -> bool:
    """Tell quickly whether a unit may be added to a batch: kinds and sheets are seen when it is reloaded."""
    row, held, station = unit_row(m, unit), hold_row(m, batch), m[stand_row(m, batch) + ON]
    mode = m[mode_of_row(m, m[row + FAMILY]) + station]
    if m[mode_row(m, mode) + SHEET] < 0 and m[held + H_SIZE] + m[row + SIZE] > m[mode_row(m, mode) + CAPACITY]:
        return False
    longest, limit = max(m[held + H_PARALLEL], m[row + PARALLEL]), min(m[held + H_LIMIT], m[row + LIMIT])
    return longest <= limit and (m[row + MASK] >> station) & 1 == 1


@inner
def fits(m: Ints, batch: int, station: int) -> bool:
    """Tell whether a station's mode can take what a batch holds."""
    held = hold_row(m, batch)
    mode = m[mode_of_row(m, m[held + H_FAMILY]) + station]
    if mode < 0 or m[held + H_PARALLEL] > m[held + H_LIMIT] or (m[held + H_MASK] >> station) & 1 == 0:
        return False
    if m[held + H_KINDS] > m[mode_row(m, mode) + MAX_KINDS]:
        return False
    sheet = m[mode_row(m, mode) + SHEET]
    if sheet < 0:
        return m[held + H_SIZE] <= m[mode_row(m, mode) + CAPACITY]
    return lies(m, batch, sheet)


@inner
def commit(m: Ints, delta: int) -> None:
    """Keep the trial that was priced."""
    m[COST] += delta
    for k in range(m[TOUCHED_COUNT]):
        order = m[touched_row(m, k) + 0]
        m[LATE_MONEY] += m[touched_row(m, k) + 1] - m[m[LATENESS] + order]
        m[m[LATENESS] + order] = m[touched_row(m, k) + 1]
    for k in range(m[LOG_COUNT]):
        batch = m[log_row(m, k) + 1]
        if m[log_row(m, k) + 0] == _TOOK and m[hold_row(m, batch) + H_COUNT] == 0:
            m[hold_row(m, batch) + H_COUNT] = _GONE
            m[m[FREE] + m[FREE_COUNT]] = batch
            m[FREE_COUNT] += 1


@inner
def rollback(m: Ints) -> None:
    """Undo the trial."""
    for k in range(m[LOG_COUNT] - 1, -1, -1):
        what, one, other, at = m[log_row(m, k) + 0], m[log_row(m, k) + 1], m[log_row(m, k) + 2], m[log_row(m, k) + 3]
        if what == _GAVE:
            _link(m, one, other)
        elif what == _PUT:
            _unplug(m, one)
        elif what == _TOOK:
            _plug(m, one, other, at)
        else:
            m[m[FREE] + m[FREE_COUNT]] = one
            m[FREE_COUNT] += 1
    for k in range(m[SAVED_COUNT]):
        batch = m[saved_row(m, k) + HOLD_COLUMNS]
        for column in range(HOLD_COLUMNS):
            m[hold_row(m, batch) + column] = m[saved_row(m, k) + column]
    for k in range(m[TIMED_COUNT]):
        batch = m[time_log_row(m, k) + 0]
        for column in range(4):
            m[time_row(m, batch) + column] = m[time_log_row(m, k) + 1 + column]


@inner
def _note(m: Ints, what: int, one: int, other: int, at: int) -> None:
    row = m[LOG_COUNT]
    m[LOG_COUNT] = row + 1
    m[log_row(m, row) + 0], m[log_row(m, row) + 1], m[log_row(m, row) + 2], m[log_row(m, row) + 3] = (
        what,
        one,
        other,
        at,
    )


@inner
def _save(m: Ints, batch: int) -> None:
    """Remember what a batch held before the trial."""
    if m[m[SAVED_MARKS] + batch] == m[TRIAL]:
        return
    m[m[SAVED_MARKS] + batch] = m[TRIAL]
    for column in range(HOLD_COLUMNS):
        m[saved_row(m, m[SAVED_COUNT]) + column] = m[hold_row(m, batch) + column]
    m[saved_row(m, m[SAVED_COUNT]) + HOLD_COLUMNS] = batch
    m[SAVED_COUNT] += 1


@inner
def _link(m: Ints, unit: int, batch: int) -> None:
    """Move a unit from the list of its batch to that of another."""
    before, after, was = m[m[PRECEDING] + unit], m[m[FOLLOWING] + unit], m[m[BATCH_OF] + unit]
    if before >= 0:
        m[m[FOLLOWING] + before] = after
    elif was >= 0:
        m[stand_row(m, was) + HEAD] = after
    if after >= 0:
        m[m[PRECEDING] + after] = before
    m[m[BATCH_OF] + unit] = batch
    m[m[PRECEDING] + unit] = m[m[FOLLOWING] + unit] = -1
    if batch >= 0:
        first = m[stand_row(m, batch) + HEAD]
        m[m[FOLLOWING] + unit] = first
        if first >= 0:
            m[m[PRECEDING] + first] = unit
        m[stand_row(m, batch) + HEAD] = unit


@inner
def _money(m: Ints, batch: int) -> int:
    """Return what a batch on a station costs to run, without its changeover."""
    held = hold_row(m, batch)
    mode = m[mode_of_row(m, m[held + H_FAMILY]) + m[stand_row(m, batch) + ON]]
    return m[mode_row(m, mode) + FIXED] + m[mode_row(m, mode) + RATE] * (m[held + H_SERIAL] + m[held + H_PARALLEL])


@inner
def _joining(m: Ints, batch: int) -> int:
    """Return what changeovers cost more with a batch between its neighbours than without."""
    station, at = m[stand_row(m, batch) + ON], m[stand_row(m, batch) + AT]
    sequence = sequence_row(m, station)
    state = state_of(m, batch)
    before = m[station_row(m, station) + FIRST_STATE]
    if at:
        before = state_of(m, m[sequence + at - 1])
    more = change_money(m, station, before, state)
    if at + 1 < m[m[LENGTHS] + station]:
        after = state_of(m, m[sequence + at + 1])
        more += change_money(m, station, state, after) - change_money(m, station, before, after)
    return more


@inner
def _take_off(m: Ints, batch: int) -> None:
    station, at = m[stand_row(m, batch) + ON], m[stand_row(m, batch) + AT]
    _note(m, _TOOK, batch, station, at)
    _unplug(m, batch)
    dirt(m, station, at, at)


@inner
def _plug(m: Ints, batch: int, station: int, at: int) -> None:
    sequence = sequence_row(m, station)
    for k in range(m[m[LENGTHS] + station], at, -1):
        other = m[sequence + k - 1]
        m[sequence + k] = other
        m[stand_row(m, other) + AT] = k
    m[sequence + at] = batch
    m[m[LENGTHS] + station] += 1
    family = m[hold_row(m, batch) + H_FAMILY]
    count = m[m[KIN_COUNT] + family]
    m[m[KIN] + m[family_row(m, family) + KIN_FROM] + count] = batch
    m[m[KIN_COUNT] + family] = count + 1
    m[stand_row(m, batch) + ON], m[stand_row(m, batch) + AT], m[stand_row(m, batch) + RANK] = station, at, count


@inner
def _unplug(m: Ints, batch: int) -> None:
    station = m[stand_row(m, batch) + ON]
    sequence = sequence_row(m, station)
    m[m[LENGTHS] + station] -= 1
    for k in range(m[stand_row(m, batch) + AT], m[m[LENGTHS] + station]):
        other = m[sequence + k + 1]
        m[sequence + k] = other
        m[stand_row(m, other) + AT] = k
    family = m[hold_row(m, batch) + H_FAMILY]
    count, place = m[m[KIN_COUNT] + family] - 1, m[stand_row(m, batch) + RANK]
    m[m[KIN_COUNT] + family] = count
    first = m[family_row(m, family) + KIN_FROM]
    last = m[m[KIN] + first + count]
    m[m[KIN] + first + place] = last
    m[stand_row(m, last) + RANK] = place
    m[stand_row(m, batch) + ON] = -1
