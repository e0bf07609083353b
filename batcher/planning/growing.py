"""More work at the end of an indexed problem, and off it again, without a look at what was there before."""

from dataclasses import dataclass, replace

from batcher.planning.index import FamilyView, Instance, OrderView, Unit


@dataclass(frozen=True, slots=True)
class Mark:
    """How much an instance held at a moment."""

    families: int
    orders: int
    units: int


class Growing:
    """
    An instance of its own that grows at its end; the one it was made of stays as it is.

    The jobs stay those it was made of: what is added is asked about, and in no plan.
    """

    def __init__(self, base: Instance) -> None:
        self._families: list[FamilyView] = [*base.families]
        self._orders: list[OrderView] = [*base.orders]
        self._units: list[Unit] = [*base.units]
        self._place_of = {family.id: place for place, family in enumerate(base.problem.families)}
        self._named = [family.id for family in base.problem.families]
        self.instance = replace(base, families=self._families, orders=self._orders, units=self._units)

    @property
    def mark(self) -> Mark:
        """How much it holds now."""
        return Mark(len(self._families), len(self._orders), len(self._units))

    def grow(self, more: Instance) -> None:
        """Add the units, orders and new families of an instance of the same stations, setup states and moment."""
        family_at = [
            self._place(view, family.id) for view, family in zip(more.families, more.problem.families, strict=True)
        ]
        first_unit, first_order = len(self._units), len(self._orders)
        for unit in more.units:
            self._units.append(_moved(unit, first_unit, first_order, self._families[family_at[unit.family]]))
        for order in more.orders:
            self._orders.append(replace(order, units=tuple(unit + first_unit for unit in order.units)))

    def shrink(self, to: Mark) -> None:
        """Take off what has been added since."""
        for name in self._named[to.families :]:
            del self._place_of[name]
        del self._named[to.families :], self._families[to.families :]
        del self._orders[to.orders :], self._units[to.units :]

    def _place(self, view: FamilyView, name: str) -> int:
        """Return where a family is, which is the end when it is new."""
        place = self._place_of.setdefault(name, len(self._families))
        if place == len(self._families):
            self._families.append(_moved_family(view, place))
            self._named.append(name)
        return place


def _moved_family(view: FamilyView, place: int) -> FamilyView:
    modes = {station: replace(mode, family=place) for station, mode in view.modes.items()}
    return replace(view, place=place, modes=modes)


def _moved(unit: Unit, first_unit: int, first_order: int, family: FamilyView) -> Unit:
    return replace(
        unit,
        place=unit.place + first_unit,
        family=family.place,
        orders=tuple(order + first_order for order in unit.orders),
        modes=tuple(family.modes[mode.station] for mode in unit.modes),
        before=tuple((before + first_unit, lag) for before, lag in unit.before),
        after=tuple(after + first_unit for after in unit.after),
    )
