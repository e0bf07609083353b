import json
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

from batcher.planning.documents import load_json, read_plan, save_json, write_problem
from batcher.planning.verify import judge
from tests.builders_planning import job, two_ovens


def batcher(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "batcher.cli", "solve", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)


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


def test_a_plan_to_start_from_is_improved_on_and_the_share_of_its_batches_that_are_kept_is_told(tmp_path: Path) -> None:
    save_json(tmp_path / "problem.json", write_problem(two_ovens()))
    first, second = tmp_path / "first.json", tmp_path / "second.json"
    assert batcher(tmp_path / "problem.json", "--out", first, "--seconds", "1").returncode == 0
    again = batcher(tmp_path / "problem.json", "--out", second, "--seconds", "0", "--start", first)
    assert again.returncode == 0
    assert "100% of the start's batches kept" in again.stdout
    costs = [judge(two_ovens(), read_plan(load_json(path))).cost for path in (first, second)]
    assert costs[1] <= costs[0]


def test_a_plan_of_another_moment_is_carried_over_to_the_queue_of_now(tmp_path: Path) -> None:
    then, now = two_ovens([job(0), job(1)]), two_ovens([job(1), job(2, release=900)])
    save_json(tmp_path / "then.json", write_problem(then))
    save_json(tmp_path / "now.json", write_problem(now))
    assert batcher(tmp_path / "then.json", "--out", tmp_path / "last.json", "--seconds", "0").returncode == 0
    done = batcher(
        tmp_path / "now.json", "--out", tmp_path / "plan.json", "--seconds", "0", "--start", tmp_path / "last.json",
        "--json",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert judge(now, read_plan(load_json(tmp_path / "plan.json"))).feasible
    assert 0 <= json.loads(done.stdout)["batches_kept"] <= 1


def test_a_plan_is_drawn_whole_and_batch_by_batch_in_place_of_an_older_one(tmp_path: Path) -> None:
    save_json(tmp_path / "problem.json", write_problem(two_ovens()))
    pictures = tmp_path / "drawn" / "today"
    pictures.mkdir(parents=True)
    (pictures / "batch-b99.svg").write_text("of a plan before", encoding="utf-8")
    (pictures / "notes.svg").write_text("somebody's", encoding="utf-8")
    done = batcher(tmp_path / "problem.json", "--out", tmp_path / "plan.json", "--seconds", "0", "--draw", pictures)
    assert done.returncode == 0, done.stderr
    batches = read_plan(load_json(tmp_path / "plan.json")).batches
    names = {path.name for path in pictures.iterdir()}
    assert names == {"plan.svg", "notes.svg", *(f"batch-{batch.id}.svg" for batch in batches)}
    for name in names - {"notes.svg"}:
        assert ElementTree.parse(pictures / name).getroot().tag.endswith("svg")


def test_pictures_that_have_no_place_to_go_are_refused_before_the_search(tmp_path: Path) -> None:
    save_json(tmp_path / "problem.json", write_problem(two_ovens()))
    (tmp_path / "taken").write_text("a file", encoding="utf-8")
    done = batcher(tmp_path / "problem.json", "--out", tmp_path / "plan.json", "--draw", tmp_path / "taken")
    assert done.returncode == 73
    assert not (tmp_path / "plan.json").exists()


def test_with_no_time_a_plan_that_is_there_is_drawn_as_it_is(tmp_path: Path) -> None:
    save_json(tmp_path / "problem.json", write_problem(two_ovens()))
    first, second = tmp_path / "first.json", tmp_path / "second.json"
    assert batcher(tmp_path / "problem.json", "--out", first, "--seconds", "2").returncode == 0
    drawn = ("--out", second, "--seconds", "0", "--start", first, "--draw", tmp_path / "drawn")
    assert batcher(tmp_path / "problem.json", *drawn).returncode == 0
    before = {(b.station, b.start, b.end) for b in read_plan(load_json(first)).batches}
    assert {(b.station, b.start, b.end) for b in read_plan(load_json(second)).batches} == before
    assert len(list((tmp_path / "drawn").glob("batch-*.svg"))) == len(before)
