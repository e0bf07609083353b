import re
from collections.abc import Iterator
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from batcher.planning.conversion import to_plan
from batcher.planning.draw import WHOLE, pictures
from batcher.planning.draw_svg import paints
from batcher.planning.draw_view import clock, view
from batcher.planning.greedy import greedy
from batcher.planning.index import index
from batcher.planning.loads import Loader
from batcher.planning.plan import Batch, Placement, Plan
from batcher.planning.problem import Link, Mode, Problem, SheetSize
from batcher.planning.verify import judge
from tests.builders_planning import job, sheets, two_ovens
from tests.strategies_planning import problems

SVG = "{http://www.w3.org/2000/svg}"
NASTY = """<b a="1" c='2'>&amp; "quoted" ]]></b>"""

few = settings(max_examples=25, deadline=None)

Box = tuple[float, float, float, float]


def planned(problem: Problem) -> Plan:
    instance = index(problem)
    return to_plan(greedy(instance, Loader(instance), budget_s=0))


def drawn(problem: Problem, plan: Plan) -> dict[str, ElementTree.Element]:
    """Return every picture, parsed."""
    verdict = judge(problem, plan)
    assert verdict.feasible, verdict.violations
    return {name: ElementTree.fromstring(picture) for name, picture in pictures(problem, plan, verdict)}


def boxes(root: ElementTree.Element, class_: str) -> list[Box]:
    """Return left, top, width and height of every rectangle of a class."""
    return [
        (float(at["x"]), float(at["y"]), float(at["width"]), float(at["height"]))
        for at in (rect.attrib for rect in root.iter(f"{SVG}rect"))
        if at.get("class") == class_ and "x" in at
    ]


def said(root: ElementTree.Element) -> set[str]:
    return {found.text or "" for found in root.iter(f"{SVG}text")}


def tips(root: ElementTree.Element) -> Iterator[str]:
    return (found.text or "" for found in root.iter(f"{SVG}title"))


def figure(root: ElementTree.Element) -> ElementTree.Element:
    """Return the sheet or bed of the picture of a batch, without the legend beside it."""
    return next(group for group in root.iter(f"{SVG}g") if "translate(24" in group.get("transform", ""))


@given(problem=problems(most_jobs=8))
@few
def test_a_plan_has_a_picture_of_the_whole_and_one_of_each_batch_with_every_piece_once_inside_its_sheet(
    problem: Problem,
) -> None:
    plan = planned(problem)
    sizes = {(family.id, mode.station): mode.sheet for family in problem.families for mode in family.modes}
    found = drawn(problem, plan)
    assert len(found) == 1 + len(plan.batches)
    assert {link.get("href") for link in found[WHOLE].iter(f"{SVG}a")} == set(found) - {WHOLE}
    for batch in plan.batches:
        size = sizes[batch.family, batch.station]
        if size is not None:
            _check_sheet(problem, batch, size, figure(found[f"batch-{batch.id}.svg"]))


def _check_sheet(problem: Problem, batch: Batch, size: SheetSize, root: ElementTree.Element) -> None:
    (left, top, width, height), *others = boxes(root, "sheet")
    assert not others
    scale = width / size.width
    expected = []
    for piece in problem.jobs:
        if piece.id in batch.jobs:
            at = batch.placements[piece.id]
            wide, high = (piece.height, piece.width) if at.rotated else (piece.width, piece.height)
            expected.append((at.x, size.height - at.y - high, wide, high))
    found = boxes(root, "piece")
    for x, y, across, up in found:
        assert x >= left - 0.02 and y >= top - 0.02  # noqa: PT018 - one corner
        assert x + across <= left + width + 0.02 and y + up <= top + height + 0.02  # noqa: PT018 - one corner
    there = [((x - left) / scale, (y - top) / scale, across / scale, up / scale) for x, y, across, up in found]
    for one, other in zip(sorted(there), sorted(expected), strict=True):
        assert one == pytest.approx(other, abs=0.05)


def test_a_bed_shows_its_slots_used_and_unused() -> None:
    pieces = [job(0, size=3), job(1, size=2), job(2, size=0)]
    problem = two_ovens(pieces)
    problem = replace(problem, families=(replace(problem.families[0], modes=(Mode("oven-1", 1200, 40, 8),)),))
    found = drawn(problem, planned(problem))
    root = figure(found["batch-b1.svg"])
    slots, used = boxes(root, "slot"), boxes(root, "piece")
    assert len(slots) == 8
    side = slots[0][2]
    assert sum(width / side for _, _, width, _ in used) == pytest.approx(5)
    assert "5 of 8 slots used, 62.5%" in said(found["batch-b1.svg"])


def test_a_capacity_of_thousands_is_drawn_without_a_border_for_every_slot() -> None:
    problem = two_ovens([job(0, size=2_500)])
    problem = replace(problem, families=(replace(problem.families[0], modes=(Mode("oven-1", 1200, 40, 20_000),)),))
    root = figure(drawn(problem, planned(problem))["batch-b1.svg"])
    assert not boxes(root, "slot")
    assert len(list(root.iter())) < 400


def test_names_are_shown_as_they_are_whatever_is_in_them() -> None:
    problem = replace(sheets(1), name=NASTY, orders=(replace(sheets(1).orders[0], id=NASTY, due=-1),))
    problem = replace(problem, jobs=(replace(problem.jobs[0], id=NASTY, order=NASTY, kind=NASTY),))
    plan = planned(problem)
    plan = replace(plan, batches=(replace(plan.batches[0], id=NASTY),))
    found = drawn(problem, plan)
    assert f"Plan of {NASTY}" in said(found.pop(WHOLE))
    (batch,) = found.values()
    assert {f"Batch {NASTY}", NASTY} <= said(batch)
    assert f"1: {NASTY} of order {NASTY}" in "\n".join(tips(batch))


@given(name=st.text())
@few
def test_no_name_breaks_a_picture(name: str) -> None:
    problem = replace(sheets(1), name=name, jobs=(replace(sheets(1).jobs[0], id=name),))
    drawn(problem, planned(problem))


@given(names=st.lists(st.text(max_size=12), unique=True, max_size=8))
@few
@example(names=["b", "B", "b-2", "../b", "..\\b", ""])
def test_files_have_names_that_are_safe_and_never_the_same(names: list[str]) -> None:
    corner = Placement(0, 0, rotated=False)
    batches = [
        Batch(name, "film", "print", 600 * k, 600 * k + 600, (f"j{k}",), {f"j{k}": corner})
        for k, name in enumerate(names)
    ]
    files = set(drawn(sheets(len(names)), Plan(tuple(batches))))
    assert len({file.lower() for file in files}) == 1 + len(names)
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+", file) for file in files)


def test_late_orders_are_marked_and_listed_with_what_they_cost() -> None:
    problem = two_ovens()
    problem = replace(problem, orders=tuple(replace(order, due=100) for order in problem.orders))
    plan = planned(problem)
    assert judge(problem, plan).late_orders == 6
    found = drawn(problem, plan)
    assert "too late for" in "\n".join(tips(found[WHOLE]))
    listed = {entry.order.id for entry in view(problem, plan).late}
    assert listed == {f"o{k}" for k in range(6)}
    assert listed <= said(found[WHOLE])
    assert sum(entry.cost for entry in view(problem, plan).late) == pytest.approx(
        judge(problem, plan).breakdown["lateness"]
    )


@given(problem=problems(most_jobs=8))
@few
def test_what_pictures_say_is_what_the_judge_says(problem: Problem) -> None:
    free = tuple((0,) * len(row) for row in problem.changeovers.cost)
    problem = replace(problem, changeovers=replace(problem.changeovers, cost=free))
    plan = planned(problem)
    verdict, seen = judge(problem, plan), view(problem, plan)
    assert len(seen.late) == verdict.late_orders
    assert sum(entry.cost for entry in seen.late) == pytest.approx(verdict.breakdown["lateness"])
    rates = {station.id: station.changeover_cost_per_hour for station in problem.stations}
    money = sum(rates[run.batch.station] * run.changeover_s for run in seen.runs) / 3600
    assert money == pytest.approx(verdict.breakdown["changeovers"])


def test_a_job_that_is_not_planned_is_told() -> None:
    problem = sheets(2)
    problem = replace(problem, jobs=(problem.jobs[0], replace(problem.jobs[1], width=9_000)))
    found = drawn(problem, planned(problem))
    assert "Unplanned: j1" in said(found[WHOLE])
    assert "unplanned" in said(found[WHOLE])


def test_a_plan_of_nothing_is_a_picture_too() -> None:
    assert set(drawn(two_ovens([]), Plan(()))) == {WHOLE}


def test_time_in_which_nothing_runs_is_left_out() -> None:
    far = job(1, release=20_000 + 3600 * 40)
    problem = two_ovens([job(0), far])
    long = replace(problem.stations[0], windows=((0, 3600 * 400),))
    problem = replace(problem, horizon=3600 * 400, stations=(long, problem.stations[1]))
    heads = [line for line in said(drawn(problem, planned(problem))[WHOLE]) if line.startswith("from ")]
    assert len(heads) == 2


def test_a_changeover_is_drawn_before_its_batch() -> None:
    problem = two_ovens([job(0, family="tin", stations=frozenset({"oven-1"}))])
    found = drawn(problem, planned(problem))[WHOLE]
    bars = next(found.iter(f"{SVG}a"))
    (change,), (bar,) = boxes(bars, "change"), boxes(bars, "batch")
    assert change[0] + change[2] == pytest.approx(bar[0], abs=0.02)
    assert change[2] / bar[2] == pytest.approx(1800 / 2400, abs=0.01)


def test_a_chain_of_jobs_runs_on_the_stations_it_needs_in_one_picture() -> None:
    problem = two_ovens([job(0), job(1, family="tin", after=(Link("j0", 60),))])
    assert {"oven-1", "oven-2"} <= said(drawn(problem, planned(problem))[WHOLE])


def test_thirty_two_paints_differ_in_colour_or_texture() -> None:
    found = paints(f"state {k}" for k in range(32))
    assert len({(paint.fill, paint.pattern) for paint in found.values()}) == 32


@pytest.mark.parametrize(
    ("seconds", "told"), [(0, "0:00"), (3_660, "1:01"), (90_061, "25:01:01"), (-60, "-0:01"), (-3_599, "-0:59:59")]
)
def test_times_are_hours_and_minutes_since_planning(seconds: int, told: str) -> None:
    assert clock(seconds) == told
