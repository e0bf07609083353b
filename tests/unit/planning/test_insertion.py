"""What a plan has room for: asking changes nothing, and nobody else pays unless hurried."""

import math
from dataclasses import replace

from hypothesis import given, settings

from batcher.planning.conversion import to_plan
from batcher.planning.greedy import greedy
from batcher.planning.index import index
from batcher.planning.insertion import Room
from batcher.planning.loads import Loader
from batcher.planning.problem import Job, Link, Order, Problem
from tests.builders_planning import job, two_ovens
from tests.strategies_planning import problems


def room_of(problem: Problem) -> Room:
    instance = index(problem)
    return Room(problem, to_plan(greedy(instance, Loader(instance), budget_s=0)).batches, budget_s=math.inf)


def more_of(problem: Problem, *jobs: Job, due: int = 9_000) -> Problem:
    return replace(problem, orders=(Order("new", due, 500, 60),), jobs=jobs)


def new_job(number: int = 0, **changes: object) -> Job:
    return job(f"new{number}", order="new", **changes)  # type: ignore[arg-type]


def test_new_work_joins_a_batch_that_has_room_and_costs_nothing() -> None:
    problem = two_ovens([job(0), job(1)])

    found = room_of(problem).ask(more_of(problem, new_job()), hurry=False, not_before=0, deadline=math.inf)

    assert (len(found.stays), found.cost_minor) == (1, 0)
    assert found.end is not None
    assert found.end <= 9_000


def test_steps_follow_each_other_with_their_rest() -> None:
    problem = two_ovens([job(0)])
    steps = new_job(0), replace(new_job(1), family="tin", after=(Link(new_job(0).id, 700),))

    first, second = room_of(problem).ask(more_of(problem, *steps), hurry=False, not_before=50, deadline=math.inf).stays

    assert first.start >= 50
    assert second.ready == first.end + 700
    assert second.start >= second.ready


def test_work_that_no_station_takes_has_no_place() -> None:
    problem = two_ovens([job(0)])
    nowhere = replace(new_job(), stations=frozenset())

    found = room_of(problem).ask(more_of(problem, nowhere), hurry=True, not_before=0, deadline=math.inf)

    assert (found.stays, found.end) == ((), None)


def test_hurrying_is_never_later_and_has_its_price_where_the_floor_is_full() -> None:
    problem = two_ovens([job(k, family="tin") for k in range(12)])
    room = room_of(problem)
    more = more_of(problem, new_job(family="tin"), due=2_500)

    quiet = room.ask(more, hurry=False, not_before=0, deadline=math.inf)
    hurried = room.ask(more, hurry=True, not_before=0, deadline=math.inf)

    assert quiet.end is not None
    assert hurried.end is not None
    assert hurried.end < quiet.end
    assert hurried.cost_minor > quiet.cost_minor


@given(problem=problems())
@settings(max_examples=30, deadline=None)
def test_asking_changes_nothing(problem: Problem) -> None:
    room = room_of(problem)
    family = problem.families[-1].id
    more = more_of(problem, *(new_job(k, family=family, width=10, height=10) for k in range(2)))

    told = [room.ask(more, hurry=hurry, not_before=0, deadline=math.inf) for hurry in (False, True, False, True)]

    assert told[:2] == told[2:]
