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
    SPACE_COLUMNS,
    SPACE_ROOM,
    UPRIGHT,
    Ints,
    inner,
    packing_row,
    shape_row,
    sheet_row,
    space_row,
    stand_row,
    unit_row,
)

_SHAPE, _ORDER, _FIRST_KEY, _SECOND_KEY = range(4)
_FREE, _KEPT, _PIECES = range(3)
_EITHER, _UP, _ACROSS, _TURNINGS = range(4)
_YES, _NO = 1, 2


@inner
def lies(m: Ints, batch: int, sheet: int) -> bool:
    """Tell whether a layout of the batch's jobs on a sheet is found."""
    across, up, gap = (
        m[sheet_row(m, sheet) + SHEET_WIDTH],
        m[sheet_row(m, sheet) + SHEET_HEIGHT],
        m[sheet_row(m, sheet) + SHEET_GAP],
    )
    key, area, count = m[m[KEYS] + m[SHAPE_COUNT] + sheet], 0, 0
    unit = m[stand_row(m, batch) + HEAD]
    while unit >= 0:
        for at in range(m[unit_row(m, unit) + SHAPES], m[unit_row(m, unit) + SHAPES_END]):
            shape = m[m[LISTS] + at]
            key += m[m[KEYS] + shape]
            area += (m[shape_row(m, shape) + LONG] + gap) * (m[shape_row(m, shape) + SHORT] + gap)
            m[packing_row(m, _SHAPE) + count] = shape
            count += 1
        unit = m[m[FOLLOWING] + unit]
    if area > across * up:
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
    """Tell whether the first `count` shapes of the scratch fit on a sheet, in any of three orders and turnings."""
    for turning in range(_TURNINGS):
        for way in range(3):
            _arrange(m, count, way)
            if _place(m, count, sheet, turning):
                return True
    return False


@inner
def _arrange(m: Ints, count: int, way: int) -> None:
    """Bring the shapes into an order: by area, by long side or by short side, largest first."""
    for k in range(count):
        shape = m[packing_row(m, _SHAPE) + k]
        long, short = m[shape_row(m, shape) + LONG], m[shape_row(m, shape) + SHORT]
        m[packing_row(m, _ORDER) + k] = shape
        m[packing_row(m, _FIRST_KEY) + k] = -long * short if way == 0 else (-long if way == 1 else -short)
        m[packing_row(m, _SECOND_KEY) + k] = 0 if way == 0 else (-short if way == 1 else -long)
    _sort(m, count)


@inner
def _sort(m: Ints, count: int) -> None:
    """Sort the order by first key, second key and shape."""
    for k in range(1, count):
        shape, first, second = (
            m[packing_row(m, _ORDER) + k],
            m[packing_row(m, _FIRST_KEY) + k],
            m[packing_row(m, _SECOND_KEY) + k],
        )
        at = k
        while at > 0:
            one, two, other = (
                m[packing_row(m, _FIRST_KEY) + at - 1],
                m[packing_row(m, _SECOND_KEY) + at - 1],
                m[packing_row(m, _ORDER) + at - 1],
            )
            if one < first or (one == first and (two < second or (two == second and other <= shape))):
                break
            m[packing_row(m, _ORDER) + at], m[packing_row(m, _FIRST_KEY) + at], m[packing_row(m, _SECOND_KEY) + at] = (
                other,
                one,
                two,
            )
            at -= 1
        m[packing_row(m, _ORDER) + at], m[packing_row(m, _FIRST_KEY) + at], m[packing_row(m, _SECOND_KEY) + at] = (
            shape,
            first,
            second,
        )


@inner
def _place(m: Ints, count: int, sheet: int, turning: int) -> bool:
    """Place the shapes one by one where the short side left over is least."""
    gap, free, first = m[sheet_row(m, sheet) + SHEET_GAP], 1, space_row(m, _FREE, 0)
    m[first], m[first + 1] = 0, 0
    m[first + 2], m[first + 3] = m[sheet_row(m, sheet) + SHEET_WIDTH], m[sheet_row(m, sheet) + SHEET_HEIGHT]
    for k in range(count):
        row = shape_row(m, m[packing_row(m, _ORDER) + k])
        long, short = m[row + LONG] + gap, m[row + SHORT] + gap
        if m[row + UPRIGHT] or long == short:
            at, turned = _best_space(m, free, long, short, 0, 1)
        elif turning == _EITHER:
            at, turned = _best_space(m, free, long, short, 0, 2)
        else:
            wanted = 1 if turning == _UP else 0
            at, turned = _best_space(m, free, long, short, wanted, wanted + 1)
            if at < 0:
                at, turned = _best_space(m, free, long, short, 1 - wanted, 2 - wanted)
        if at < 0:
            return False
        space = space_row(m, _FREE, at)
        free = _cut(m, free, m[space], m[space + 1], short if turned else long, long if turned else short)
        if free < 0:
            return False
    return True


@inner
def _best_space(m: Ints, free: int, long: int, short: int, first: int, end: int) -> tuple[int, bool]:
    """Return the space where least is left over, and whether the shape is turned there; -1: there is none."""
    best, turned = -1, False
    least, most, low, left = 0, 0, 0, 0
    for k in range(free):
        space = space_row(m, _FREE, k)
        x, y = m[space], m[space + 1]
        for turn in range(first, end):
            over = m[space + 2] - (short if turn else long)
            under = m[space + 3] - (long if turn else short)
            if over < 0 or under < 0:
                continue
            small, large = min(over, under), max(over, under)
            if best < 0 or (small, large, y, x) < (least, most, low, left):
                best, turned = k, turn == 1
                least, most, low, left = small, large, y, x
    return best, turned


@inner
def _cut(m: Ints, free: int, x: int, y: int, width: int, height: int) -> int:
    """Take a rectangle out of the free spaces; return how many are left, -1 when the scratch is too small."""
    kept = pieces = 0
    for k in range(free):
        space = space_row(m, _FREE, k)
        left, bottom = m[space], m[space + 1]
        if x >= left + m[space + 2] or x + width <= left or y >= bottom + m[space + 3] or y + height <= bottom:
            _copy(m, _FREE, k, _KEPT, kept)
            kept += 1
        elif pieces + 4 > m[SPACE_ROOM]:
            return -1
        else:
            pieces = _around(m, space, pieces, x, y, x + width, y + height)
    if kept + pieces > m[SPACE_ROOM]:
        return -1
    for k in range(kept):
        _copy(m, _KEPT, k, _FREE, k)
    free = kept
    for k in range(pieces):
        if not _hidden(m, k, pieces, kept):
            _copy(m, _PIECES, k, _FREE, free)
            free += 1
    return free


@inner
def _around(m: Ints, space: int, pieces: int, x: int, y: int, right: int, top: int) -> int:
    """Add what is left of a space on each side of a rectangle to the pieces; return how many there are then."""
    left, bottom, across, up = m[space], m[space + 1], m[space + 2], m[space + 3]
    far, high = left + across, bottom + up
    if x > left:
        pieces = _add(m, pieces, left, bottom, x - left, up)
    if right < far:
        pieces = _add(m, pieces, right, bottom, far - right, up)
    if y > bottom:
        pieces = _add(m, pieces, left, bottom, across, y - bottom)
    if top < high:
        pieces = _add(m, pieces, left, top, across, high - top)
    return pieces


@inner
def _hidden(m: Ints, at: int, pieces: int, kept: int) -> bool:
    """Tell whether a piece lies inside another or inside a space that was kept."""
    piece, hidden = space_row(m, _PIECES, at), False
    for other in range(pieces):
        hidden |= other != at and _inside(m, piece, space_row(m, _PIECES, other))
    for other in range(kept):
        hidden |= _inside(m, piece, space_row(m, _KEPT, other))
    return hidden


@inner
def _add(m: Ints, pieces: int, x: int, y: int, width: int, height: int) -> int:
    """Add a piece unless it is there already."""
    for k in range(pieces):
        piece = space_row(m, _PIECES, k)
        if m[piece] == x and m[piece + 1] == y and m[piece + 2] == width and m[piece + 3] == height:
            return pieces
    piece = space_row(m, _PIECES, pieces)
    m[piece], m[piece + 1], m[piece + 2], m[piece + 3] = x, y, width, height
    return pieces + 1


@inner
def _inside(m: Ints, piece: int, other: int) -> bool:
    return (
        m[piece] >= m[other]
        and m[piece + 1] >= m[other + 1]
        and m[piece] + m[piece + 2] <= m[other] + m[other + 2]
        and m[piece + 1] + m[piece + 3] <= m[other + 1] + m[other + 3]
    )


@inner
def _copy(m: Ints, what: int, row: int, onto: int, at: int) -> None:
    source, target = space_row(m, what, row), space_row(m, onto, at)
    for column in range(SPACE_COLUMNS):
        m[target + column] = m[source + column]
