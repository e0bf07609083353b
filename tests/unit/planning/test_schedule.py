from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from batcher.planning.conversion import from_plan, scheduled, to_plan
from batcher.planning.greedy import greedy
from batcher.planning.index import index
from batcher.planning.loads import Loader
from batcher.planning.moves import Moves
from batcher.planning.plan import Plan
from batcher.planning.problem import Problem
from batcher.planning.schedule import Schedule
from batcher.planning.verify import judge
from tests.builders_planning import two_ovens
from tests.strategies_planning import problems


def first(problem: Problem) -> Schedule:
    instance = index(problem)
    return greedy(instance, Loader(instance), budget_s=0)


def told(schedule: Schedule) -> tuple[object, ...]:
    """Return everything that can be seen of a schedule."""
    runs = [[(run.load.units, run.begin, run.end, run.stretch, run.used) for run in seq] for seq in schedule.sequences]
    return runs, schedule.cost, schedule.late_money, schedule.lateness


def wander(schedule: Schedule, seed: int, steps: int) -> None:
    """Make random moves, keeping about half of those that are possible."""
    rng = Random(seed)
    moves = Moves(schedule, rng)
    for _ in range(steps if moves.planned else 0):
        before = told(schedule)
        delta = schedule.settle() if moves.any() else None
        if delta is None or rng.random() < 0.5:
            schedule.rollback()
            assert told(schedule) == before
        else:
            schedule.commit(delta)


@given(problem=problems(without=["large"]), seed=st.integers(0, 99), lazy=st.booleans())
@settings(max_examples=50, deadline=None)
def test_whatever_moves_are_made_the_plan_keeps_every_rule_and_costs_what_it_says(
    problem: Problem, seed: int, lazy: bool
) -> None:
    schedule = first(problem)
    planned = judge(problem, to_plan(schedule)).unplanned
    schedule.lazy = lazy
    wander(schedule, seed, 60)
    verdict = judge(problem, to_plan(schedule))
    assert verdict.feasible, verdict.violations
    assert schedule.cost == round(3600 * verdict.cost)
    assert verdict.unplanned == planned


@given(problem=problems(), seed=st.integers(0, 99))
@settings(max_examples=40, deadline=None)
def test_a_schedule_changed_step_by_step_stands_as_one_built_at_once(problem: Problem, seed: int) -> None:
    schedule = first(problem)
    wander(schedule, seed, 40)
    bundles = [[(run.mode, run.load) for run in sequence] for sequence in schedule.sequences]
    built = scheduled(schedule.instance, schedule.loader, bundles)
    assert built is not None
    assert told(built) == told(schedule)


@given(problem=problems(), seed=st.integers(0, 99))
@settings(max_examples=40, deadline=None)
def test_a_lazy_schedule_compacted_stands_as_an_eager_one(problem: Problem, seed: int) -> None:
    schedule = first(problem)
    schedule.lazy = True
    wander(schedule, seed, 40)
    schedule.compact()
    bundles = [[(run.mode, run.load) for run in sequence] for sequence in schedule.sequences]
    built = scheduled(schedule.instance, schedule.loader, bundles)
    assert built is not None
    assert told(built) == told(schedule)


def test_a_plan_read_back_is_the_schedule_it_came_from() -> None:
    schedule = first(two_ovens())
    again = from_plan(schedule.instance, schedule.loader, to_plan(schedule))
    assert again is not None
    assert again.cost == schedule.cost


def test_a_plan_that_breaks_a_rule_is_no_schedule() -> None:
    schedule = first(two_ovens())
    plan = to_plan(schedule)
    twice = Plan((*plan.batches, plan.batches[0]))
    assert from_plan(schedule.instance, schedule.loader, twice) is None
