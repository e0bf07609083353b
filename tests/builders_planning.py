"""Small planning problems for tests, and an independent brute force over all plans of tiny ones."""

import importlib.util
import itertools
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import strategies as st

from batcher.planning.plan import Batch, Plan
from batcher.planning.problem import (
    Changeovers,
    Family,
    Job,
    Link,
    Mode,
    Order,
    Problem,
    SheetSize,
    Station,
)
from batcher.planning.verify import judge

SHARED = Path(os.environ.get("BATCHER_SHARED", Path(__file__).parents[2] / "shared"))


def shared(*parts: str) -> Path:
    """Return a path of the measuring data, or skip the test where there is none."""
    path = SHARED.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"no {path}")
    return path


def referee() -> ModuleType:
    """Return the referee, or skip the test where there is none."""
    spec = importlib.util.spec_from_file_location("referee", shared("referee", "referee.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def two_ovens(jobs: Sequence[Job] | None = None, *, late: int = 500) -> Problem:
    """Return a problem with two stations, two states and up to six jobs of two families."""
    jobs = jobs if jobs is not None else [job(k, family="mug" if k % 2 else "tin") for k in range(6)]
    orders = sorted({entry.order for entry in jobs})
    return Problem(
        name="two ovens",
        horizon=40_000,
        stations=(
            Station("oven-1", ((0, 20_000), (21_000, 40_000)), "a", 1200, 600),
            Station("oven-2", ((500, 40_000),), "b", 1000, 1000, attended=((0, 8_000), (20_000, 30_000)), magazine=1),
        ),
        changeovers=Changeovers(("a", "b"), ((0, 1800), (900, 0)), ((0, 100), (50, 0))),
        families=(
            Family("mug", "a", (Mode("oven-1", 1200, 40, 4), Mode("oven-2", 1500, 30, 3)), unattended=True),
            Family("tin", "b", (Mode("oven-1", 2400, 60, 2, max_kinds=1), Mode("oven-2", 2000, 60, 3))),
        ),
        orders=tuple(Order(name, 9_000, late, 60) for name in orders),
        jobs=tuple(jobs),
    )


def job(number: int, **changes: object) -> Job:
    """Return a job of its own order."""
    given: dict[str, object] = {"id": f"j{number}", "order": f"o{number}", "family": "mug", **changes}
    return Job(**given)  # type: ignore[arg-type]


def sheets(count: int = 5, *, gap: int = 5) -> Problem:
    """Return a problem of prints nested on sheets."""
    return Problem(
        name="sheets",
        horizon=50_000,
        stations=(Station("film", ((0, 50_000),), "film", 900, 900),),
        changeovers=Changeovers(("film",), ((0,),), ((0,),)),
        families=(Family("print", "film", (Mode("film", 600, 450, sheet=SheetSize(300, 400, gap)),)),),
        orders=tuple(Order(f"o{k}", 20_000, 100, 10) for k in range(count)),
        jobs=tuple(
            job(k, family="print", width=140, height=100 + 30 * (k % 3), rotate=bool(k % 2)) for k in range(count)
        ),
    )


@st.composite
def problems(draw: st.DrawFn, *, most_jobs: int = 14) -> Problem:
    """Return a random problem that uses every feature of the format."""
    number = st.integers
    horizon = draw(st.sampled_from((3_000, 20_000)))
    states = ("p", "q", "r")
    matrix = st.tuples(*[st.tuples(*[number(0, 300)] * 3)] * 3)
    stations = tuple(draw(_stations(f"s{k}", horizon, states)) for k in range(draw(number(1, 3))))
    families = tuple(draw(_families(f"f{k}", stations, states)) for k in range(draw(number(1, 3))))
    orders = tuple(
        Order(f"o{k}", draw(number(-100, horizon)), draw(number(0, 900)), draw(number(0, 4000)))
        for k in range(draw(number(1, 6)))
    )
    jobs: list[Job] = []
    for k in range(draw(number(1, most_jobs))):
        jobs.append(draw(_jobs(k, families, orders, jobs, horizon)))
    return Problem(
        "random", horizon, stations, Changeovers(states, draw(matrix), draw(matrix)), families, orders, tuple(jobs)
    )


@st.composite
def _stations(draw: st.DrawFn, name: str, horizon: int, states: tuple[str, ...]) -> Station:
    cuts = sorted(draw(st.sets(st.integers(0, horizon), min_size=2, max_size=6)))
    windows = tuple(zip(cuts[::2], cuts[1::2], strict=False))
    shifts = draw(st.none() | st.lists(st.tuples(st.integers(0, horizon), st.integers(1, 4_000)), max_size=3))
    return Station(
        id=name,
        windows=windows if draw(st.booleans()) else ((0, horizon),),
        state=draw(st.sampled_from(states)),
        cost_per_hour=draw(st.integers(0, 3000)),
        changeover_cost_per_hour=draw(st.integers(0, 3000)),
        attended=None if shifts is None else tuple((start, start + length) for start, length in shifts),
        magazine=draw(st.integers(0, 2)),
        setup_unattended=draw(st.booleans()),
    )


@st.composite
def _families(draw: st.DrawFn, name: str, stations: tuple[Station, ...], states: tuple[str, ...]) -> Family:
    on = draw(st.sets(st.sampled_from([station.id for station in stations]), min_size=1))
    sheet = draw(st.integers(0, 4)) == 0
    modes = tuple(
        Mode(
            station,
            draw(st.integers(0, 900)),
            draw(st.integers(0, 300)),
            None if sheet else draw(st.integers(3, 6)),
            SheetSize(draw(st.integers(30, 60)), draw(st.integers(30, 60)), draw(st.integers(0, 3))) if sheet else None,
            draw(st.none() | st.integers(1, 2)),
        )
        for station in sorted(on)
    )
    return Family(name, draw(st.sampled_from(states)), modes, draw(st.booleans()))


@st.composite
def _jobs(
    draw: st.DrawFn, k: int, families: tuple[Family, ...], orders: tuple[Order, ...], before: list[Job], horizon: int
) -> Job:
    family = draw(st.sampled_from(families))
    parallel = draw(st.sampled_from((0, 0, 60, 200)))
    group = draw(st.sampled_from((None, None, None, f"{family.id}-g")))
    links = draw(st.lists(st.sampled_from([job.id for job in before]), max_size=2, unique=True)) if before else []
    stations = frozenset(mode.station for mode in family.modes)
    return Job(
        id=f"j{k}",
        order=draw(st.sampled_from(orders)).id,
        family=family.id,
        release=draw(st.sampled_from((0, 0, horizon // 4))),
        size=draw(st.integers(0, 3)),
        width=draw(st.integers(5, 29)),
        height=draw(st.integers(5, 29)),
        rotate=draw(st.booleans()),
        serial_seconds=draw(st.sampled_from((0, 0, 30))),
        parallel_seconds=parallel,
        max_parallel_seconds=draw(st.sampled_from((None, parallel, parallel + 100))),
        after=tuple(Link(name, draw(st.integers(0, 500))) for name in links) if draw(st.booleans()) else (),
        stations=stations if draw(st.booleans()) else None,
        kind=draw(st.sampled_from((None, "x", "y", "z"))),
        group=group,
    )


def cheapest(problem: Problem) -> float:
    """
    Return the least cost of any plan that leaves nothing out or anything out, by trying them all.

    For tiny problems with no sheets and windows that are always attended: every sequence is timed as early as it goes.
    """
    best = judge(problem, Plan((), tuple(entry.id for entry in problem.jobs))).cost
    for blocks in _partitions([entry.id for entry in problem.jobs]):
        for out in itertools.product((False, True), repeat=len(blocks)):
            kept = [block for block, drop in zip(blocks, out, strict=True) if not drop]
            for order in itertools.permutations(kept):
                for stations in itertools.product([s.id for s in problem.stations], repeat=len(order)):
                    plan = _timed(problem, order, stations)
                    if plan is not None:
                        verdict = judge(problem, plan)
                        if verdict.feasible:
                            best = min(best, verdict.cost)
    return best


def _partitions(names: list[str]) -> Iterator[list[list[str]]]:
    if not names:
        yield []
        return
    first, rest = names[0], names[1:]
    for blocks in _partitions(rest):
        yield [[first], *blocks]
        for k, block in enumerate(blocks):
            yield [*blocks[:k], [first, *block], *blocks[k + 1 :]]


def _timed(problem: Problem, order: Sequence[list[str]], on: Sequence[str]) -> Plan | None:
    """Return the plan with each batch in turn begun as early as its station and its jobs allow."""
    jobs = {entry.id: entry for entry in problem.jobs}
    families = {family.id: family for family in problem.families}
    stations = {station.id: station for station in problem.stations}
    states = list(problem.changeovers.states)
    state = {station.id: station.state for station in problem.stations}
    free = dict.fromkeys(stations, 0)
    ends: dict[str, int] = {}
    batches: list[Batch] = []
    for block, station in zip(order, on, strict=True):
        family = families[jobs[block[0]].family]
        mode = next((mode for mode in family.modes if mode.station == station), None)
        if mode is None or any(link.job not in ends for name in block for link in jobs[name].after):
            return None
        change = problem.changeovers.seconds[states.index(state[station])][states.index(family.state)]
        run = mode.seconds + sum(jobs[name].serial_seconds for name in block)
        run += max(jobs[name].parallel_seconds for name in block)
        ready = max(jobs[name].release for name in block)
        ready = max([ready, *(ends[link.job] + link.lag for name in block for link in jobs[name].after)])
        begin = max(free[station], ready - change)
        for opens, closes in stations[station].windows:
            if max(begin, opens) + change + run <= closes:
                begin = max(begin, opens)
                break
        else:
            return None
        start = begin + change
        batches.append(Batch(f"b{len(batches)}", station, family.id, start, start + run, tuple(block)))
        free[station], state[station] = start + run, family.state
        ends.update(dict.fromkeys(block, start + run))
    planned = {name for block in order for name in block}
    return Plan(tuple(batches), tuple(name for name in jobs if name not in planned))
