"""More work at the end of an indexed problem, without indexing the whole again; the stations stay as they are."""

from dataclasses import replace

from batcher.planning.index import FamilyView, Instance, Unit


def grown(base: Instance, more: Instance) -> Instance:
    """
    Return an instance with the units, orders and new families of another at its end.

    Both are of the same stations, setup states and moment. The jobs stay those of `base`: what is added is asked
    about, and in no plan.
    """
    place_of = {family.id: place for place, family in enumerate(base.problem.families)}
    families, named = list(base.families), list(base.problem.families)
    family_at: list[int] = []
    for view, family in zip(more.families, more.problem.families, strict=True):
        place = place_of.get(family.id)
        if place is None:
            place = len(families)
            families.append(_moved_family(view, place))
            named.append(family)
        family_at.append(place)
    first_unit, first_order = len(base.units), len(base.orders)
    units = [_moved(unit, first_unit, first_order, families[family_at[unit.family]]) for unit in more.units]
    orders = [replace(order, units=tuple(unit + first_unit for unit in order.units)) for order in more.orders]
    return replace(
        base,
        problem=replace(base.problem, families=tuple(named)),
        families=tuple(families),
        units=(*base.units, *units),
        orders=(*base.orders, *orders),
    )


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
