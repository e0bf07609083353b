import json
import subprocess
import sys
from pathlib import Path

from batcher.planning.documents import load_json, read_plan, save_json, write_problem
from batcher.planning.verify import judge
from tests.builders_planning import two_ovens


def batcher(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "batcher.cli", "solve", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_a_problem_becomes_a_plan_with_a_summary(tmp_path: Path) -> None:
    save_json(tmp_path / "problem.json", write_problem(two_ovens()))
    done = batcher(tmp_path / "problem.json", "--out", tmp_path / "plan.json", "--seconds", "1.5", "--json")
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)
    verdict = judge(two_ovens(), read_plan(load_json(tmp_path / "plan.json")))
    assert verdict.feasible
    assert summary["cost"] == verdict.cost
    assert summary["unplanned"] == 0


def test_the_summary_for_people_is_one_line_of_cost_bound_and_time(tmp_path: Path) -> None:
    save_json(tmp_path / "problem.json.gz", write_problem(two_ovens()))
    done = batcher(tmp_path / "problem.json.gz", "--out", tmp_path / "plan.json", "--seconds", "0")
    assert done.returncode == 0, done.stderr
    assert "cost" in done.stdout
    assert "bound" in done.stdout


def test_a_broken_document_exits_65_with_every_fault(tmp_path: Path) -> None:
    document = json.loads(json.dumps(write_problem(two_ovens())))
    document["jobs"][0]["family"] = "vase"
    document["jobs"][1]["release"] = "soon"
    save_json(tmp_path / "problem.json", document)
    done = batcher(tmp_path / "problem.json", "--out", tmp_path / "plan.json")
    assert done.returncode == 65
    assert "/jobs/0/family" in done.stderr
    assert "/jobs/1/release" in done.stderr
    assert not (tmp_path / "plan.json").exists()


def test_a_missing_file_exits_66(tmp_path: Path) -> None:
    assert batcher(tmp_path / "nowhere.json", "--out", tmp_path / "plan.json").returncode == 66


def test_a_plan_to_start_from_is_improved_on(tmp_path: Path) -> None:
    save_json(tmp_path / "problem.json", write_problem(two_ovens()))
    first, second = tmp_path / "first.json", tmp_path / "second.json"
    assert batcher(tmp_path / "problem.json", "--out", first, "--seconds", "1").returncode == 0
    assert batcher(tmp_path / "problem.json", "--out", second, "--seconds", "0", "--start", first).returncode == 0
    costs = [judge(two_ovens(), read_plan(load_json(path))).cost for path in (first, second)]
    assert costs[1] <= costs[0]
