"""
When batches run, in compiled code: the semi-active timing of `schedule`, over arrays.

After a change only what it moves is timed anew: down the station until times stand as before, and on to other stations
where units wait for these. Then lateness, for orders whose end moved past or back behind their due.
"""

from batcher.planning.kernel_tables import (
    ALONE,
    AT,
    ATTENDED,
    AWAITED,
    AWAITED_END,
    BATCH_OF,
    BEGIN,
    CLOSES,
    DUE,
    END,
    FIRST_STATE,
    FIRST_STRETCH,
    FOLLOWING,
    H_AWAITED,
    H_DUE,
    H_FAMILY,
    H_PARALLEL,
    H_RELEASE,
    H_SERIAL,
    H_WAITS,
    HEAD,
    LAST_STRETCH,
    LATE_MONEY,
    LATENESS,
    LENGTHS,
    LISTS,
    MAGAZINE,
    MONEY,
    MOVED,
    MOVED_COUNT,
    ON,
    OPENS,
    ORDER_DUE,
    ORDER_LATE,
    ORDER_MARKS,
    ORDER_RATE,
    ORDER_UNITS,
    ORDER_UNITS_END,
    ORDERS,
    ORDERS_END,
    SECONDS,
    SETUP_ALONE,
    SOLO,
    STATE,
    STATION_COUNT,
    STRETCH,
    TIMED_COUNT,
    TIMED_MARKS,
    TOUCHED_COUNT,
    TRIAL,
    USED,
    WAITS,
    WAITS_END,
    WINDOW_CLOSES,
    Ints,
    change_row,
    dirty_row,
    family_row,
    hold_row,
    inner,
    mode_of_row,
    mode_row,
    order_row,
    sequence_row,
    stand_row,
    station_row,
    stretch_row,
    time_log_row,
    time_row,
    touched_row,
    unit_row,
)

#: What a trial costs that cannot be timed, or is not worth it.
REFUSED = 1 << 62
_CIRCLE = -1
_TIMED_MARK, _ORDER_MARK = 0, 2


@inner
def running(m: Ints, batch: int) -> int:
    """Return how long a batch on a station runs, without its changeover."""
    held = hold_row(m, batch)
    mode = m[mode_of_row(m, m[held + H_FAMILY]) + m[stand_row(m, batch) + ON]]
    return m[mode_row(m, mode) + SECONDS] + m[held + H_SERIAL] + m[held + H_PARALLEL]


@inner
def state_of(m: Ints, batch: int) -> int:
    """Return the setup state a batch needs."""
    return m[family_row(m, m[hold_row(m, batch) + H_FAMILY]) + STATE]


@inner
def dirt(m: Ints, station: int, low: int, high: int) -> None:
    """Have these positions of a station timed anew."""
    row = dirty_row(m, station)
    if m[row] < 0:
        m[row], m[row + 1] = low, high
    else:
        m[row] = min(m[row], low)
        m[row + 1] = max(m[row + 1], high)


@inner
def note_time(m: Ints, batch: int) -> None:
    """Remember when a batch ran before the trial."""
    if m[m[TIMED_MARKS] + batch] != m[TRIAL]:
        m[m[TIMED_MARKS] + batch] = m[TRIAL]
        row = m[TIMED_COUNT]
        m[TIMED_COUNT] = row + 1
        m[time_log_row(m, row) + 0] = batch
        for k in range(4):
            m[time_log_row(m, row) + 1 + k] = m[time_row(m, batch) + k]


@inner
def settle(m: Ints, ceiling: float, patience: int) -> int:
    """
    Time anew what the trial changed, and return what it costs; `REFUSED` when it surely is above the ceiling.

    Also `REFUSED`: a batch finds no window, waits for one behind it, or more batches than `patience` are to be timed.
    """
    if m[MONEY] - m[LATE_MONEY] > ceiling:
        return REFUSED
    _wake(m)
    found = True
    while found:
        found = False
        for station in range(m[STATION_COUNT]):
            low = m[dirty_row(m, station) + 0]
            if low >= 0:
                found = True
                high = m[dirty_row(m, station) + 1]
                m[dirty_row(m, station) + 0] = -1
                spent = _retime(m, station, low, high)
                patience -= spent
                if spent == 0 or patience <= 0:
                    return REFUSED
    return m[MONEY] + _relate(m)


@inner
def _wake(m: Ints) -> None:
    """Have every batch timed anew whose units wait for units that moved."""
    for k in range(m[MOVED_COUNT]):
        unit = m[m[MOVED] + k]
        for at in range(m[unit_row(m, unit) + AWAITED], m[unit_row(m, unit) + AWAITED_END], 2):
            waiter = m[m[BATCH_OF] + m[m[LISTS] + at]]
            if waiter >= 0:
                place = m[stand_row(m, waiter) + AT]
                dirt(m, m[stand_row(m, waiter) + ON], place, place)


@inner
def _ready(m: Ints, batch: int) -> int:
    """Return when a batch may start: released, and all that it waits for done."""
    ready = m[hold_row(m, batch) + H_RELEASE]
    unit = m[stand_row(m, batch) + HEAD]
    while unit >= 0:
        for at in range(m[unit_row(m, unit) + WAITS], m[unit_row(m, unit) + WAITS_END], 2):
            before = m[m[BATCH_OF] + m[m[LISTS] + at]]
            if before < 0:
                return REFUSED
            ready = max(ready, m[time_row(m, before) + END] + m[m[LISTS] + at + 1])
        unit = m[m[FOLLOWING] + unit]
    return ready


@inner
def _retime(m: Ints, station: int, low: int, high: int) -> int:
    """Time batches from `low` until, past `high`, they stand as before; return how many, 0 when one cannot be."""
    sequence, view, length = sequence_row(m, station), station_row(m, station), m[m[LENGTHS] + station]
    free, state, stretch, used = 0, m[view + FIRST_STATE], m[view + FIRST_STRETCH], 0
    if low:
        previous = m[sequence + low - 1]
        when = time_row(m, previous)
        free, stretch, used = m[when + END], m[when + STRETCH], m[when + USED]
        state = state_of(m, previous)
    for at in range(low, length):
        batch = m[sequence + at]
        held, when, change = hold_row(m, batch), time_row(m, batch), m[change_row(m, state) + state_of(m, batch)]
        ready = _ready(m, batch) if m[held + H_WAITS] else m[held + H_RELEASE]
        lasts = change + running(m, batch)
        alone = m[family_row(m, m[held + H_FAMILY]) + ALONE] != 0 and (change == 0 or m[view + SETUP_ALONE] != 0)
        begin, stretch, used = _earliest(m, view, max(free, ready - change), lasts, alone, stretch, used)
        if begin < 0:
            return 0
        free, state, was = begin + lasts, state_of(m, batch), m[when + END]
        if free == was and begin == m[when + BEGIN] and stretch == m[when + STRETCH] and used == m[when + USED]:
            if at >= high:
                return at - low + 1
            continue
        note_time(m, batch)
        m[when + BEGIN], m[when + END], m[when + STRETCH], m[when + USED] = begin, free, stretch, used
        if free != was and m[held + H_AWAITED]:
            last = _pass_on(m, batch, was)
            if last == _CIRCLE:
                return 0
            high = max(high, last)
    return max(1, length - low)


@inner
def _earliest(m: Ints, view: int, at: int, lasts: int, alone: bool, stretch: int, used: int) -> tuple[int, int, int]:
    """Return the earliest begin at or after `at`, its stretch and that stretch's load: see `timeline`; -1: none."""
    for k in range(stretch, m[view + LAST_STRETCH]):
        row = stretch_row(m, k)
        first = max(at, m[row + OPENS])
        if at >= m[row + CLOSES] or first + lasts > m[row + WINDOW_CLOSES]:
            continue
        if m[row + ATTENDED]:
            return first, k, 0
        before = used if k == stretch else 0
        if alone and before < m[view + MAGAZINE]:
            return first, k, before + 1
    return -1, 0, 0


@inner
def _pass_on(m: Ints, batch: int, was: int) -> int:
    """
    Have batches timed anew that wait for this one and that its new end moves, or may let begin earlier.

    Returns the last position of such a batch on the same station, 0 when there is none, or `_CIRCLE`.
    """
    end, station, last = m[time_row(m, batch) + END], m[stand_row(m, batch) + ON], 0
    unit = m[stand_row(m, batch) + HEAD]
    while unit >= 0:
        for at in range(m[unit_row(m, unit) + AWAITED], m[unit_row(m, unit) + AWAITED_END], 2):
            waiter = m[m[BATCH_OF] + m[m[LISTS] + at]]
            if waiter < 0:
                continue
            if end > was and end + m[m[LISTS] + at + 1] <= m[time_row(m, waiter) + END] - running(m, waiter):
                continue
            place = m[stand_row(m, waiter) + AT]
            if m[stand_row(m, waiter) + ON] != station:
                dirt(m, m[stand_row(m, waiter) + ON], place, place)
            elif place <= m[stand_row(m, batch) + AT]:
                return _CIRCLE
            else:
                last = max(last, place)
        unit = m[m[FOLLOWING] + unit]
    return last


@inner
def _relate(m: Ints) -> int:
    """Return what lateness adds, over all orders whose end may have moved past or back behind their due."""
    more = 0
    for k in range(m[MOVED_COUNT]):
        more += _touch(m, m[m[MOVED] + k])
    for k in range(m[TIMED_COUNT]):
        batch, was = m[time_log_row(m, k) + 0], m[time_log_row(m, k) + 1 + END]
        end, due = m[time_row(m, batch) + END], m[hold_row(m, batch) + H_DUE]
        if end != was and (end > due or was > due):
            unit = m[stand_row(m, batch) + HEAD]
            while unit >= 0:
                if end > m[unit_row(m, unit) + DUE] or was > m[unit_row(m, unit) + DUE]:
                    more += _touch(m, unit)
                unit = m[m[FOLLOWING] + unit]
    return more


@inner
def _touch(m: Ints, unit: int) -> int:
    """Return what lateness of the unit's orders adds; of each order once in a trial."""
    solo = m[unit_row(m, unit) + SOLO]
    if solo >= 0:
        return _late(m, solo, m[time_row(m, m[m[BATCH_OF] + unit]) + END])
    more = 0
    for k in range(m[unit_row(m, unit) + ORDERS], m[unit_row(m, unit) + ORDERS_END]):
        order, end = m[m[LISTS] + k], 0
        for at in range(m[order_row(m, order) + ORDER_UNITS], m[order_row(m, order) + ORDER_UNITS_END]):
            batch = m[m[BATCH_OF] + m[m[LISTS] + at]]
            if batch < 0:
                end = REFUSED
                break
            end = max(end, m[time_row(m, batch) + END])
        if end != REFUSED:  # an order with a unit left out costs the same wherever the others stand
            more += _late(m, order, end)
    return more


@inner
def _late(m: Ints, order: int, end: int) -> int:
    if m[m[ORDER_MARKS] + order] == m[TRIAL]:
        return 0
    m[m[ORDER_MARKS] + order] = m[TRIAL]
    beyond = end - m[order_row(m, order) + ORDER_DUE]
    money = m[order_row(m, order) + ORDER_LATE] + m[order_row(m, order) + ORDER_RATE] * beyond if beyond > 0 else 0
    was = m[m[LATENESS] + order]
    if money == was:
        return 0
    row = m[TOUCHED_COUNT]
    m[TOUCHED_COUNT] = row + 1
    m[touched_row(m, row) + 0], m[touched_row(m, row) + 1] = order, money
    return money - was
