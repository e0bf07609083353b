import gzip
import json
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from batcher.errors import DocumentError
from batcher.planning.documents import load_json, read_plan, read_problem, save_json, write_plan, write_problem
from batcher.planning.plan import Batch, Placement, Plan, PlanStatus
from batcher.planning.problem import Problem
from tests.builders_planning import job, shared, sheets, two_ovens
from tests.strategies_planning import problems

Document = dict[str, Any]


def document() -> Document:
    return json.loads(json.dumps(write_problem(two_ovens())))  # type: ignore[no-any-return]


def faults_of(broken: object) -> dict[str, str]:
    with pytest.raises(DocumentError) as caught:
        read_problem(broken)
    return {fault.where: fault.code for fault in caught.value.faults}


@given(problem=problems())
@settings(max_examples=40, deadline=None)
def test_a_problem_written_and_read_again_is_the_same(problem: Problem) -> None:
    try:
        assert read_problem(json.loads(json.dumps(write_problem(problem)))) == problem
    except DocumentError as error:  # the random problem itself contradicts itself: no fault of writing
        told = {fault.code for fault in error.faults}
        assert told <= {"too_big", "no_station", "circle"}


def test_a_sheet_problem_written_and_read_again_is_the_same() -> None:
    assert read_problem(write_problem(sheets())) == sheets()


def test_a_plan_written_and_read_again_is_the_same() -> None:
    batch = Batch(
        "b1", "film", "print", 0, 600, ("a/b", "c"), {"a/b": Placement(0, 5, True), "c": Placement(9, 9, False)}
    )
    plan = Plan((batch,), ("d",), bound=12.5, status=PlanStatus.OPTIMAL)
    assert read_plan(json.loads(json.dumps(write_plan(plan)))) == plan


def test_the_example_problems_are_read() -> None:
    for path in sorted(shared("problems").glob("*.json*")):
        problem = read_problem(load_json(path))
        assert read_problem(write_problem(problem)) == problem


def test_an_absent_changeover_cost_is_the_running_cost() -> None:
    given_document = document()
    del given_document["stations"][0]["changeover_cost_per_hour"]
    assert read_problem(given_document).stations[0].changeover_cost_per_hour == 1200


Damage = Callable[[Document], object]

DAMAGES: list[tuple[str, str, Damage]] = [
    ("/format", "wrong_format", lambda d: d.update(format="batcher-problem/2")),
    ("/horizon", "missing", lambda d: d.pop("horizon")),
    ("/horizon", "too_small", lambda d: d.update(horizon=-1)),
    ("/horizon", "wrong_type", lambda d: d.update(horizon=True)),
    ("/horizon", "wrong_type", lambda d: d.update(horizon=1.5)),
    ("/stations", "wrong_type", lambda d: d.update(stations={})),
    ("/stations/0", "wrong_type", lambda d: d["stations"].__setitem__(0, 7)),
    ("/stations/1/id", "duplicate_id", lambda d: d["stations"][1].update(id="oven-1")),
    ("/stations/0/state", "unknown_reference", lambda d: d["stations"][0].update(state="z")),
    ("/stations/0/windows", "past_horizon", lambda d: d["stations"][0].update(windows=[[0, 40_001]])),
    ("/stations/0/windows", "overlap", lambda d: d["stations"][0].update(windows=[[0, 10], [5, 20]])),
    ("/stations/0/windows/0", "empty_interval", lambda d: d["stations"][0].update(windows=[[9, 9]])),
    ("/stations/0/windows/0/1", "wrong_type", lambda d: d["stations"][0].update(windows=[[9, "x"]])),
    ("/stations/0/magazine", "too_small", lambda d: d["stations"][0].update(magazine=-1)),
    ("/changeovers/seconds/0", "not_square", lambda d: d["changeovers"]["seconds"].__setitem__(0, [1])),
    ("/changeovers/cost", "not_square", lambda d: d["changeovers"]["cost"].pop()),
    ("/changeovers/states/1", "duplicate_id", lambda d: d["changeovers"].update(states=["a", "a"])),
    ("/families/0/modes/0", "capacity_or_sheet", lambda d: d["families"][0]["modes"][0].pop("capacity")),
    (
        "/families/0/modes/0",
        "capacity_or_sheet",
        lambda d: d["families"][0]["modes"][0].update(sheet={"width": 1, "height": 1}),
    ),
    ("/families/0/modes/0/station", "unknown_reference", lambda d: d["families"][0]["modes"][0].update(station="x")),
    ("/families/0/modes/1/station", "duplicate_id", lambda d: d["families"][0]["modes"][1].update(station="oven-1")),
    ("/families/0/unattended", "wrong_type", lambda d: d["families"][0].update(unattended="no")),
    ("/orders/0/due", "missing", lambda d: d["orders"][0].pop("due")),
    ("/orders/0/late_cost", "too_small", lambda d: d["orders"][0].update(late_cost=-5)),
    ("/jobs/3/family", "unknown_reference", lambda d: d["jobs"][3].update(family="x")),
    ("/jobs/3/order", "unknown_reference", lambda d: d["jobs"][3].update(order="x")),
    ("/jobs/3/id", "duplicate_id", lambda d: d["jobs"][3].update(id="j0")),
    ("/jobs/3/id", "wrong_type", lambda d: d["jobs"][3].update(id="")),
    ("/jobs/3", "too_big", lambda d: d["jobs"][3].update(size=5)),
    ("/jobs/3/size", "missing", lambda d: d["jobs"][3].pop("size")),
    ("/jobs/3", "no_station", lambda d: d["jobs"][3].update(stations=[])),
    ("/jobs/3/stations", "unknown_reference", lambda d: d["jobs"][3].update(stations=["oven-1", "x"])),
    ("/jobs/3/after/0/job", "unknown_reference", lambda d: d["jobs"][3].update(after=[{"job": "x"}])),
    ("/jobs/3/after", "circle", lambda d: d["jobs"][3].update(after=[{"job": "j3"}])),
    (
        "/jobs/3/max_parallel_seconds",
        "contradiction",
        lambda d: d["jobs"][3].update(parallel_seconds=9, max_parallel_seconds=8),
    ),
]


@pytest.mark.parametrize(("where", "code", "damage"), DAMAGES)
def test_every_fault_is_told_with_its_pointer(where: str, code: str, damage: Damage) -> None:
    broken = deepcopy(document())
    damage(broken)
    assert faults_of(broken)[where] == code


def test_all_faults_of_a_document_are_told_at_once() -> None:
    broken = document()
    broken["jobs"][0]["family"] = "x"
    broken["jobs"][1]["release"] = -1
    broken["orders"][2].pop("due")
    assert set(faults_of(broken)) == {"/jobs/0/family", "/jobs/1/release", "/orders/2/due"}


def test_a_circle_through_several_jobs_is_told_once() -> None:
    broken = document()
    for waits, before in ((0, 1), (1, 2), (2, 0), (3, 0)):
        broken["jobs"][waits]["after"] = [{"job": f"j{before}"}]
    assert faults_of(broken) == {"/jobs/0/after": "circle"}


def test_a_group_of_two_families_is_told() -> None:
    jobs = [job(0, group="g"), job(1, group="g", family="tin")]
    assert faults_of(write_problem(two_ovens(jobs))) == {"/jobs/1/group": "contradiction"}


@pytest.mark.parametrize("nonsense", [None, 3, [], "text", {}])
def test_what_is_no_document_at_all_is_refused(nonsense: object) -> None:
    assert faults_of(nonsense)


def test_a_plan_with_faults_tells_them_all() -> None:
    with pytest.raises(DocumentError) as caught:
        read_plan({"format": "batcher-plan/1", "batches": [{"id": "b"}, {"id": "b"}], "status": "good", "bound": "low"})
    told = {fault.where for fault in caught.value.faults}
    assert {"/batches/0/station", "/batches/1/id", "/status", "/bound"} <= told


def test_documents_are_saved_and_loaded_gzipped_or_not(tmp_path: Path) -> None:
    for name in ("plain.json", "small.json.gz"):
        save_json(tmp_path / name, document())
        assert load_json(tmp_path / name) == document()
    assert gzip.decompress((tmp_path / "small.json.gz").read_bytes()).startswith(b"{")


def test_a_file_that_is_not_json_is_told_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "broken.json"
    path.write_text('{\n "a": ]')
    with pytest.raises(DocumentError, match=r"broken.json:2:7: is not JSON"):
        load_json(path)


def test_a_file_that_is_not_gzip_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "broken.json.gz"
    path.write_text("{}")
    with pytest.raises(DocumentError, match="is not JSON"):
        load_json(path)
