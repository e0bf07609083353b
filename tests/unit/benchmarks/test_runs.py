import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from batcher.planning.documents import save_json, write_problem
from benchmarks.planner import records as kept
from benchmarks.planner.referee import load_referee
from benchmarks.planner.runs import Setting, run
from benchmarks.planner.sets import Case, cases
from tests.builders_benchmarks import record
from tests.builders_planning import job, shared, two_ovens

SETTING = Setting(seconds_scale=1.0, workers=1, seed=0, commit="abc")


@pytest.fixture
def small(tmp_path: Path) -> Case:
    path = tmp_path / "small.json"
    save_json(path, write_problem(two_ovens([job(k) for k in range(4)])))
    return Case("files", "small", 0, "small", path, seconds=2.0)


@pytest.mark.parametrize("method", ["edd", "batc", "ours"])
def test_a_run_is_judged_by_the_referee_and_has_its_curve(small: Case, method: str) -> None:
    shared("referee")
    found = run(small, method, SETTING, load_referee())
    assert (found.verdict, found.jobs, found.unplanned, found.note) == ("accepted", 4, 0, "")
    assert found.cost is not None
    assert found.curve[-1].cost == pytest.approx(found.cost)
    assert found.first_s == found.curve[0].seconds
    assert found.key == SETTING.key(small, method)


def test_a_method_that_cannot_read_its_problem_has_no_plan_and_says_why(small: Case) -> None:
    shared("referee")
    document = json.loads(small.path.read_text())
    document["jobs"][0]["family"] = "nothing"
    small.path.write_text(json.dumps(document))
    found = run(small, "edd", SETTING, load_referee())
    assert (found.verdict, found.cost) == ("none", None)
    assert "exit code 1" in found.note


def test_records_are_read_back_without_a_line_that_was_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "runs.jsonl"
    assert kept.read(path) == []
    kept.append(path, record("p1"))
    kept.append(path, record("p2", cost=None))
    path.write_text(path.read_text() + '{"set": "osp')
    assert kept.read(path) == [record("p1"), record("p2", cost=None)]


def test_a_resumed_run_does_only_what_is_missing(small: Case, tmp_path: Path) -> None:
    shared("referee")
    out = tmp_path / "out"

    def planner(*options: str) -> str:
        command = [
            sys.executable, "-m", "benchmarks.planner", "--files", str(small.path), "--seconds", "2", "--workers", "1",
            "--out", str(out), "--no-plots", *options,
        ]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, check=True, env=os.environ)
        return done.stdout

    assert "[1/1] small edd" in planner("--methods", "edd")
    resumed = planner("--methods", "edd,batc", "--resume")
    assert "[1/1] small batc" in resumed
    assert len(kept.read(out / "runs.jsonl")) == 2
    assert {run["method"] for run in json.loads((out / "planner.json").read_text())["runs"]} == {"edd", "batc"}
    assert "| small | edd | 1 | 2 | 1.000 |" in (out / "planner.md").read_text()


def test_the_sets_are_whole_and_problems_of_a_size_are_spread_evenly(tmp_path: Path) -> None:
    shared("benchmarks", "osp")
    every = cases(["osp-uc3", "osp-uc2", "chiang", "floor"], sizes=None, per_size=None, seed=0, made=tmp_path)
    assert len(every) == 60 + 60 + 40 + 10
    assert all(case.path.exists() for case in every)
    assert all(case.best or case.set == "floor" for case in every)
    few = cases(["osp-uc3"], sizes=frozenset({50, 500}), per_size=2, seed=0, made=tmp_path)
    assert [(case.name, case.seconds) for case in few] == [
        ("osp-uc3-045", 10.0), ("osp-uc3-055", 10.0), ("osp-uc3-105", 60.0), ("osp-uc3-115", 60.0),
    ]  # fmt: skip


def test_floors_know_their_published_costs(tmp_path: Path) -> None:
    shared("problems")
    floors = cases(["floor"], sizes=frozenset({60, 80, 2000}), per_size=None, seed=0, made=tmp_path)
    assert [floor.published for floor in floors] == [
        {"EDD, published": 74_402.0, "annealing, Python": 57_202.0},
        {},
        {"EDD, published": 256_362.0, "annealing, Python": 199_494.0},
    ]


def test_a_large_floor_is_made_once(tmp_path: Path) -> None:
    (made,) = cases(["large"], sizes=frozenset({12, 1000}), per_size=None, seed=5, made=tmp_path)
    stamp = made.path.stat().st_mtime_ns
    (again,) = cases(["large"], sizes=frozenset({1000}), per_size=None, seed=5, made=tmp_path)
    assert again == made
    assert made.path.stat().st_mtime_ns == stamp
    assert (made.name, made.group, made.seconds) == ("made-1000-5", "1000", 60.0)
