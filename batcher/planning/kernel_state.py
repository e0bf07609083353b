"""
The memory of the compiled search: a problem and a schedule written into its tables, and the best schedule read back.

Money is in minor units times 3600, as everywhere in planning.
"""

from collections.abc import Iterable, Sequence
from itertools import chain

import numpy as np

from batcher.planning import kernel_tables as t
from batcher.planning.conversion import Bundle
from batcher.planning.index import Instance, Unit
from batcher.planning.kernel_tables import Ints
from batcher.planning.layout import Shape, shape_of
from batcher.planning.loads import Loader
from batcher.planning.magnitude import fits_a_word

#: Stations are bits of a whole number.
MOST_STATIONS = 62
#: Answers about sheets that are remembered.
_KNOWN_LAYOUTS = 1 << 16


def supported(instance: Instance) -> bool:
    """Tell whether 64 bits hold every sum, and a bit each station."""
    return len(instance.stations) <= MOST_STATIONS and fits_a_word(instance)


def memory_of(instance: Instance, planned: Sequence[int], seed: int) -> Ints:
    """Return the memory with the problem in it and a schedule with no batch, to which these units are to be given."""
    memory = _Memory()
    shapes = sorted({shape_of(box) for unit in instance.units for box in unit.rectangles})
    _write_units(memory, instance, shapes)
    _write_modes(memory, instance)
    _write_stations(memory, instance)
    memory.table(t.SHAPE, shapes)
    chance = np.random.default_rng(1)
    memory.table(t.KEYS, [chance.integers(1, 2**62, len(shapes) + memory.size(t.SHEETS) + 1)])
    memory.head[t.SHAPE_COUNT] = len(shapes)
    memory.head[t.RANDOM] = int(np.random.default_rng(seed).integers(1, 2**62))
    memory.table(t.PLANNED, sorted(planned))
    memory.head[t.PLANNED_COUNT] = len(planned)
    _write_schedule(memory, instance)
    return memory.array()


def bundles_of(memory: Ints, loader: Loader) -> list[list[Bundle]]:
    """Return the best schedule seen, as sequences of bundles."""
    instance = loader.instance
    held: dict[int, list[int]] = {}
    for unit, batch in enumerate(_part(memory, t.BEST_BATCH_OF, len(instance.units))):
        held.setdefault(batch, []).append(unit)
    found: list[list[Bundle]] = []
    for station, length in enumerate(_part(memory, t.BEST_LENGTHS, len(instance.stations))):
        bundles: list[Bundle] = []
        begin = int(memory[t.BEST_SEQUENCES]) + station * int(memory[t.BATCH_ROOM])
        for batch in memory[begin : begin + length].tolist():
            load = loader.load(held[batch])
            bundles.append((instance.families[instance.units[load.units[0]].family].modes[station], load))
        found.append(bundles)
    return found


def rows_of(sequences: Sequence[Sequence[Bundle]]) -> tuple[Ints, Ints]:
    """Return sequences as `kernel_search.build` takes them."""
    rows: list[tuple[int, int, int]] = []
    held: list[int] = []
    for station, bundles in enumerate(sequences):
        for _, load in bundles:
            rows.append((station, len(held), len(held) + len(load.units)))
            held.extend(load.units)
    return np.array(rows, np.int64).reshape(-1, 3), np.array(held, np.int64)


def _part(memory: Ints, table: int, length: int) -> list[int]:
    begin = int(memory[table])
    found: list[int] = memory[begin : begin + length].tolist()
    return found


class _Memory:
    """Tables as they are written, one after the other."""

    def __init__(self) -> None:
        self.head = [0] * t.HEAD_SIZE
        self.lists: list[int] = []
        self.parts: dict[int, Ints] = {}

    def list(self, items: Iterable[int]) -> tuple[int, int]:
        begin = len(self.lists)
        self.lists.extend(items)
        return begin, len(self.lists)

    def table(self, name: int, rows: Iterable[object]) -> None:
        self.parts[name] = np.array(list(rows), np.int64)

    def room(self, name: int, *shape: int, filled: int = 0) -> None:
        self.parts[name] = np.full(shape, filled, np.int64)

    def size(self, name: int) -> int:
        return len(self.parts[name])

    def array(self) -> Ints:
        self.table(t.LISTS, self.lists)
        at = len(self.head)
        for name, part in self.parts.items():
            self.head[name] = at
            at += part.size
        return np.concatenate([np.array(self.head, np.int64), *(part.ravel() for part in self.parts.values())])


def _write_units(memory: _Memory, instance: Instance, shapes: list[Shape]) -> None:
    shape_at = {shape: place for place, shape in enumerate(shapes)}
    kinds = sorted(set().union(*(unit.kinds for unit in instance.units)))
    kind_at = {kind: place for place, kind in enumerate(kinds)}
    memory.table(t.UNIT, [_unit_row(memory, instance, unit, shape_at, kind_at) for unit in instance.units])
    memory.table(t.ORDER, [(o.due, o.late, o.rate, *memory.list(o.units)) for o in instance.orders])
    memory.room(t.KIND_MARKS, len(kinds))


def _unit_row(
    memory: _Memory, instance: Instance, unit: Unit, shape_at: dict[Shape, int], kind_at: dict[str, int]
) -> tuple[int, ...]:
    lags = [(after, dict(instance.units[after].before)[unit.place]) for after in unit.after]
    alone = len(unit.orders) == 1 and len(instance.orders[unit.orders[0]].units) == 1
    return (
        *(unit.family, unit.release, unit.due, unit.size, unit.serial, unit.parallel, unit.limit, unit.stations),
        *memory.list(chain.from_iterable(unit.before)),
        *memory.list(chain.from_iterable(lags)),
        *memory.list(unit.orders),
        *memory.list(sorted(kind_at[kind] for kind in unit.kinds)),
        *memory.list(sorted(shape_at[shape_of(box)] for box in unit.rectangles)),
        unit.orders[0] if alone else -1,
    )


def _write_modes(memory: _Memory, instance: Instance) -> None:
    modes = [mode for family in instance.families for mode in family.modes.values()]
    sheets = sorted({(m.sheet.width, m.sheet.height, m.sheet.gap) for m in modes if m.sheet is not None})
    sheet_at = {sheet: place for place, sheet in enumerate(sheets)}
    memory.table(t.SHEETS, [(width + gap, height + gap, gap) for width, height, gap in sheets])
    rows = []
    mode_of = np.full((len(instance.families), len(instance.stations)), -1, np.int64)
    for row, m in enumerate(modes):
        sheet = -1 if m.sheet is None else sheet_at[m.sheet.width, m.sheet.height, m.sheet.gap]
        rows.append((m.seconds, m.capacity, sheet, m.max_kinds, m.rate, m.fixed))
        mode_of[m.family, m.station] = row
    memory.table(t.MODE, rows)
    memory.table(t.MODE_OF, mode_of)
    in_family = np.bincount([unit.family for unit in instance.units], minlength=len(instance.families)) + 2
    kin_from = np.cumsum(in_family) - in_family
    memory.table(
        t.FAMILIES,
        [(f.state, f.unattended, kin_from[f.place], *memory.list(sorted(f.modes))) for f in instance.families],
    )
    memory.room(t.KIN, int(in_family.sum()))
    memory.room(t.KIN_COUNT, len(instance.families))


def _write_stations(memory: _Memory, instance: Instance) -> None:
    stretches: list[tuple[int, ...]] = []
    rows = []
    for view in instance.stations:
        begin, calendar = len(stretches), view.calendar
        stretches += zip(calendar.starts, calendar.ends, calendar.closes, calendar.attended, strict=True)
        rows.append((view.state, view.setup_unattended, calendar.magazine, begin, len(stretches)))
    memory.table(t.STATION, rows)
    memory.table(t.STRETCHES, stretches)
    memory.table(t.CHANGE_SECONDS, instance.change_seconds)
    memory.table(t.CHANGE_MONEY, [view.change_money for view in instance.stations])
    memory.head[t.STATION_COUNT], memory.head[t.STATE_COUNT] = len(rows), len(instance.change_seconds)


def _write_schedule(memory: _Memory, instance: Instance) -> None:
    """Make room for a schedule, the trial on it and the best one seen; no unit is planned."""
    units, stations, orders = len(instance.units), len(instance.stations), len(instance.orders)
    batches = units + 4
    lateness = [order.lateness(instance.unplanned_end) if order.units else 0 for order in instance.orders]
    head = memory.head
    head[t.COST] = head[t.LATE_MONEY] = sum(lateness)
    head[t.UNIT_COUNT], head[t.BATCH_ROOM], head[t.FREE_COUNT] = units, batches, batches
    memory.table(t.LATENESS, lateness)
    memory.table(t.FREE, range(batches))
    for name in (t.BATCH_OF, t.FOLLOWING, t.PRECEDING, t.BEST_BATCH_OF):
        memory.room(name, units, filled=-1)
    for name in (t.SEQUENCES, t.BEST_SEQUENCES):
        memory.room(name, stations, batches)
    for name in (t.LENGTHS, t.BEST_LENGTHS):
        memory.room(name, stations)
    memory.room(t.HOLDS, batches, t.HOLD_COLUMNS)
    memory.room(t.STANDS, batches, t.STAND_COLUMNS, filled=-1)
    memory.room(t.TIMES, batches, t.TIME_COLUMNS, filled=-1)
    memory.room(t.DIRTY, stations, t.DIRTY_COLUMNS, filled=-1)
    memory.room(t.LOG, 6 * batches, t.LOG_COLUMNS)
    memory.room(t.TIME_LOG, batches, t.TIME_LOG_COLUMNS)
    memory.room(t.SAVED, batches, t.SAVED_COLUMNS)
    memory.room(t.MOVED, 4 * batches)
    memory.room(t.TOUCHED, orders, t.TOUCHED_COLUMNS)
    memory.room(t.BLOCK, batches)
    memory.room(t.TIMED_MARKS, batches)
    memory.room(t.SAVED_MARKS, batches)
    memory.room(t.ORDER_MARKS, orders)
    _write_layouts(memory, instance)


def _write_layouts(memory: _Memory, instance: Instance) -> None:
    boxes = sum(len(unit.rectangles) for unit in instance.units) if memory.size(t.SHEETS) else 0
    known = _KNOWN_LAYOUTS if boxes else 1
    memory.head[t.PACKING_ROOM], memory.head[t.SKYLINE_ROOM] = boxes, boxes + 3
    memory.head[t.KNOWN_COUNT] = known
    memory.room(t.PACKING, 4, boxes)
    memory.room(t.SKYLINE, 2, memory.head[t.SKYLINE_ROOM])
    memory.room(t.KNOWN, known)
    memory.room(t.ANSWERS, known)
