"""A process of its own plans as this one would, and whatever becomes of it is told and made up for."""

import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from batcher.domain.clock import Clock
from batcher.errors import PlanRejectedError, SolverError, StoreError
from batcher.planning.plan import PlanStatus
from batcher.planning.verify import judge
from batcher.rules.ruleset import RuleSet
from batcher.services import planner_process
from batcher.services.context import Floor
from batcher.services.cycle import plan_cycle
from batcher.services.planner import PlannerHere
from batcher.services.planner_process import PlannerProcess
from tests.builders_api import NOW
from tests.builders_floor import order_document, take
from tests.waiting import wait_for

_AGES_S = 3600.0


@pytest.fixture
def planner(floor: Floor) -> Iterator[PlannerProcess]:
    found = PlannerProcess(floor)
    yield found
    found.close()
    assert multiprocessing.active_children() == []


@pytest.fixture
def rules(floor: Floor) -> RuleSet:
    """Return the rules of a floor with so much to do that no plan is proven best without a search."""
    found = floor.rules.current
    take(floor, *(order_document(sku, quantity=1 + k % 3) for k, sku in enumerate(sorted(found.catalogue)[::9])))
    return found


def test_what_is_planned_apart_is_what_is_planned_here_each_time_from_what_waits_then(
    floor: Floor, planner: PlannerProcess, rules: RuleSet
) -> None:
    there, kept = planner.plan(rules, 0)
    here, _ = PlannerHere(floor).plan(rules, 0)
    assert there.snapshot.problem == here.snapshot.problem
    assert there.latest_begin.keys() == {batch.id for batch in there.batches}
    assert judge(there.snapshot.problem, there.result.plan) == there.result.verdict
    assert there.result.verdict.unplanned == 0
    assert kept.id == there.id
    (process,) = multiprocessing.active_children()
    (key,) = take(floor, order_document())
    assert key not in planner.orders(rules)
    assert key in {job.order for job in planner.plan(rules, 0)[0].snapshot.problem.jobs}
    assert key in planner.orders(rules)
    assert multiprocessing.active_children() == [process]


def test_other_rules_are_those_of_the_next_plan_and_what_breaks_is_raised_here(
    planner: PlannerProcess, rules: RuleSet
) -> None:
    others = replace(rules, hash="others", planning=replace(rules.planning, horizon_s=3 * 86_400))
    plan, _ = planner.plan(others, 0)
    assert (plan.rules_hash, plan.snapshot.problem.horizon) == ("others", 3 * 86_400)
    with pytest.raises(KeyError):
        planner.plan(replace(rules, hash="broken", processes={}), 0)
    assert planner.plan(rules, 0)[0].rules_hash == rules.hash
    assert len(multiprocessing.active_children()) == 1


def test_a_cycle_puts_its_plan_in_force(floor: Floor, planner: PlannerProcess, rules: RuleSet) -> None:
    floor.rules.swap(replace(rules, planning=replace(rules.planning, budget_s=2.0)), NOW)
    assert plan_cycle(floor, planner) is floor.plans.current
    again = plan_cycle(floor, planner)
    assert again.kept is not None  # the second began where the first, which lies in the store, had come to


def test_a_process_that_ends_over_a_plan_is_told_of_and_replaced(
    planner: PlannerProcess, rules: RuleSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    planner.plan(rules, 0)
    (child,) = multiprocessing.active_children()
    threading.Timer(0.5, child.kill).start()
    with pytest.raises(SolverError, match="exit code -9"):
        planner.plan(rules, _AGES_S)
    assert planner.plan(rules, 0)[0].result.verdict.feasible


def test_a_database_that_is_away_is_told_as_such_until_it_is_back(
    floor: Floor, planner: PlannerProcess, rules: RuleSet
) -> None:
    path, away = floor.store.path, floor.settings.state_dir / "away"
    assert path is not None
    path.rename(away)
    for _ in range(2):
        with pytest.raises(StoreError):
            planner.plan(rules, 0)
    away.rename(path)
    assert planner.plan(rules, 0)[0].result.verdict.feasible


def test_where_no_process_can_be_started_the_plan_is_made_here_without_a_search(
    planner: PlannerProcess, rules: RuleSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> object:
        raise BlockingIOError("no more processes")

    monkeypatch.setattr(planner_process, "_started", refused)
    made = planner.plan(rules, _AGES_S)[0]
    assert made.result.verdict.feasible
    assert made.result.plan.status is PlanStatus.FALLBACK
    assert planner.orders(rules)


def test_a_search_that_is_told_to_hurry_ends_with_what_it_has(planner: PlannerProcess, rules: RuleSet) -> None:
    planner.plan(rules, 0)
    hurry = threading.Timer(1.0, planner.hurry)
    hurry.start()
    assert planner.plan(rules, _AGES_S)[0].result.verdict.feasible  # it would have searched for an hour
    hurry.join()
    assert planner.plan(rules, 0)[0].result.verdict.feasible


def test_a_planner_that_is_closed_over_a_plan_says_so_and_never_comes_back(floor: Floor, rules: RuleSet) -> None:
    planner = PlannerProcess(floor)
    planner.plan(rules, 0)
    closing = threading.Timer(0.5, planner.close)
    closing.start()
    with pytest.raises(SolverError):
        planner.plan(rules, _AGES_S)
    closing.join()
    with pytest.raises(SolverError, match="told to end"):
        planner.plan(rules, 0)
    assert multiprocessing.active_children() == []


_ASKS = """
import multiprocessing, pickle, sys
from batcher.services.planner_process import PlannerProcess
class Stand:  # what of a floor the process is started from
    def __init__(self, settings, clock): self.settings, self.clock = settings, clock
if __name__ == "__main__":
    settings, clock, rules = pickle.load(open(sys.argv[1], "rb"))
    planner = PlannerProcess(Stand(settings, clock))
    planner.plan(rules, 0)
    print(multiprocessing.active_children()[0].pid, flush=True)
    planner.plan(rules, 3600)
"""


def test_the_process_ends_when_whoever_asked_it_is_killed(floor: Floor, rules: RuleSet, tmp_path: Path) -> None:
    script, given = tmp_path / "asks.py", tmp_path / "given"
    script.write_text(_ASKS)
    assert isinstance(floor.clock, Clock)
    given.write_bytes(pickle.dumps((floor.settings, floor.clock, rules)))
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    with subprocess.Popen(
        [sys.executable, str(script), str(given)], stdout=subprocess.PIPE, text=True, env=env
    ) as asks:
        assert asks.stdout is not None
        child = int(asks.stdout.readline())
        threading.Event().wait(0.5)  # the search is on
        asks.send_signal(signal.SIGKILL)
    wait_for(lambda: not _lives(child), 30)


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_refusal_says_the_same_on_the_other_side() -> None:
    told = PlanRejectedError(("a batch begins too early", "another too"))
    again = pickle.loads(pickle.dumps(told))
    assert (again.violations, str(again)) == (told.violations, "a batch begins too early; another too")
