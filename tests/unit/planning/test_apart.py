"""A process of its own plans as this one would, and whatever becomes of it is told and made up for."""

import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from batcher.errors import PlanRejectedError, SolverError
from batcher.planning import apart
from batcher.planning.apart import PlannerProcess
from batcher.planning.brief import Brief, planned
from batcher.planning.plan import Batch, PlanStatus
from batcher.planning.problem import Problem
from batcher.planning.verify import judge
from tests.builders_planning import job, two_ovens
from tests.waiting import wait_for

_AGES_S = 3600.0


@dataclass(frozen=True)
class _Deadly:
    """Ends the process that is handed it."""

    def __reduce__(self) -> tuple[object, ...]:
        return os._exit, (3,)

    def __call__(self, state: str, start: int, end: int, leaves_by: int) -> float:
        raise NotImplementedError


@pytest.fixture
def planner() -> Iterator[PlannerProcess]:
    found = PlannerProcess()
    yield found
    found.close()
    assert multiprocessing.active_children() == []


def brief(seconds: float = 0.0, count: int = 12) -> Brief:
    return Brief(_crowded(count), time.monotonic() + seconds)


def _crowded(count: int) -> Problem:
    jobs = [job(k, family="mug" if k % 3 else "tin", release=137 * (k % 11)) for k in range(count)]
    problem = two_ovens(jobs)
    return replace(problem, orders=tuple(replace(o, due=3000 + 311 * k) for k, o in enumerate(problem.orders)))


def test_what_is_planned_apart_is_what_is_planned_here(planner: PlannerProcess) -> None:
    wanted = replace(brief(), last=(Batch("b", "oven", "mug", 0, 60, ("j1", "j2")),))
    there, here = planner(wanted), planned(wanted)
    assert there.result.plan.batches == here.result.plan.batches
    assert there.latest_begin == here.latest_begin
    assert there.kept == here.kept
    assert judge(wanted.problem, there.result.plan) == there.result.verdict


def test_one_process_does_one_brief_after_the_other(planner: PlannerProcess) -> None:
    planner(brief())
    (first,) = multiprocessing.active_children()
    planner(brief())
    assert multiprocessing.active_children() == [first]


def test_a_process_that_ends_over_a_brief_is_told_of_and_replaced(planner: PlannerProcess) -> None:
    with pytest.raises(SolverError, match="exit code 3"):
        planner(replace(brief(), coming=_Deadly()))
    assert planner(brief()).result.verdict.feasible


def test_what_breaks_there_is_raised_here_and_the_process_goes_on(planner: PlannerProcess) -> None:
    wanted = brief()
    astray = replace(wanted.problem, jobs=(replace(wanted.problem.jobs[0], family="of nobody"),))
    with pytest.raises(KeyError, match="of nobody"):
        planner(replace(wanted, problem=astray))
    assert planner(wanted).result.verdict.feasible
    assert len(multiprocessing.active_children()) == 1


def test_where_no_process_can_be_started_the_plan_is_made_here_without_a_search(
    planner: PlannerProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused() -> object:
        raise BlockingIOError("no more processes")

    monkeypatch.setattr(apart, "_started", refused)
    made = planner(brief(_AGES_S, count=60))
    assert made.result.verdict.feasible
    assert made.result.plan.status is PlanStatus.FALLBACK


def test_a_search_that_is_told_to_hurry_ends_with_what_it_has(planner: PlannerProcess) -> None:
    planner(brief())
    hurry = threading.Timer(1.0, planner.hurry)
    hurry.start()
    made = planner(brief(_AGES_S, count=60))  # which would search for an hour
    hurry.join()
    assert made.result.verdict.feasible
    assert planner(brief()).result.verdict.feasible  # and who was told to hurry once is not in a hurry for ever


def test_a_planner_that_is_closed_over_a_brief_says_so_and_never_comes_back() -> None:
    planner = PlannerProcess()
    planner(brief())
    closing = threading.Timer(0.5, planner.close)
    closing.start()
    with pytest.raises(SolverError):
        planner(brief(_AGES_S, count=60))
    closing.join()
    with pytest.raises(SolverError, match="told to end"):
        planner(brief())
    assert multiprocessing.active_children() == []


def test_the_process_ends_when_whoever_asked_it_is_killed(tmp_path: Path) -> None:
    script = (
        "import multiprocessing, sys, time; from tests.unit.planning.test_apart import brief\n"
        "from batcher.planning.apart import PlannerProcess\n"
        "if __name__ == '__main__':\n"
        "    planner = PlannerProcess(); planner(brief())\n"
        "    print(multiprocessing.active_children()[0].pid, flush=True); planner(brief(3600, count=60))\n"
    )
    path = tmp_path / "asks.py"
    path.write_text(script)
    with subprocess.Popen([sys.executable, str(path)], stdout=subprocess.PIPE, text=True, env=_env()) as asking:
        assert asking.stdout is not None
        child = int(asking.stdout.readline())
        time.sleep(0.5)
        asking.send_signal(signal.SIGKILL)
    wait_for(lambda: not _lives(child), 30)


def _env() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_refusal_says_the_same_on_the_other_side() -> None:
    told = PlanRejectedError(("a batch begins too early", "another too"))
    again = pickle.loads(pickle.dumps(told))
    assert (again.violations, str(again)) == (told.violations, "a batch begins too early; another too")
