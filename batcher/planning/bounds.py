"""
A cost no feasible plan can be under, in a moment and without a solver.

Four parts that no plan escapes, added up: batches and their running, family by family; one changeover into every
setup state that is needed and that no station starts in; orders that are late whatever is done; and, where leaving
jobs unplanned could be cheaper than running them, what that could save at most. Each part relaxes the others away.
"""

from collections import defaultdict
from itertools import accumulate

from batcher.planning.index import NO_LIMIT, Instance, ModeView, Unit


def lower_bound(instance: Instance) -> float:
    """Return a lower bound on the cost of every feasible plan, in minor units."""
    late, shares = _lateness(instance)
    return (late + _work(instance, shares)) / 3600


def _lateness(instance: Instance) -> tuple[int, list[float]]:
    """
    Return the unavoidable lateness, and for each unit a share of what leaving any out costs beyond it.

    An order with a job unplanned pays its whole lateness to the end, at least the sum of its units' shares. They are
    in proportion to what each unit costs when it runs alone: who has most to save is charged most.
    """
    earliest = _earliest_ends(instance)
    total = 0
    alone = [_family_cost(instance, [unit]) if unit.modes else 0.0 for unit in instance.units]
    shares = [0.0 if unit.modes else float(NO_LIMIT) for unit in instance.units]
    for order in instance.orders:
        if not order.units:
            continue
        least = order.lateness(max(earliest[unit] for unit in order.units))
        total += least
        beyond = order.lateness(instance.unplanned_end) - least
        plannable = [place for place in order.units if instance.units[place].modes]
        weight = sum(alone[place] for place in plannable)
        for place in plannable:
            shares[place] += beyond * (alone[place] / weight if weight else 1 / len(plannable))
    return total, shares


def _earliest_ends(instance: Instance) -> list[int]:
    """Return when each unit is done at the very earliest; units that can never be planned at the unplanned end."""
    ends = [instance.unplanned_end] * len(instance.units)
    missing = [len(unit.before) for unit in instance.units]
    ready = [unit for unit in instance.units if not unit.before]
    while ready:
        unit = ready.pop()
        begin = max([unit.release, *(ends[before] + lag for before, lag in unit.before)])
        if unit.modes:
            ends[unit.place] = min(
                [instance.unplanned_end, *(_first_end(instance, unit, mode, begin) for mode in unit.modes)]
            )
        for after in unit.after:
            missing[after] -= 1
            if not missing[after]:
                ready.append(instance.units[after])
    return ends


def _first_end(instance: Instance, unit: Unit, mode: ModeView, begin: int) -> int:
    """Return the end of a unit alone on a station that has nothing else to do and is set up for it."""
    lasts = mode.seconds + unit.serial + unit.parallel
    calendar = instance.stations[mode.station].calendar
    for opens, closes in zip(calendar.starts, calendar.closes, strict=True):
        start = max(begin, opens)
        if start + lasts <= closes:
            return start + lasts
    return instance.unplanned_end


def _work(instance: Instance, shares: list[float]) -> float:
    """Return the least cost of batches, running and changeovers, leaving units out at their share where that pays."""
    by_family: defaultdict[int, list[Unit]] = defaultdict(list)
    for unit in instance.units:
        if unit.modes:
            by_family[unit.family].append(unit)
    cost_of_state: defaultdict[int, float] = defaultdict(float)
    out_of_state: defaultdict[int, float] = defaultdict(float)
    stations_of_state: defaultdict[int, int] = defaultdict(int)
    for family, units in by_family.items():
        state = instance.families[family].state
        cost_of_state[state] += _least_family_cost(instance, units, shares)
        out_of_state[state] += sum(shares[unit.place] for unit in units)
        for unit in units:
            stations_of_state[state] |= unit.stations
    return sum(
        min(cost + _entry(instance, state, stations_of_state[state]), out_of_state[state])
        for state, cost in cost_of_state.items()
    )


def _least_family_cost(instance: Instance, units: list[Unit], shares: list[float]) -> float:
    """
    Return the least cost of a family when any of its units may be left out at their shares.

    Two bounds, the better counts. Leaving one out saves at most what it costs alone, since costs are subadditive.
    And whichever `k` are left out, they pay at least the `k` least shares, and the others cost at least as much as
    the same number of units of the least room, serial and parallel times would.
    """
    modes = list({mode.station: mode for unit in units for mode in unit.modes}.values())
    least = _family_cost(instance, units)
    out = list(accumulate(sorted(shares[unit.place] for unit in units), initial=0.0))
    if out[1] >= least:  # not even the cheapest pays
        return least
    saved = sum(max(0.0, _family_cost(instance, [unit]) - shares[unit.place]) for unit in units)
    one_by_one = least - saved
    cheapest, rate = min(_per_batch(instance, mode) for mode in modes), min(mode.rate for mode in modes)
    mixed = len({mode.sheet is None for mode in modes}) > 1
    room = NO_LIMIT if mixed else max(_room(mode) for mode in modes)
    taken = list(accumulate(sorted(min(_taken(m, unit) for m in modes) for unit in units), initial=0))
    serial = list(accumulate(sorted(unit.serial for unit in units), initial=0))
    longest = _longest_parallel(sorted(unit.parallel for unit in units), taken, room)
    for kept in range(len(units)):
        batches = max(1, -(-taken[kept] // room)) if kept else 0
        cost = batches * cheapest + rate * (serial[kept] + longest[kept])
        least = min(least, cost + out[len(units) - kept])
    return max(least, one_by_one)


def _longest_parallel(ascending: list[int], taken: list[int], room: int) -> list[int]:
    """Return the least sum of longest parallel times of the first units, for each number of them."""
    most = max(1, sum(amount <= room for amount in taken) - 1)  # that can lie in one batch
    sums = [0]
    for count, parallel in enumerate(ascending, start=1):
        sums.append(parallel + sums[max(0, count - most)])
    return sums


def _entry(instance: Instance, state: int, stations: int) -> int:
    """Return the least it costs to bring any of the stations into a setup state from another; 0 if one starts in it."""
    costs = []
    for station in instance.stations:
        if stations >> station.place & 1:
            if station.state == state:
                return 0
            column = _entries(instance, station.place, state)
            others = [money for before, money in column.items() if before != state]
            # Every batch is charged the cheapest changeover into its state already: see `_per_batch`.
            costs.append(min(others) - min(column.values()))
    return max(0, min(costs, default=0))


def _entries(instance: Instance, station: int, state: int) -> dict[int, int]:
    """Return what it costs to come into a state from each that the station can be in."""
    view = instance.stations[station]
    can_be = {view.state} | {family.state for family in instance.families if station in family.modes}
    return {before: view.change_money[before][state] for before in can_be}


def _family_cost(instance: Instance, units: list[Unit]) -> float:
    """Return the least cost of running these units of one family, changeovers between states apart."""
    modes = list({mode.station: mode for unit in units for mode in unit.modes}.values())
    per_batch = [_per_batch(instance, mode) for mode in modes]
    rate = min(mode.rate for mode in modes)
    serial = sum(unit.serial for unit in units)
    if len({mode.sheet is None for mode in modes}) > 1:  # sizes and areas do not add up
        return min(per_batch) + rate * (serial + max(unit.parallel for unit in units))
    rooms = [_room(mode) for mode in modes]
    taken = {unit.place: min(_taken(mode, unit) for mode in modes) for unit in units}
    batches = max(_fewest(units, taken, max(rooms)), _fewest_by_kinds(units, modes))
    by_room = min(money / max(1, room) for money, room in zip(per_batch, rooms, strict=True)) * sum(taken.values())
    fixed = max(float(batches * min(per_batch)), by_room)
    return fixed + rate * (serial + _least_parallel(units, taken, max(rooms)))


def _per_batch(instance: Instance, mode: ModeView) -> int:
    """Return what a batch costs in a mode whatever it holds, with the cheapest changeover into its state."""
    state = instance.families[mode.family].state
    return mode.fixed + min(_entries(instance, mode.station, state).values())


def _room(mode: ModeView) -> int:
    """Return the size, or the sheet area grown by the gap, that a batch has for its jobs."""
    if mode.sheet is None:
        return mode.capacity
    return (mode.sheet.width + mode.sheet.gap) * (mode.sheet.height + mode.sheet.gap)


def _taken(mode: ModeView, unit: Unit) -> int:
    """Return what a unit takes of that room."""
    if mode.sheet is None:
        return unit.size
    gap = mode.sheet.gap
    return sum((box.width + gap) * (box.height + gap) for box in unit.rectangles)


def _fewest(units: list[Unit], taken: dict[int, int], room: int) -> int:
    """
    Return the fewest batches if units could be cut into pieces.

    In a batch all parallel times lie at or under all limits, so a batch is a point in every [parallel, limit]. The
    unit with the least limit needs a point at or under it; at that limit it meets most others. Filling it with those
    of least limit first is best, by exchange.
    """
    waiting = sorted((unit.limit, unit.parallel, taken[unit.place]) for unit in units)
    batches = 0
    while waiting:
        batches += 1
        point, left = waiting[0][0], room
        rest = []
        for limit, parallel, amount in waiting:
            if parallel > point or (amount and not left):
                rest.append((limit, parallel, amount))
                continue
            put = min(left, amount)
            left -= put
            if put < amount:
                rest.append((limit, parallel, amount - put))
        if rest == waiting:  # no room at all: nothing to count with
            break
        waiting = rest
    return batches


def _fewest_by_kinds(units: list[Unit], modes: list[ModeView]) -> int:
    kinds = frozenset().union(*(unit.kinds for unit in units))
    return -(-len(kinds) // max(mode.max_kinds for mode in modes))


def _least_parallel(units: list[Unit], taken: dict[int, int], room: int) -> int:
    """Return the least sum of longest parallel times: the longest together, each batch full, units cut into pieces."""
    ordered = sorted(units, key=lambda unit: -unit.parallel)
    total, filled, mark = ordered[0].parallel, 0, room
    for unit in ordered:
        filled += taken[unit.place]
        while 0 < mark < filled:
            total += unit.parallel
            mark += room
    return total
