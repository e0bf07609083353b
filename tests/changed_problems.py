"""Problems made from problems: relaxed, renamed, dearer, later, side by side. What becomes of the optimum is known."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from random import Random
from typing import NamedTuple, TypeVar

from batcher.planning.problem import Changeovers, Family, Job, Link, Mode, Order, Problem, Station

Change = Callable[[Problem], Problem]
Thing = TypeVar("Thing")


def stations(change: Callable[[Station], Station]) -> Change:
    """Return what changes every station of a problem."""
    return lambda problem: replace(problem, stations=tuple(map(change, problem.stations)))


def families(change: Callable[[Family], Family]) -> Change:
    """Return what changes every family."""
    return lambda problem: replace(problem, families=tuple(map(change, problem.families)))


def modes(change: Callable[[Mode], Mode]) -> Change:
    """Return what changes every mode."""
    return families(lambda family: replace(family, modes=tuple(map(change, family.modes))))


def orders(change: Callable[[Order], Order]) -> Change:
    """Return what changes every order."""
    return lambda problem: replace(problem, orders=tuple(map(change, problem.orders)))


def jobs(change: Callable[[Job], Job]) -> Change:
    """Return what changes every job."""
    return lambda problem: replace(problem, jobs=tuple(map(change, problem.jobs)))


def _open_to_the_end(problem: Problem) -> Problem:
    """Have every station's last window go on until the horizon; one that has none gets one."""

    def longer(station: Station) -> Station:
        *others, (opens, _) = sorted(station.windows) or [(0, 0)]
        return replace(station, windows=(*others, (opens, problem.horizon)))

    return stations(longer)(problem)


class Relaxation(NamedTuple):
    """A change after which every plan that kept the rules keeps them still, and costs no more."""

    change: Change
    of: tuple[str, ...] = ()  #: features of random problems that have something to relax


#: Relaxations by the rule that they relax.
RELAXED = {
    "P1 any station": Relaxation(jobs(lambda job: replace(job, stations=None)), ("eligibility",)),
    "P2 shorter": Relaxation(modes(lambda mode: replace(mode, seconds=mode.seconds // 2))),
    "P3 more room": Relaxation(
        modes(lambda mode: replace(mode, capacity=None if mode.capacity is None else mode.capacity + 1))
    ),
    "P3 smaller": Relaxation(jobs(lambda job: replace(job, size=job.size // 2))),
    "P4 more kinds": Relaxation(
        modes(lambda mode: replace(mode, max_kinds=None if mode.max_kinds is None else 2)), ("kinds",)
    ),
    "P4 no groups": Relaxation(jobs(lambda job: replace(job, group=None)), ("groups",)),
    "P5 no limits": Relaxation(jobs(lambda job: replace(job, max_parallel_seconds=None)), ("parallel", "limits")),
    "P6 released sooner": Relaxation(jobs(lambda job: replace(job, release=job.release // 2)), ("releases",)),
    "P6 no rests": Relaxation(
        jobs(lambda job: replace(job, after=tuple(Link(link.job) for link in job.after))), ("links",)
    ),
    "P7 longer windows": Relaxation(_open_to_the_end, ("windows",)),
    "P8 bigger magazines": Relaxation(stations(lambda station: replace(station, magazine=station.magazine + 1))),
    "P8 changeovers alone": Relaxation(
        stations(lambda station: replace(station, setup_unattended=True)), ("attended", "states")
    ),
    "P8 families alone": Relaxation(families(lambda family: replace(family, unattended=True)), ("attended",)),
    "P8 always attended": Relaxation(stations(lambda station: replace(station, attended=None)), ("attended",)),
    "P9 less to wait for": Relaxation(jobs(lambda job: replace(job, after=job.after[1:])), ("links",)),
    "due later": Relaxation(orders(lambda order: replace(order, due=order.due + 500))),
    "cheaper to be late": Relaxation(orders(lambda order: replace(order, late_cost=0))),
    "cheaper to run": Relaxation(stations(lambda station: replace(station, cost_per_hour=station.cost_per_hour // 2))),
    "cheaper to change over": Relaxation(stations(lambda station: replace(station, changeover_cost_per_hour=0))),
}


def dearer(problem: Problem, factor: int) -> Problem:
    """Return the problem with all money multiplied."""
    times = factor.__mul__
    table = problem.changeovers
    problem = modes(lambda mode: replace(mode, cost=times(mode.cost)))(problem)
    problem = orders(
        lambda order: replace(
            order, late_cost=times(order.late_cost), late_cost_per_hour=times(order.late_cost_per_hour)
        )
    )(problem)
    problem = stations(
        lambda station: replace(
            station,
            cost_per_hour=times(station.cost_per_hour),
            changeover_cost_per_hour=times(station.changeover_cost_per_hour),
        )
    )(problem)
    return replace(problem, changeovers=replace(table, cost=tuple(tuple(map(times, row)) for row in table.cost)))


def later(problem: Problem, seconds: int) -> Problem:
    """Return the problem with everything in it so much later; before that, every station is shut."""

    def moved(spans: tuple[tuple[int, int], ...]) -> tuple[tuple[int, int], ...]:
        return tuple((start + seconds, end + seconds) for start, end in spans)

    problem = stations(
        lambda station: replace(
            station,
            windows=moved(station.windows),
            attended=None if station.attended is None else moved(station.attended),
        )
    )(problem)
    problem = orders(lambda order: replace(order, due=order.due + seconds))(problem)
    problem = jobs(lambda job: replace(job, release=job.release + seconds))(problem)
    return replace(problem, horizon=problem.horizon + seconds)


def shuffled(rng: Random, problem: Problem) -> Problem:
    """Return the problem with everything in it renamed and in another order."""
    names = sorted(_names(problem))
    called = dict(zip(names, (f"n{number}" for number in _mixed(rng, range(len(names)))), strict=True))
    return _reordered(rng, renamed(problem, called.__getitem__))


def renamed(problem: Problem, called: Callable[[str], str]) -> Problem:
    """Return the problem with everything in it called otherwise."""

    def of_mode(mode: Mode) -> Mode:
        return replace(mode, station=called(mode.station))

    def of_job(job: Job) -> Job:
        return replace(
            job,
            id=called(job.id),
            order=called(job.order),
            family=called(job.family),
            after=tuple(replace(link, job=called(link.job)) for link in job.after),
            stations=None if job.stations is None else frozenset(map(called, job.stations)),
            kind=None if job.kind is None else called(job.kind),
            group=None if job.group is None else called(job.group),
        )

    table = replace(problem.changeovers, states=tuple(map(called, problem.changeovers.states)))
    problem = replace(problem, changeovers=table)
    problem = stations(lambda station: replace(station, id=called(station.id), state=called(station.state)))(problem)
    problem = families(lambda family: replace(family, id=called(family.id), state=called(family.state)))(problem)
    return jobs(of_job)(orders(lambda order: replace(order, id=called(order.id)))(modes(of_mode)(problem)))


def side_by_side(one: Problem, other: Problem) -> Problem:
    """Return two problems of one horizon as one; none of their names may be the same."""
    first, second = one.changeovers, other.changeovers

    def joined(left: Sequence[Sequence[int]], right: Sequence[Sequence[int]]) -> tuple[tuple[int, ...], ...]:
        """Return both tables on the diagonal; no station ever goes from a state of one to a state of the other."""
        rows = [(*row, *[0] * len(right)) for row in left]
        return tuple(rows + [(*[0] * len(left), *row) for row in right])

    return Problem(
        name="side by side",
        horizon=one.horizon,
        stations=one.stations + other.stations,
        changeovers=Changeovers(
            first.states + second.states, joined(first.seconds, second.seconds), joined(first.cost, second.cost)
        ),
        families=one.families + other.families,
        orders=one.orders + other.orders,
        jobs=one.jobs + other.jobs,
    )


def _names(problem: Problem) -> set[str]:
    """Return every name in a problem."""
    names: set[str] = set()

    def seen(name: str) -> str:
        names.add(name)
        return name

    renamed(problem, seen)
    return names


def _reordered(rng: Random, problem: Problem) -> Problem:
    table, order = problem.changeovers, _mixed(rng, range(len(problem.changeovers.states)))

    def square(cells: Sequence[Sequence[int]]) -> tuple[tuple[int, ...], ...]:
        return tuple(tuple(cells[row][column] for column in order) for row in order)

    problem = families(lambda family: replace(family, modes=tuple(_mixed(rng, family.modes))))(problem)
    return replace(
        problem,
        stations=tuple(_mixed(rng, problem.stations)),
        changeovers=Changeovers(tuple(table.states[k] for k in order), square(table.seconds), square(table.cost)),
        families=tuple(_mixed(rng, problem.families)),
        orders=tuple(_mixed(rng, problem.orders)),
        jobs=tuple(_mixed(rng, problem.jobs)),
    )


def _mixed(rng: Random, things: Sequence[Thing]) -> list[Thing]:
    return rng.sample(list(things), len(things))
