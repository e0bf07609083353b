"""How full a dispatch makes batches: what units take of a mode's room, by size or by area, and which go together."""

from batcher.planning.index import NO_LIMIT, Instance, ModeView, Unit
from batcher.planning.layout import area_taken


def gathered(mode: ModeView, found: list[Unit]) -> list[Unit]:
    """Return the first units that fit together, by size or area, kinds and parallel times."""
    room = whole(mode)
    units: list[Unit] = []
    parallel, limit = 0, NO_LIMIT
    kinds: set[str] = set()
    for unit in found:
        size = room_of(mode, unit)
        if size > room or max(parallel, unit.parallel) > min(limit, unit.limit):
            continue
        if unit.kinds and len(kinds | unit.kinds) > mode.max_kinds:
            continue
        units.append(unit)
        room -= size
        parallel, limit = max(parallel, unit.parallel), min(limit, unit.limit)
        kinds |= unit.kinds
        if room <= 0:
            break
    return units


def looked_at(mode: ModeView, pool: int) -> int:
    """Return how many of a family's jobs, in order of due, are weighed: fewer where there are many, to stay quick."""
    batch = mode.capacity if mode.capacity < NO_LIMIT else 40
    return 40 + batch if pool <= 100 else max(20, 2 * batch)


def room_of(mode: ModeView, unit: Unit) -> int:
    """Return what a unit takes of a mode's room: size, or area with its gaps."""
    return unit.size if mode.sheet is None else area_taken(unit.rectangles, mode.sheet.gap)


def filled(mode: ModeView, units: list[Unit]) -> float:
    """Return the share of a mode's room that units take, by area at most 1."""
    return min(1.0, sum([room_of(mode, unit) for unit in units]) / whole(mode))


def whole(mode: ModeView) -> int:
    """Return all the room of a mode, never 0."""
    return max(1, mode.capacity if mode.sheet is None else mode.sheet.width * mode.sheet.height)


def backlog(instance: Instance) -> float:
    """Return about how many full batches there are for each station."""
    full = sum(min(room_of(mode, unit) / whole(mode) for mode in unit.modes) for unit in instance.units if unit.modes)
    return full / max(1, len(instance.stations))
