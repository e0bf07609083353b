"""A search that counts moves instead of seconds gives the same plan every time."""

from dataclasses import replace
from pathlib import Path

import pytest

from batcher.planning.documents import load_json, save_json, write_problem
from batcher.planning.plan import PlanStatus
from batcher.planning.problem import Problem
from batcher.planning.solve import solve
from tests.builders_planning import job, two_ovens
from tests.unit.cli.test_solve import batcher

pytestmark = pytest.mark.timeout(600)  # where no cache is filled yet, compiling takes most of a minute


def busy(count: int) -> Problem:
    """Return a problem with so many jobs, released and due one after another."""
    jobs = [job(k, family="mug" if k % 3 else "tin", release=137 * (k % 11), size=1 + k % 2) for k in range(count)]
    problem = two_ovens(jobs)
    return replace(problem, orders=tuple(replace(o, due=3000 + 311 * k) for k, o in enumerate(problem.orders)))


@pytest.mark.parametrize("count", [12, 80])  # with CP-SAT and without
def test_a_seed_and_a_number_of_moves_give_the_same_plan_every_time(count: int) -> None:
    once, again = (solve(busy(count), budget_s=0, moves=20_000, workers=1, seed=5) for _ in range(2))
    assert once.plan == again.plan
    assert once.verdict.feasible
    assert once.plan.status is not PlanStatus.FALLBACK


def test_moves_are_made_whatever_the_seconds(tmp_path: Path) -> None:
    save_json(tmp_path / "problem.json", write_problem(busy(12)))
    plans = []
    for name, seconds in (("one.json", "0"), ("two.json", "30")):
        limits = ("--moves", "5000", "--workers", "1", "--seconds", seconds)
        done = batcher(tmp_path / "problem.json", "--out", tmp_path / name, *limits)
        assert done.returncode == 0, done.stderr
        plans.append(load_json(tmp_path / name))
    assert plans[0] == plans[1]
