from hypothesis import given, settings
from hypothesis import strategies as st

from batcher.planning.bounds import lower_bound
from batcher.planning.conversion import to_plan
from batcher.planning.greedy import greedy
from batcher.planning.improve import anneal
from batcher.planning.index import index
from batcher.planning.loads import Loader
from batcher.planning.plan import Plan
from batcher.planning.problem import Changeovers, Family, Job, Link, Mode, Order, Problem, Station
from batcher.planning.verify import judge
from tests.builders_planning import cheapest, job, problems, two_ovens


@given(problem=problems())
@settings(max_examples=40, deadline=None)
def test_no_plan_is_cheaper_than_the_bound(problem: Problem) -> None:
    instance = index(problem)
    bound = lower_bound(instance)
    nothing = judge(problem, Plan((), tuple(entry.id for entry in problem.jobs)))
    schedule = greedy(instance, Loader(instance), budget_s=0)
    assert bound <= nothing.cost + 1e-6
    assert bound <= schedule.cost / 3600 + 1e-6
    anneal(schedule, deadline=0, seed=0, max_moves=128)
    assert bound <= judge(problem, to_plan(schedule)).cost + 1e-6


@st.composite
def tiny(draw: st.DrawFn) -> Problem:
    number = st.integers
    square = st.tuples(*[st.tuples(*[number(0, 200)] * 2)] * 2)
    stations = tuple(
        Station(
            f"s{k}",
            ((draw(number(0, 50)), 2000), (2100, 5000)),
            draw(st.sampled_from("pq")),
            draw(number(0, 3600)),
            900,
        )
        for k in range(draw(number(1, 2)))
    )
    families = tuple(
        Family(
            name,
            draw(st.sampled_from("pq")),
            tuple(Mode(s.id, draw(number(1, 900)), draw(number(0, 200)), draw(number(2, 4))) for s in stations),
        )
        for name in ("f", "g")
    )
    orders = tuple(Order(f"o{k}", draw(number(0, 3000)), draw(number(0, 500)), draw(number(0, 900))) for k in range(2))
    jobs = tuple(
        Job(
            f"j{k}",
            draw(st.sampled_from(("o0", "o1"))),
            draw(st.sampled_from(("f", "g"))),
            draw(number(0, 400)),
            size=draw(number(1, 2)),
            serial_seconds=draw(st.sampled_from((0, 50))),
            parallel_seconds=draw(st.sampled_from((0, 100))),
            max_parallel_seconds=draw(st.sampled_from((None, 100))),
            after=(Link(f"j{k - 1}", 30),) if k and draw(st.booleans()) else (),
        )
        for k in range(draw(number(1, 3)))
    )
    changeovers = Changeovers(("p", "q"), draw(square), draw(square))
    return Problem("tiny", 5000, stations, changeovers, families, orders, jobs)


@given(problem=tiny())
@settings(max_examples=40, deadline=None)
def test_the_bound_is_never_above_the_best_of_all_plans(problem: Problem) -> None:
    assert lower_bound(index(problem)) <= cheapest(problem) + 1e-6


def test_batches_running_and_a_changeover_nobody_escapes_are_all_counted() -> None:
    problem = two_ovens([job(k) for k in range(8)], late=100_000)
    bound = lower_bound(index(problem))
    # Two batches of 40 and 1200 s at 1200 an hour are least; oven-1 is set up for them.
    assert bound >= 2 * 30 + 2 * 1200 * 1000 / 3600


def test_an_order_that_is_late_whatever_is_done_pays_in_the_bound() -> None:
    problem = two_ovens([job(0, release=20_000)])
    assert lower_bound(index(problem)) > 500
