import gzip
import json
from collections import Counter
from pathlib import Path

import pytest

from batcher.planning.documents import load_json, read_problem, save_json, write_problem
from batcher.planning.index import index
from batcher.planning.problem import Problem
from batcher.planning.verify import judge
from benchmarks.planner.generator import generate
from benchmarks.planner.peers.edd import edd
from tests.builders_planning import shared


@pytest.fixture(scope="module")
def large() -> Problem:
    return generate(5000, seed=1)


def test_equal_arguments_give_an_equal_problem_and_another_seed_another() -> None:
    assert generate(120, seed=4) == generate(120, seed=4)
    assert generate(120, seed=4) != generate(120, seed=5)


def test_a_made_problem_is_a_document_without_faults(large: Problem, tmp_path: Path) -> None:
    path = tmp_path / "made.json.gz"
    save_json(path, write_problem(large))
    assert read_problem(load_json(path)) == large


def test_there_are_as_many_jobs_as_asked_for_and_the_rest_of_the_last_order(large: Problem) -> None:
    assert 5000 <= len(large.jobs) < 5008
    assert large.jobs[-1].order == large.orders[-1].id


def test_stations_grow_with_the_work() -> None:
    assert len(generate(60, seed=2).stations) == 5
    assert len(generate(300, seed=2).stations) == 10
    assert len(generate(12_000, seed=2).stations) > 10


def test_an_order_placed_too_late_for_todays_courier_leaves_a_day_later() -> None:
    problem = generate(2000, seed=0, hour=14)
    today = {order.id: order for order in problem.orders if order.due == 3 * 3600}
    assert all(order.late_cost == 900 for order in today.values())
    coming = [job for job in problem.jobs if job.release > 0]
    assert coming
    assert not any(job.order in today for job in coming)


def test_a_made_floor_looks_like_the_example_of_its_size(large: Problem) -> None:
    with gzip.open(shared("problems", "floor-05000.json.gz")) as file:
        example = read_problem(json.load(file))
    for ours, theirs, share in [
        (len(large.orders), len(example.orders), 0.05),
        (len(large.families), len(example.families), 0.3),
        (sum(job.release == 0 for job in large.jobs), sum(job.release == 0 for job in example.jobs), 0.05),
        (sum(bool(job.after) for job in large.jobs), sum(bool(job.after) for job in example.jobs), 0.2),
    ]:
        assert ours == pytest.approx(theirs, rel=share)
    assert set(large.changeovers.states) == set(example.changeovers.states)
    assert Counter(order.late_cost for order in large.orders).keys() == {900, 500, 300, 200}


def test_a_made_floor_costs_about_what_the_example_of_its_size_costs(large: Problem) -> None:
    example = read_problem(load_json(shared("problems", "floor-05000.json.gz")))
    costs = [judge(problem, edd(index(problem))).cost / len(problem.jobs) for problem in (large, example)]
    assert costs[0] == pytest.approx(costs[1], rel=0.3)
