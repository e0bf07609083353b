"""
Random planning problems: every feature of `batcher-problem/1`, in every mixture.

Each problem draws first which features it has, so that some are plain, some have one oddity and a few have them all.
What is drawn is always a document that `documents.read_problem` accepts; it may still hold jobs nobody can plan.
All chance comes from a `Random`: one with a seed for long runs, hypothesis's own for properties, which it can shrink.
"""

import itertools
from collections.abc import Sequence
from random import Random

import pytest
from hypothesis import settings
from hypothesis import strategies as st

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

FEATURES = (
    "windows",  # several, tiny or none, instead of one that is always open
    "attended",  # unattended gaps, magazines, changeovers and families that need no operator
    "states",  # changeovers, whose times and costs keep to no triangle
    "sheets",
    "sizes",  # unequal, and none
    "kinds",
    "groups",
    "eligibility",
    "serial",
    "parallel",
    "limits",  # longest parallel times
    "releases",
    "links",  # chains with rests, across orders
    "shared orders",
    "free",  # nothing costs anything but some of it
    "instant",  # batches that take no time
    "large",  # money and times about the largest that 64 bits hold
)

#: For tests of many examples, the first of which may have the search compiled, most of a minute's work.
PATIENT = pytest.mark.timeout(600 + 6 * settings().max_examples)


def examples(share: float = 1.0) -> settings:
    """Return settings with a share of the examples that the profile in force asks for."""
    return settings(max_examples=max(1, round(share * settings().max_examples)))


@st.composite
def problems(
    draw: st.DrawFn,
    *,
    most_jobs: int = 14,
    most_stations: int = 3,
    having: Sequence[str] = (),
    without: Sequence[str] = (),
) -> Problem:
    """Return a random problem of hypothesis's choosing; see `made`."""
    count = draw(st.integers(0, most_jobs))
    rng = draw(st.randoms(use_true_random=False))
    return made(rng, count, most_stations=most_stations, having=having, without=without)


def made(
    rng: Random, jobs: int, *, most_stations: int = 3, having: Sequence[str] = (), without: Sequence[str] = ()
) -> Problem:
    """
    Return a random problem that may have any feature of the format.

    Parameters
    ----------
    rng
        Where all chance comes from.
    jobs
        How many.
    most_stations
        There is always one.
    having, without
        Features it certainly has, and has not; of the others chance decides.
    """
    drawn = {name for name in FEATURES if rng.randint(0, 1) and name not in without}
    return _Maker(rng, frozenset(drawn.union(having)), jobs).problem(rng.randint(1, most_stations))


class _Maker:
    """Draws the parts of one problem with some features."""

    def __init__(self, rng: Random, features: frozenset[str], jobs: int) -> None:
        self.rng, self.features, self.count = rng, features, jobs
        large = "large" in features
        #: What times and money are multiples of.
        self.second = rng.choice((1, 10**5)) if large else 1
        self.penny = rng.choice((1, 10**6, 10**12)) if large else 1
        self.span = rng.choice((20_000, 6_000, 2_000)) * max(1, jobs // 14)  #: the horizon in units of time
        self.states = ("p", "q", "r") if "states" in features else ("p",)

    def problem(self, stations: int) -> Problem:
        places = [self._station(f"s{k}") for k in range(stations)]
        families = [self._family(f"f{k}", places) for k in range(self.rng.randint(1, 3))]
        jobs: list[Job] = []
        for _ in range(self.count):
            jobs.append(self._job(families, jobs))
        return Problem(
            name="random",
            horizon=self.span * self.second,
            stations=tuple(places),
            changeovers=self._changeovers(),
            families=tuple(families),
            orders=tuple(self._order(f"o{k}") for k in range(max(1, self.count))),
            jobs=tuple(jobs),
        )

    def _has(self, feature: str) -> bool:
        return feature in self.features

    def _coin(self, feature: str) -> bool:
        """Return a fair choice, no when the problem has not got the feature."""
        return feature in self.features and bool(self.rng.randint(0, 1))

    def _time(self, low: int, high: int) -> int:
        return self.second * self.rng.randint(low, high)

    def _money(self, high: int) -> int:
        return 0 if self._coin("free") else self.penny * self.rng.randint(0, high)

    def _station(self, name: str) -> Station:
        shifts = None
        if self._coin("attended"):
            shifts = tuple(self._shift() for _ in range(self.rng.randint(0, 3)))
        return Station(
            id=name,
            windows=self._windows(),
            state=self.rng.choice(self.states),
            cost_per_hour=self._money(3000),
            changeover_cost_per_hour=self._money(3000),
            attended=shifts,
            magazine=0 if shifts is None else self.rng.randint(0, 2),
            setup_unattended=self._coin("attended"),
        )

    def _windows(self) -> tuple[tuple[int, int], ...]:
        if not self._coin("windows"):
            return ((0, self.span * self.second),)
        cuts = sorted({self._time(0, self.span) for _ in range(self.rng.randint(0, 6))})
        if self.rng.randint(0, 1):
            return tuple(itertools.pairwise(cuts))  # windows that touch stay two: no batch lies across
        return tuple(zip(cuts[::2], cuts[1::2], strict=False))

    def _shift(self) -> tuple[int, int]:
        start = self._time(0, self.span)
        return start, start + self._time(1, self.span // 2)

    def _changeovers(self) -> Changeovers:
        most = 300 if self._has("states") else 0
        size = range(len(self.states))
        return Changeovers(
            states=self.states,
            seconds=tuple(tuple(self._time(0, most) for _ in size) for _ in size),
            cost=tuple(tuple(self._money(most) for _ in size) for _ in size),
        )

    def _family(self, name: str, stations: Sequence[Station]) -> Family:
        on = self._some([station.id for station in stations])
        sheet = self._coin("sheets")
        return Family(
            id=name,
            state=self.rng.choice(self.states),
            modes=tuple(self._mode(station, sheet=sheet) for station in on),
            unattended=self._coin("attended"),
        )

    def _mode(self, station: str, *, sheet: bool) -> Mode:
        size = SheetSize(self.rng.randint(12, 24), self.rng.randint(12, 24), self.rng.randint(0, 2))
        return Mode(
            station=station,
            seconds=self._time(0 if self._coin("instant") else 1, 900),
            cost=self._money(300),
            capacity=None if sheet else self.rng.randint(3, 6),
            sheet=size if sheet else None,
            max_kinds=self.rng.randint(1, 2) if self._coin("kinds") else None,
        )

    def _order(self, name: str) -> Order:
        return Order(name, self._time(-100, self.span), self._money(900), self._money(4000))

    def _job(self, families: Sequence[Family], before: Sequence[Job]) -> Job:
        rng, number, family = self.rng, len(before), self.rng.choice(families)
        flat = family.modes[0].sheet is not None
        parallel = rng.choice((0, 60, 200)) * self.second if self._has("parallel") else 0
        links = (
            sorted({rng.choice(before).id for _ in range(rng.randint(0, 2))}) if before and self._coin("links") else []
        )
        return Job(
            id=f"j{number}",
            order=f"o{rng.randint(0, number) if self._coin('shared orders') else number}",
            family=family.id,
            release=self._time(0, self.span // 3) if self._coin("releases") else 0,
            size=rng.randint(0, 3) if self._has("sizes") and not flat else 1,
            width=rng.randint(1, 12) if flat else 0,
            height=rng.randint(1, 12) if flat else 0,
            rotate=bool(rng.randint(0, 1)) if flat else True,
            serial_seconds=rng.choice((0, 30, 111)) * self.second if self._has("serial") else 0,
            parallel_seconds=parallel,
            max_parallel_seconds=parallel + rng.choice((0, 100)) * self.second if self._coin("limits") else None,
            after=tuple(Link(name, self._time(0, 500)) for name in links),
            stations=frozenset(self._some([mode.station for mode in family.modes]))
            if self._coin("eligibility")
            else None,
            kind=rng.choice("xyz") if self._coin("kinds") else None,
            group=f"{family.id}-g{rng.randint(0, number // 6)}" if self._coin("groups") else None,
        )

    def _some(self, names: Sequence[str]) -> list[str]:
        """Return at least one of the names, in their order."""
        sure = self.rng.choice(names)
        return [name for name in names if name == sure or self.rng.randint(0, 1)]
