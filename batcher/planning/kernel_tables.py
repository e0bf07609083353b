"""
How the compiled search lays out a problem and a schedule: tables end to end in one array of whole numbers.

One array passes between compiled functions at no cost, and they compile in a fraction of the time many arrays take. Its
head holds counters and where each table begins; `*_row` tells where a row does, columns are added: `m[unit_row(m, 7) +
SIZE]`. Lists of no fixed length (who waits for whom, shapes on a sheet) lie in `LISTS`; rows say from where to where.
"""

from collections.abc import Callable
from typing import TypeVar

import numba
import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]

_Function = TypeVar("_Function", bound=Callable[..., object])


def inner(function: _Function) -> _Function:
    """Compile what only other compiled functions call."""
    bare = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}  # options mypy is not told of
    made: _Function = numba.njit(error_model="numpy", **bare)(function)  # type: ignore[call-overload]
    return made


# The head: what the schedule costs, the open trial, sizes.
COST, LATE_MONEY, BEST_COST, RANDOM = range(4)
TRIAL, MONEY, LOG_COUNT, TIMED_COUNT, SAVED_COUNT, MOVED_COUNT, TOUCHED_COUNT, KIND_STAMP, FREE_COUNT = range(4, 13)
STATION_COUNT, STATE_COUNT, UNIT_COUNT, BATCH_ROOM, PLANNED_COUNT, SHAPE_COUNT, KNOWN_COUNT = range(13, 20)
PACKING_ROOM, SKYLINE_ROOM = range(20, 22)
# The head, continued: where tables begin. First the problem,
UNIT, LISTS, ORDER, MODE, MODE_OF, FAMILIES, STATION, STRETCHES, CHANGE_SECONDS, CHANGE_MONEY = range(22, 32)
SHEETS, SHAPE, KEYS, PLANNED = range(32, 36)
# then the schedule: units by batch, batches by unit, station and family,
BATCH_OF, FOLLOWING, PRECEDING, HOLDS, STANDS, TIMES, SEQUENCES, LENGTHS, KIN, KIN_COUNT, LATENESS, FREE = range(36, 48)
# the trial: what to time anew, and what to undo,
DIRTY, LOG, TIME_LOG, SAVED, MOVED, TOUCHED, BLOCK = range(48, 55)
TIMED_MARKS, SAVED_MARKS, ORDER_MARKS, KIND_MARKS = range(55, 59)
# the best schedule seen, and layouts of sheets.
BEST_BATCH_OF, BEST_SEQUENCES, BEST_LENGTHS, PACKING, SKYLINE, KNOWN, ANSWERS = range(59, 66)
HEAD_SIZE = 66

# Columns of units; X and X_END bound a part of `LISTS`.
FAMILY, RELEASE, DUE, SIZE, SERIAL, PARALLEL, LIMIT, MASK = range(8)
WAITS, WAITS_END, AWAITED, AWAITED_END, ORDERS, ORDERS_END, KINDS, KINDS_END, SHAPES, SHAPES_END = range(8, 18)
SOLO = 18  #: its order, when neither has another; else -1
UNIT_COLUMNS = 19

# Columns of orders, families, modes, stations, stretches of the calendar, sheets and shapes.
ORDER_DUE, ORDER_LATE, ORDER_RATE, ORDER_UNITS, ORDER_UNITS_END, ORDER_COLUMNS = range(6)
STATE, ALONE, KIN_FROM, RUNS_ON, RUNS_ON_END, FAMILY_COLUMNS = range(6)
SECONDS, CAPACITY, SHEET, MAX_KINDS, RATE, FIXED, MODE_COLUMNS = range(7)
FIRST_STATE, SETUP_ALONE, MAGAZINE, FIRST_STRETCH, LAST_STRETCH, STATION_COLUMNS = range(6)
OPENS, CLOSES, WINDOW_CLOSES, ATTENDED, STRETCH_COLUMNS = range(5)
SHEET_WIDTH, SHEET_HEIGHT, SHEET_GAP, SHEET_COLUMNS = range(4)
LONG, SHORT, UPRIGHT, SHAPE_COLUMNS = range(4)

# Columns of batches: what they hold, where they stand and when; what they held and when they ran before the trial.
H_FAMILY, H_COUNT, H_SIZE, H_SERIAL, H_PARALLEL, H_LIMIT, H_RELEASE, H_DUE, H_MASK = range(9)
H_WAITS, H_AWAITED, H_KINDS, HOLD_COLUMNS = range(9, 13)
ON, AT, RANK, HEAD, STAND_COLUMNS = range(5)
BEGIN, END, STRETCH, USED, TIME_COLUMNS = range(5)
SAVED_COLUMNS, TIME_LOG_COLUMNS = HOLD_COLUMNS + 1, TIME_COLUMNS + 1
LOG_COLUMNS, TOUCHED_COLUMNS, DIRTY_COLUMNS = 4, 2, 2


@inner
def unit_row(m: Ints, unit: int) -> int:
    return m[UNIT] + UNIT_COLUMNS * unit


@inner
def order_row(m: Ints, order: int) -> int:
    return m[ORDER] + ORDER_COLUMNS * order


@inner
def family_row(m: Ints, family: int) -> int:
    return m[FAMILIES] + FAMILY_COLUMNS * family


@inner
def mode_row(m: Ints, mode: int) -> int:
    return m[MODE] + MODE_COLUMNS * mode


@inner
def station_row(m: Ints, station: int) -> int:
    return m[STATION] + STATION_COLUMNS * station


@inner
def stretch_row(m: Ints, stretch: int) -> int:
    return m[STRETCHES] + STRETCH_COLUMNS * stretch


@inner
def sheet_row(m: Ints, sheet: int) -> int:
    return m[SHEETS] + SHEET_COLUMNS * sheet


@inner
def shape_row(m: Ints, shape: int) -> int:
    return m[SHAPE] + SHAPE_COLUMNS * shape


@inner
def hold_row(m: Ints, batch: int) -> int:
    return m[HOLDS] + HOLD_COLUMNS * batch


@inner
def stand_row(m: Ints, batch: int) -> int:
    return m[STANDS] + STAND_COLUMNS * batch


@inner
def time_row(m: Ints, batch: int) -> int:
    return m[TIMES] + TIME_COLUMNS * batch


@inner
def dirty_row(m: Ints, station: int) -> int:
    return m[DIRTY] + DIRTY_COLUMNS * station


@inner
def log_row(m: Ints, row: int) -> int:
    return m[LOG] + LOG_COLUMNS * row


@inner
def time_log_row(m: Ints, row: int) -> int:
    return m[TIME_LOG] + TIME_LOG_COLUMNS * row


@inner
def saved_row(m: Ints, row: int) -> int:
    return m[SAVED] + SAVED_COLUMNS * row


@inner
def touched_row(m: Ints, row: int) -> int:
    return m[TOUCHED] + TOUCHED_COLUMNS * row


@inner
def mode_of_row(m: Ints, family: int) -> int:
    return m[MODE_OF] + m[STATION_COUNT] * family


@inner
def sequence_row(m: Ints, station: int) -> int:
    return m[SEQUENCES] + m[BATCH_ROOM] * station


@inner
def best_sequence_row(m: Ints, station: int) -> int:
    return m[BEST_SEQUENCES] + m[BATCH_ROOM] * station


@inner
def change_row(m: Ints, state: int) -> int:
    return m[CHANGE_SECONDS] + m[STATE_COUNT] * state


@inner
def packing_row(m: Ints, what: int) -> int:
    return m[PACKING] + m[PACKING_ROOM] * what


@inner
def change_money(m: Ints, station: int, state: int, following: int) -> int:
    return m[m[CHANGE_MONEY] + (station * m[STATE_COUNT] + state) * m[STATE_COUNT] + following]


@inner
def skyline_row(m: Ints, what: int) -> int:
    return m[SKYLINE] + m[SKYLINE_ROOM] * what
