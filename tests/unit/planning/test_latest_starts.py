"""Hand-computed right shifts; times in seconds, one station unless said otherwise."""

from batcher.planning.latest_starts import latest_begins
from batcher.planning.plan import Batch, Plan
from batcher.planning.problem import Changeovers, Family, Job, Link, Mode, Order, Problem, Station

HORIZON = 100_000


def problem(
    jobs: list[Job], dues: dict[str, int], stations: list[Station] | None = None, changeover: int = 0
) -> Problem:
    stations = stations or [station("s1")]
    return Problem(
        name="t",
        horizon=HORIZON,
        stations=tuple(stations),
        changeovers=Changeovers(("a", "b"), ((0, changeover), (changeover, 0)), ((0, 0), (0, 0))),
        families=tuple(
            Family(name, state, tuple(Mode(s.id, 100, 0, capacity=9) for s in stations))
            for name, state in (("fa", "a"), ("fb", "b"))
        ),
        orders=tuple(Order(oid, due, 100, 10) for oid, due in dues.items()),
        jobs=tuple(jobs),
    )


def station(sid: str, attended: tuple[tuple[int, int], ...] | None = None) -> Station:
    return Station(sid, ((0, HORIZON),), "a", 0, 0, attended=attended)


def batch(bid: str, jobs: list[str], start: int = 0, family: str = "fa", sid: str = "s1") -> Batch:
    return Batch(bid, sid, family, start, start + 100, tuple(jobs))


def test_a_lone_batch_may_wait_until_its_due_less_its_run_and_the_slack_floor() -> None:
    found = latest_begins(problem([Job("j", "o", "fa")], {"o": 1000}), Plan((batch("b", ["j"]),)), {"j": 50})
    assert found == {"b": 1000 - 50 - 100}


def test_two_batches_due_together_are_packed_one_before_the_other() -> None:
    jobs = [Job("j1", "o", "fa"), Job("j2", "o", "fa")]
    plan = Plan((batch("b1", ["j1"]), batch("b2", ["j2"], 100)))
    assert latest_begins(problem(jobs, {"o": 1000}), plan, {}) == {"b2": 900, "b1": 800}


def test_a_batch_planned_first_but_due_last_does_not_hurry_the_other() -> None:
    jobs = [Job("j1", "late", "fa"), Job("j2", "soon", "fa")]
    plan = Plan((batch("b1", ["j1"]), batch("b2", ["j2"], 100)))
    assert latest_begins(problem(jobs, {"late": 5000, "soon": 1000}), plan, {}) == {"b1": 4900, "b2": 900}


def test_the_longest_changeover_into_a_state_is_kept_free() -> None:
    plan = Plan((batch("b", ["j"], family="fb"),))
    found = latest_begins(problem([Job("j", "o", "fb")], {"o": 1000}, changeover=60), plan, {})
    assert found == {"b": 1000 - 100 - 60}


def test_a_step_must_leave_time_for_its_rest_and_the_step_after_it() -> None:
    jobs = [Job("print", "o", "fa"), Job("press", "o", "fa", after=(Link("print", 300),))]
    stations = [station("s1"), station("s2")]
    plan = Plan((batch("b1", ["print"]), batch("b2", ["press"], 400, sid="s2")))
    found = latest_begins(problem(jobs, {"o": 2000}, stations), plan, {})
    assert found == {"b2": 1900, "b1": 1900 - 300 - 100}


def test_a_batch_is_due_before_the_operator_leaves() -> None:
    shift = station("s1", attended=((0, 500), (50_000, 60_000)))
    plan = Plan((batch("b", ["j"]),))
    found = latest_begins(problem([Job("j", "o", "fa")], {"o": 40_000}, [shift]), plan, {})
    assert found == {"b": 499}  # an interval's end is not in it


def test_a_batch_that_can_no_longer_be_in_time_is_due_at_once() -> None:
    found = latest_begins(problem([Job("j", "o", "fa")], {"o": 0}), Plan((batch("b", ["j"]),)), {})
    assert found["b"] < 0


def test_batches_that_share_a_visit_lie_side_by_side_and_pay_for_one_changeover() -> None:
    jobs = [Job("a", "soon", "fa"), Job("b", "soon", "fb"), Job("c", "later", "fb")]
    plan = Plan((batch("a", ["a"]), batch("b", ["b"], 200, "fb"), batch("c", ["c"], 400, "fb")))
    floor = problem(jobs, {"soon": 10_000, "later": 50_000}, changeover=60)
    apart = latest_begins(floor, plan, {})
    assert apart == {"c": 50_000 - 160, "a": 10_000 - 160, "b": 10_000 - 320}
    together = latest_begins(floor, plan, {}, {"soon": 0, "later": 0})
    assert together == {"a": 10_000 - 160, "c": 10_000 - 260, "b": 10_000 - 420}


def test_a_batch_that_others_may_still_join_shares_no_visit() -> None:
    jobs = [Job("b", "soon", "fb"), Job("c", "later", "fb")]
    plan = Plan((batch("b", ["b"], 0, "fb"), batch("c", ["c"], 200, "fb")))
    floor = problem(jobs, {"soon": 10_000, "later": 50_000}, changeover=60)
    assert latest_begins(floor, plan, {}, {"soon": 0, "later": 20_000})["c"] == 50_000 - 160
