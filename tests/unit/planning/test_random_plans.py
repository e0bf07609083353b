"""
Every plan that is made keeps every rule and costs what is told, by two judges that know nothing of each other.

One is `verify`, the other the referee that came with the format. `make test-planner` does it for thousands of problems.
"""

import json
import math
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from batcher.planning.conversion import scheduled, to_plan
from batcher.planning.documents import read_plan, read_problem, write_plan, write_problem
from batcher.planning.greedy import greedy
from batcher.planning.index import index
from batcher.planning.loads import Loader
from batcher.planning.local_search import search_by_moves
from batcher.planning.plan import Plan
from batcher.planning.problem import Problem
from batcher.planning.verify import judge
from tests.builders_planning import referee
from tests.damaged_plans import damaged
from tests.strategies_planning import PATIENT, examples, problems

pytestmark = PATIENT

SEEDS = st.integers(0, 2**32)
#: What `verify` alone refuses, beyond the format: names nobody could tell apart, and what is both planned and not.
STRICTER = ("is planned and told as unplanned", "times")


def quick(problem: Problem, moves: int, seed: int = 0) -> Plan:
    """Return a plan made in a moment: the greedy one, improved by so many moves."""
    instance = index(problem)
    loader = Loader(instance)
    schedule = greedy(instance, loader, budget_s=0 if moves % 2 else math.inf)
    if moves > 1:
        improved = scheduled(instance, loader, search_by_moves(schedule, moves=moves, seed=seed))
        assert improved is not None
        schedule = improved
    return to_plan(schedule)


def agree(problem: Problem, plan: Plan) -> bool:
    """Tell whether both judges accept a plan; they agree on that, and to the minor unit on its cost if they do."""
    mine, theirs = judge(problem, plan), referee().judge(fully_measured(problem), write_plan(plan))
    strict = mine.violations and all(violation.endswith(STRICTER) for violation in mine.violations)
    assert mine.feasible == theirs["feasible"] or strict, (mine.violations, theirs["violations"])
    if mine.feasible:
        assert mine.cost == theirs["cost"]
        assert (mine.unplanned, mine.batches, mine.late_orders) == tuple(
            theirs[count] for count in ("unplanned", "batches", "late_orders")
        )
    return mine.feasible


def fully_measured(problem: Problem) -> dict[str, object]:
    """Return the problem as a document that gives every job all measures: a batch may hold what it never should."""
    document = write_problem(problem)
    jobs = [{"size": job.size, "width": job.width, "height": job.height} for job in problem.jobs]
    entries = json.loads(json.dumps(document["jobs"]))  # whose types are known to nobody
    return document | {"jobs": [measures | entry for measures, entry in zip(jobs, entries, strict=True)]}


@given(problem=problems(most_jobs=60), moves=st.sampled_from((0, 1, 1, 2000)), seed=SEEDS)
@examples(0.5)
def test_both_judges_accept_every_plan_that_is_made(problem: Problem, moves: int, seed: int) -> None:
    """P1 to P9."""
    assert agree(problem, quick(problem, moves, seed))


@given(problem=problems(most_jobs=30), seed=SEEDS)
@examples(0.5)
def test_both_judges_see_the_same_damage(problem: Problem, seed: int) -> None:
    """P1 to P9."""
    plan = quick(problem, 1)
    for turn in range(8):
        agree(problem, damaged(Random(seed + turn), problem, plan))


@given(problem=problems(most_jobs=30))
@examples(0.2)
def test_a_problem_and_its_plan_are_the_same_after_a_journey_on_paper(problem: Problem) -> None:
    plan = quick(problem, 1)
    assert read_problem(write_problem(problem)) == problem
    assert read_plan(write_plan(plan)) == plan
