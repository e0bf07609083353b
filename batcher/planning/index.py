"""
The planning problem as solvers see it: whole numbers in place of names, worked out once.

Jobs that must share a batch (a group) become one **unit**; every other job is a unit by itself. Money is in minor
units times 3600, so that costs per hour stay whole numbers. Nothing here changes once built.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from batcher.planning.layout import Rectangle, fits_alone
from batcher.planning.problem import UNPLANNED_DELAY_S, Changeovers, Job, Mode, Problem, SheetSize
from batcher.planning.timeline import Calendar

#: Stands for "no limit" among whole numbers.
NO_LIMIT = 1 << 60


@dataclass(frozen=True, slots=True, eq=False)
class ModeView:
    """How a family runs on a station; `fixed` is what a batch costs before its jobs add to its running time."""

    family: int
    station: int
    seconds: int
    capacity: int
    sheet: SheetSize | None
    max_kinds: int
    rate: int
    fixed: int


@dataclass(frozen=True, slots=True, eq=False)
class Unit:
    """Jobs that are planned together: one job, or a whole group."""

    place: int
    jobs: tuple[int, ...]
    family: int
    orders: tuple[int, ...]
    release: int
    due: int
    size: int
    serial: int
    parallel: int
    limit: int  #: the longest parallel time all its jobs stand
    kinds: frozenset[str]
    rectangles: tuple[Rectangle, ...]
    modes: tuple[ModeView, ...]  #: those it fits in by itself; none: it can never be planned
    stations: int  #: bit mask of the stations of these modes
    before: tuple[tuple[int, int], ...] = ()  #: (unit, lag) it waits for
    after: tuple[int, ...] = ()  #: units that wait for it


@dataclass(frozen=True, slots=True, eq=False)
class StationView:
    """A station with its calendar; changeover seconds and money by (from, to) state."""

    place: int
    calendar: Calendar
    state: int
    setup_unattended: bool
    change_money: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True, eq=False)
class FamilyView:
    """A family with its modes by station."""

    place: int
    state: int
    unattended: bool
    modes: dict[int, ModeView]


@dataclass(frozen=True, slots=True, eq=False)
class OrderView:
    """What an order costs when it is late; `units` hold its jobs."""

    due: int
    late: int
    rate: int
    units: tuple[int, ...]

    def lateness(self, end: int) -> int:
        """Return the money (times 3600) lost when the order is done at `end`."""
        return self.late + self.rate * (end - self.due) if end > self.due else 0


@dataclass(frozen=True, slots=True, eq=False)
class Instance:
    """The whole problem, indexed."""

    problem: Problem
    stations: tuple[StationView, ...]
    families: Sequence[FamilyView]
    orders: Sequence[OrderView]
    units: Sequence[Unit]
    change_seconds: tuple[tuple[int, ...], ...]
    unplanned_end: int  #: when an unplanned job counts as done
    unit_of: dict[str, int] = field(default_factory=dict)  #: by job id


def index(problem: Problem, *, stations: tuple[StationView, ...] | None = None) -> Instance:
    """
    Return the indexed view of a problem that `documents` would accept.

    Parameters
    ----------
    stations
        Those of an earlier index of the same stations and changeovers; none: they are looked at anew.
    """
    station_of = {station.id: place for place, station in enumerate(problem.stations)}
    families = _families(problem, station_of)
    jobs_of_unit, unit_of = _partition(problem)
    orders_of = {order.id: place for place, order in enumerate(problem.orders)}
    units = _units(problem, jobs_of_unit, unit_of, families, station_of, orders_of)
    units_of_order: defaultdict[int, list[int]] = defaultdict(list)
    for unit in units:
        for order in unit.orders:
            units_of_order[order].append(unit.place)
    return Instance(
        problem=problem,
        stations=_stations(problem) if stations is None else stations,
        families=families,
        orders=tuple(
            OrderView(order.due, 3600 * order.late_cost, order.late_cost_per_hour, tuple(units_of_order[place]))
            for place, order in enumerate(problem.orders)
        ),
        units=units,
        change_seconds=problem.changeovers.seconds,
        unplanned_end=problem.horizon + UNPLANNED_DELAY_S,
        unit_of=unit_of,
    )


def _stations(problem: Problem) -> tuple[StationView, ...]:
    states = {state: place for place, state in enumerate(problem.changeovers.states)}
    table = problem.changeovers
    return tuple(
        StationView(
            place=place,
            calendar=Calendar.of(station),
            state=states[station.state],
            setup_unattended=station.setup_unattended,
            change_money=_change_money(table, station.changeover_cost_per_hour),
        )
        for place, station in enumerate(problem.stations)
    )


@lru_cache(maxsize=64)
def _change_money(table: Changeovers, rate: int) -> tuple[tuple[int, ...], ...]:
    """Return the money (times 3600) of every changeover on stations of one rate: for many floors, the same again."""
    return tuple(
        tuple(3600 * cost + rate * seconds for cost, seconds in zip(costs, times, strict=True))
        for costs, times in zip(table.cost, table.seconds, strict=True)
    )


def _families(problem: Problem, station_of: dict[str, int]) -> tuple[FamilyView, ...]:
    states = {state: place for place, state in enumerate(problem.changeovers.states)}
    rates = [station.cost_per_hour for station in problem.stations]
    return tuple(
        FamilyView(
            place=place,
            state=states[family.state],
            unattended=family.unattended,
            modes={
                station_of[mode.station]: _mode(mode, place, station_of[mode.station], rates[station_of[mode.station]])
                for mode in family.modes
            },
        )
        for place, family in enumerate(problem.families)
    )


def _mode(mode: Mode, family: int, station: int, rate: int) -> ModeView:
    return ModeView(
        family=family,
        station=station,
        seconds=mode.seconds,
        capacity=NO_LIMIT if mode.capacity is None else mode.capacity,
        sheet=mode.sheet,
        max_kinds=NO_LIMIT if mode.max_kinds is None else mode.max_kinds,
        rate=rate,
        fixed=3600 * mode.cost + rate * mode.seconds,
    )


def _partition(problem: Problem) -> tuple[list[list[int]], dict[str, int]]:
    """Return the jobs of each unit, and the unit of each job id."""
    of_unit: list[list[int]] = []
    unit_of_group: dict[str, int] = {}
    unit_of: dict[str, int] = {}
    for place, job in enumerate(problem.jobs):
        unit = len(of_unit) if job.group is None else unit_of_group.setdefault(job.group, len(of_unit))
        if unit == len(of_unit):
            of_unit.append([])
        of_unit[unit].append(place)
        unit_of[job.id] = unit
    return of_unit, unit_of


def _units(
    problem: Problem,
    jobs_of_unit: list[list[int]],
    unit_of: dict[str, int],
    families: tuple[FamilyView, ...],
    station_of: dict[str, int],
    order_of: dict[str, int],
) -> tuple[Unit, ...]:
    family_of = {family.id: place for place, family in enumerate(problem.families)}
    links: list[dict[int, int]] = [{} for _ in jobs_of_unit]
    after: list[set[int]] = [set() for _ in jobs_of_unit]
    for job in problem.jobs:
        waiter = unit_of[job.id]
        for link in job.after:
            before = unit_of[link.job]
            links[waiter][before] = max(link.lag, links[waiter].get(before, 0))
            after[before].add(waiter)
    plannable = _acyclic(links, after)
    units = []
    for place, members in enumerate(jobs_of_unit):
        jobs = [problem.jobs[member] for member in members]
        orders = sorted({order_of[job.order] for job in jobs})
        family = family_of[jobs[0].family]
        modes = _modes(jobs, families[family], station_of) if place in plannable else ()
        units.append(
            Unit(
                place=place,
                jobs=tuple(members),
                family=family,
                orders=tuple(orders),
                release=max([job.release for job in jobs]),
                due=min([problem.orders[order].due for order in orders]),
                size=sum([job.size for job in jobs]),
                serial=sum([job.serial_seconds for job in jobs]),
                parallel=max([job.parallel_seconds for job in jobs]),
                limit=_limit(jobs),
                kinds=frozenset([job.kind for job in jobs if job.kind is not None]),
                rectangles=_outlines(jobs),
                modes=modes,
                stations=sum([1 << mode.station for mode in modes]),
                before=tuple(sorted(links[place].items())),
                after=tuple(sorted(after[place])),
            )
        )
    return tuple(units)


def _limit(jobs: list[Job]) -> int:
    return min([NO_LIMIT if job.max_parallel_seconds is None else job.max_parallel_seconds for job in jobs])


def _outlines(jobs: list[Job]) -> tuple[Rectangle, ...]:
    return tuple([Rectangle(job.width, job.height, job.rotate, job.id) for job in jobs])


def _acyclic(links: list[dict[int, int]], after: list[set[int]]) -> set[int]:
    """Return the units that do not wait for themselves; a group that waits for its own member does."""
    waiting = [len(before) for before in links]
    ready = [place for place, count in enumerate(waiting) if not count]
    found = set(ready)
    while ready:
        for place in after[ready.pop()]:
            waiting[place] -= 1
            if not waiting[place]:
                found.add(place)
                ready.append(place)
    return found


def _modes(jobs: list[Job], family: FamilyView, station_of: dict[str, int]) -> tuple[ModeView, ...]:
    """Return the modes in which these jobs fit together by themselves."""
    if any(job.family != jobs[0].family for job in jobs) or max([job.parallel_seconds for job in jobs]) > _limit(jobs):
        return ()
    size, kinds = sum([job.size for job in jobs]), len({job.kind for job in jobs} - {None})
    allowed = set(family.modes)
    for job in jobs:
        if job.stations is not None:
            allowed &= {station_of[name] for name in job.stations}
    return tuple(
        mode
        for mode in family.modes.values()
        if mode.station in allowed
        and kinds <= mode.max_kinds
        and (size <= mode.capacity if mode.sheet is None else fits_alone(mode.sheet, _outlines(jobs)))
    )
