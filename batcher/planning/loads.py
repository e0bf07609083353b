"""What a batch holds, summed up, and whether a mode can take it."""

from collections.abc import Sequence
from dataclasses import dataclass

from batcher.planning.index import NO_LIMIT, Instance, ModeView
from batcher.planning.layout import TRIES, Packer, Shape, area_taken, place, shape_of
from batcher.planning.plan import Placement
from batcher.planning.problem import SheetSize


@dataclass(frozen=True, slots=True, eq=False)
class Load:
    """Units of one family that share a batch, with what follows from them."""

    units: tuple[int, ...]
    size: int
    serial: int
    parallel: int
    limit: int
    release: int
    due: int
    stations: int  #: bit mask of the stations every unit may run on
    kinds: frozenset[str]
    waiting: tuple[int, ...]  #: units that wait for others
    awaited: tuple[int, ...]  #: units others wait for


class Loader:
    """Sums up loads and tells whether they fit; remembers sheet layouts."""

    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        self._packers: dict[SheetSize, Packer] = {}
        self._shapes: list[tuple[Shape, ...]] = []
        self._areas: dict[int, list[int]] = {}
        self.resize(instance)

    def resize(self, instance: Instance) -> None:
        """Go on with an instance that has units more, or fewer, at its end."""
        self.instance = instance
        del self._shapes[len(instance.units) :]
        self._shapes += [tuple(sorted(map(shape_of, unit.rectangles))) for unit in instance.units[len(self._shapes) :]]
        for areas in self._areas.values():
            del areas[len(instance.units) :]

    def load(self, places: Sequence[int]) -> Load:
        """Return what these units of one family come to."""
        units = [self.instance.units[place] for place in places]
        stations = -1
        for unit in units:
            stations &= unit.stations
        return Load(
            units=tuple(places),
            size=sum([unit.size for unit in units]),
            serial=sum([unit.serial for unit in units]),
            parallel=max([unit.parallel for unit in units]),
            limit=min([unit.limit for unit in units]),
            release=max([unit.release for unit in units]),
            due=min([unit.due for unit in units]),
            stations=stations,
            kinds=frozenset().union(*[unit.kinds for unit in units]),
            waiting=tuple([unit.place for unit in units if unit.before]),
            awaited=tuple([unit.place for unit in units if unit.after]),
        )

    def fits(self, mode: ModeView, load: Load, tries: int = TRIES) -> bool:
        """Tell whether a mode can take a load, after so many tries to lay it on its sheet."""
        return (
            load.parallel <= load.limit
            and bool(load.stations >> mode.station & 1)
            and len(load.kinds) <= mode.max_kinds
            and (load.size <= mode.capacity if mode.sheet is None else self._lies(mode.sheet, load.units, tries))
        )

    def has_area(self, sheet: SheetSize, load: Load, place: int) -> bool:
        """Tell whether a sheet has area left for a unit more; it may still not lie on it."""
        areas = self._areas.setdefault(sheet.gap, [])
        areas += [area_taken(unit.rectangles, sheet.gap) for unit in self.instance.units[len(areas) :]]
        return areas[place] + sum([areas[unit] for unit in load.units]) <= self._packer(sheet).area

    def may_join(self, mode: ModeView, load: Load, place: int) -> bool:
        """Tell quickly whether a unit may be added to a load that fits: the whole answer unless there is a sheet."""
        unit = self.instance.units[place]
        return (
            load.size + unit.size <= (mode.capacity if mode.sheet is None else NO_LIMIT)
            and max(load.parallel, unit.parallel) <= min(load.limit, unit.limit)
            and bool(unit.stations >> mode.station & 1)
            and (not unit.kinds or len(load.kinds | unit.kinds) <= mode.max_kinds)
        )

    def placements(self, mode: ModeView, load: Load) -> dict[str, Placement]:
        """Return where each job of a load that fits lies; empty without a sheet."""
        if mode.sheet is None:
            return {}
        rectangles = [rectangle for unit in load.units for rectangle in self.instance.units[unit].rectangles]
        return place(self._packer(mode.sheet), rectangles) or {}

    def _packer(self, sheet: SheetSize) -> Packer:
        packer = self._packers.get(sheet)
        if packer is None:
            packer = self._packers[sheet] = Packer(sheet)
        return packer

    def _lies(self, sheet: SheetSize, places: Sequence[int], tries: int) -> bool:
        shapes = sorted(shape for place in places for shape in self._shapes[place])
        return self._packer(sheet).pack(tuple(shapes), tries) is not None
