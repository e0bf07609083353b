"""
Do these outlines fit on a sheet, in compiled code: the packing of `layout`, step by step the same, over arrays.

It answers as `layout.Packer` does, so that what is accepted here can be laid out there; answers are remembered.
"""

from batcher.planning.kernel_tables import (
    ANSWERS,
    FOLLOWING,
    HEAD,
    KEYS,
    KNOWN,
    KNOWN_COUNT,
    LISTS,
    LONG,
    SHAPE_COUNT,
    SHAPES,
    SHAPES_END,
    SHEET_GAP,
    SHEET_HEIGHT,
    SHEET_WIDTH,
    SHORT,
    UPRIGHT,
    Ints,
    inner,
    packing_row,
    shape_row,
    sheet_row,
    skyline_row,
    stand_row,
    unit_row,
)
from batcher.planning.layout import CHANCE, EARLY_TRIES, FAR, PLAIN_TRIES, TRIES

_PIECE, _KIND, _COUNT, _LEFT = range(4)
_X, _Y = range(2)
_YES, _NO = 1, 2


@inner
def lies(m: Ints, batch: int, sheet: int) -> bool:
    """Tell whether a layout of the batch's jobs on a sheet is found."""
    key, count = m[m[KEYS] + m[SHAPE_COUNT] + sheet], 0
    unit = m[stand_row(m, batch) + HEAD]
    while unit >= 0:
        for at in range(m[unit_row(m, unit) + SHAPES], m[unit_row(m, unit) + SHAPES_END]):
            shape = m[m[LISTS] + at]
            key += m[m[KEYS] + shape]
            m[packing_row(m, _PIECE) + count] = shape
            count += 1
        unit = m[m[FOLLOWING] + unit]
    spare = _spare(m, count, sheet)
    if spare < 0:
        return False
    slot = (key >> 7) & (m[KNOWN_COUNT] - 1)
    if m[m[KNOWN] + slot] == key and m[m[ANSWERS] + slot] != 0:
        return m[m[ANSWERS] + slot] == _YES
    found = pack(m, count, sheet)
    m[m[KNOWN] + slot] = key
    m[m[ANSWERS] + slot] = _YES if found else _NO
    return found


@inner
def pack(m: Ints, count: int, sheet: int) -> bool:
    """Tell whether the first `count` pieces of the scratch fit on a sheet, in any of so many tries."""
    spare = _spare(m, count, sheet)
    if spare < 0:
        return False
    area = m[sheet_row(m, sheet) + SHEET_WIDTH] * m[sheet_row(m, sheet) + SHEET_HEIGHT]
    kinds, least = _group(m, count), area
    for number in range(TRIES):
        for kind in range(kinds):
            m[packing_row(m, _LEFT) + kind] = m[packing_row(m, _COUNT) + kind]
        missing = _fill(m, sheet, kinds, area - spare, spare, number)
        if missing == 0:
            return True
        least = min(least, missing)
        if number == EARLY_TRIES and least > FAR * area:
            return False
    return False


@inner
def _spare(m: Ints, count: int, sheet: int) -> int:
    """Return the area that pieces leave of a sheet, all grown by the gap."""
    row = sheet_row(m, sheet)
    gap, spare = m[row + SHEET_GAP], m[row + SHEET_WIDTH] * m[row + SHEET_HEIGHT]
    for at in range(count):
        shape = shape_row(m, m[packing_row(m, _PIECE) + at])
        spare -= (m[shape + LONG] + gap) * (m[shape + SHORT] + gap)
    return spare


@inner
def _group(m: Ints, count: int) -> int:
    """Write down the shapes that are there, in order, with how many there are of each; return how many shapes."""
    kinds = 0
    for piece in range(count):
        shape = m[packing_row(m, _PIECE) + piece]
        at = 0
        while at < kinds and m[packing_row(m, _KIND) + at] < shape:
            at += 1
        if at < kinds and m[packing_row(m, _KIND) + at] == shape:
            m[packing_row(m, _COUNT) + at] += 1
            continue
        for later in range(kinds, at, -1):
            m[packing_row(m, _KIND) + later] = m[packing_row(m, _KIND) + later - 1]
            m[packing_row(m, _COUNT) + later] = m[packing_row(m, _COUNT) + later - 1]
        m[packing_row(m, _KIND) + at] = shape
        m[packing_row(m, _COUNT) + at] = 1
        kinds += 1
    return kinds


@inner
def _fill(m: Ints, sheet: int, kinds: int, missing: int, spare: int, number: int) -> int:
    """Fill a sheet once with pieces of so much area; return the area of those that do not lie on it."""
    from_side = number % 2
    row, gap = sheet_row(m, sheet), m[sheet_row(m, sheet) + SHEET_GAP]
    width, height = m[row + SHEET_WIDTH], m[row + SHEET_HEIGHT]
    if from_side:
        width, height = height, width
    xs, ys = skyline_row(m, _X), skyline_row(m, _Y)
    m[xs], m[xs + 1], m[ys], m[ys + 1] = 0, width, 0, height
    steps, drawn = 1, 7919 * number + 1 if number >= PLAIN_TRIES else 0
    while missing:
        at = 0
        for step in range(1, steps):
            if m[ys + step] < m[ys + at]:
                at = step
        room, top = m[xs + at + 1] - m[xs + at], height - m[ys + at]
        kind, across, up, drawn = _choose(m, kinds, gap, from_side, room, top, drawn)
        if kind < 0:
            high = min(m[ys + at - 1] if at else height, m[ys + at + 1])
            spare -= room * (high - m[ys + at])
            if spare < 0:
                break
            m[ys + at] = high
        else:
            m[packing_row(m, _LEFT) + kind] -= 1
            missing -= across * up
            steps, at = _lay(m, steps, at, across, up, height)
        steps = _join(m, steps, at)
    return missing


@inner
def _choose(
    m: Ints, kinds: int, gap: int, from_side: int, room: int, top: int, drawn: int
) -> tuple[int, int, int, int]:
    """Return the shape to lay into a hollow (-1: none), how far it reaches across and up, and the last number drawn."""
    best, chosen, across, up = 0, -1, 0, 0
    for kind in range(kinds):
        if m[packing_row(m, _LEFT) + kind] == 0:
            continue
        shape = shape_row(m, m[packing_row(m, _KIND) + kind])
        long, short = m[shape + LONG] + gap, m[shape + SHORT] + gap
        for turned in range(1 if m[shape + UPRIGHT] or long == short else 2):
            along, rising = (long, short) if turned == from_side else (short, long)
            if along > room or rising > top:
                continue
            score = (along + rising) * CHANCE
            if drawn:
                drawn = (1_103_515_245 * drawn + 12_345) & 0x7FFFFFFF
                score += (along + rising) * (drawn >> 8 & CHANCE - 1)
            if along == room:
                score += score >> 1
            if score > best:
                best, chosen, across, up = score, kind, along, rising
    return chosen, across, up, drawn


@inner
def _lay(m: Ints, steps: int, at: int, across: int, up: int, height: int) -> tuple[int, int]:
    """Lay a piece on a step, against its higher wall; return how many steps there are then, and which is its own."""
    xs, ys = skyline_row(m, _X), skyline_row(m, _Y)
    low, x = m[ys + at], m[xs + at]
    room = m[xs + at + 1] - x
    if across == room:
        m[ys + at] = low + up
        return steps, at
    for step in range(steps, at, -1):  # make room for a step behind it; the border moves too
        m[xs + step + 1], m[ys + step + 1] = m[xs + step], m[ys + step]
    if m[ys + at + 2] > (m[ys + at - 1] if at else height):
        m[xs + at + 1], m[ys + at + 1] = x + room - across, low + up
        return steps + 1, at + 1
    m[xs + at + 1], m[ys + at + 1] = x + across, low
    m[ys + at] = low + up
    return steps + 1, at


@inner
def _join(m: Ints, steps: int, at: int) -> int:
    """Join a step with its neighbours of the same height; return how many steps there are then."""
    ys = skyline_row(m, _Y)
    if at + 1 < steps and m[ys + at + 1] == m[ys + at]:
        steps = _drop(m, steps, at + 1)
    if at > 0 and m[ys + at - 1] == m[ys + at]:
        steps = _drop(m, steps, at)
    return steps


@inner
def _drop(m: Ints, steps: int, at: int) -> int:
    xs, ys = skyline_row(m, _X), skyline_row(m, _Y)
    for step in range(at, steps):
        m[xs + step], m[ys + step] = m[xs + step + 1], m[ys + step + 1]
    return steps - 1
