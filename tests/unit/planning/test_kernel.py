import time
from collections.abc import Callable
from pathlib import Path

import numba
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from batcher.planning import kernel_layout
from batcher.planning import kernel_tables as t
from batcher.planning.conversion import Bundle, scheduled, to_plan
from batcher.planning.documents import load_json, read_problem
from batcher.planning.greedy import greedy
from batcher.planning.index import index
from batcher.planning.kernel_anneal import Cooling, search
from batcher.planning.kernel_ready import Kernel, compiled, ready
from batcher.planning.kernel_state import bundles_of, memory_of, rows_of, supported
from batcher.planning.layout import Packer, Shape
from batcher.planning.loads import Loader
from batcher.planning.problem import Problem, SheetSize
from batcher.planning.verify import judge
from tests.builders_planning import job, shared, sheets, two_ovens
from tests.strategies_planning import problems

pytestmark = pytest.mark.timeout(600)  # where no cache is filled yet, compiling takes most of a minute

EVERY_KIND_ALIKE = np.arange(1, 11, dtype=np.int64) * 1_000_000 // 10 + 1
SEEDS = st.integers(0, 99)
many = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Kernel:
    return ready() or compiled(tmp_path_factory.mktemp("kernel"))


def bundles(loader: Loader) -> list[list[Bundle]]:
    schedule = greedy(loader.instance, loader, budget_s=0)
    return [[(run.mode, run.load) for run in sequence] for sequence in schedule.sequences]


def cost_of(loader: Loader, sequences: list[list[Bundle]]) -> tuple[int, int]:
    """Return what a plan costs by the judge (times 3600), and how many jobs it leaves out; it keeps every rule."""
    schedule = scheduled(loader.instance, loader, sequences)
    assert schedule is not None
    verdict = judge(loader.instance.problem, to_plan(schedule))
    assert verdict.feasible, verdict.violations
    return round(3600 * verdict.cost), verdict.unplanned


@given(problem=problems(without=["large"]), seed=SEEDS, temperature=st.sampled_from((1.0, 1e6, 1e12)))
@many
def test_wherever_it_wanders_the_schedule_keeps_every_rule_and_costs_what_it_says(
    kernel: Kernel, problem: Problem, seed: int, temperature: float
) -> None:
    loader = Loader(index(problem))
    start = bundles(loader)
    rows, held = rows_of(start)
    if not held.size:
        return
    memory = memory_of(loader.instance, held.tolist(), seed)
    assert kernel.build(memory, rows, held)
    for _ in range(6):
        kernel.run(memory, EVERY_KIND_ALIKE, 200, temperature, 1000)
        memory[t.BEST_COST] = memory[t.COST] + 1  # so that it remembers where it stands
        kernel.run(memory, EVERY_KIND_ALIKE, 0, temperature, 1000)
        assert cost_of(loader, bundles_of(memory, loader)) == (memory[t.COST], cost_of(loader, start)[1])


@given(problem=problems(without=["large"]), seed=SEEDS)
@many
def test_a_search_never_answers_with_a_plan_that_costs_more(kernel: Kernel, problem: Problem, seed: int) -> None:
    loader = Loader(index(problem))
    start = bundles(loader)
    found = search(loader.instance, start, kernel, deadline=0, seed=seed, max_moves=2000)
    assert cost_of(loader, found)[0] <= cost_of(loader, start)[0]


def test_a_seed_and_a_number_of_moves_give_the_same_plan_every_time(kernel: Kernel) -> None:
    loader = Loader(index(two_ovens()))
    once, again = (
        search(loader.instance, bundles(loader), kernel, deadline=0, seed=3, max_moves=5000) for _ in range(2)
    )
    assert [[load.units for _, load in sequence] for sequence in once] == [
        [load.units for _, load in sequence] for sequence in again
    ]


def of_many() -> Loader:
    return Loader(index(two_ovens([job(k, family="mug" if k % 3 else "tin", release=99 * k) for k in range(60)])))


def test_better_sequences_are_told_as_they_are_found(kernel: Kernel) -> None:
    loader = of_many()
    start, told = bundles(loader), list[list[list[Bundle]]]()
    found = search(
        loader.instance, start, kernel, deadline=time.monotonic() + 2, seed=1, on_better=told.append, ask=told.append
    )
    costs = [cost_of(loader, sequences)[0] for sequences in (start, *told, found)]
    assert len(told) >= 2
    assert costs == sorted(costs, reverse=True)
    assert costs[-1] < costs[0]


def test_a_search_goes_on_from_better_sequences_that_others_have_found(kernel: Kernel) -> None:
    loader = of_many()
    theirs = search(loader.instance, bundles(loader), kernel, deadline=0, seed=1, max_moves=600_000)
    asked: list[int] = []

    def ask(ours: list[list[Bundle]]) -> list[list[Bundle]]:
        asked.append(cost_of(loader, ours)[0])
        return theirs

    coolings = (Cooling(0.0001), Cooling(0.9999, 1e-6))
    found = search(
        loader.instance, bundles(loader), kernel, deadline=0, seed=2, max_moves=250_000, coolings=coolings, ask=ask
    )
    assert cost_of(loader, found)[0] <= cost_of(loader, theirs)[0] < asked[0]


def test_sequences_with_no_batch_come_back_as_they_are(kernel: Kernel) -> None:
    loader = Loader(index(sheets(0)))
    assert search(loader.instance, [[]], kernel, deadline=0, seed=1, max_moves=10) == [[]]


def test_numbers_too_large_for_a_word_are_not_supported() -> None:
    assert supported(index(two_ovens()))
    assert not supported(index(two_ovens(late=1 << 60)))


@pytest.fixture(scope="module")
def packs() -> Callable[[t.Ints, int, int], bool]:
    """Return the packer, which only compiled code can call, with a door for others."""

    def door(memory: t.Ints, count: int, sheet: int) -> bool:
        return kernel_layout.pack(memory, count, sheet)

    return numba.njit()(door)


@given(
    boxes=st.lists(st.tuples(st.integers(5, 60), st.integers(5, 60), st.booleans()), min_size=1, max_size=14),
    size=st.builds(SheetSize, st.integers(60, 130), st.integers(60, 130), st.integers(0, 3)),
)
@many
def test_a_sheet_takes_what_the_packer_lays_on_it_and_nothing_else(
    packs: Callable[[t.Ints, int, int], bool], boxes: list[tuple[int, int, bool]], size: SheetSize
) -> None:
    problem = sheets(len(boxes))
    family = problem.families[0]
    outlines = tuple(
        job(k, family="print", width=width, height=height, rotate=rotate)
        for k, (width, height, rotate) in enumerate(boxes)
    )
    mode = family.modes[0].__class__("film", 600, 450, sheet=size)
    instance = index(
        Problem(
            "sheet",
            problem.horizon,
            problem.stations,
            problem.changeovers,
            (family.__class__("print", "film", (mode,)),),
            problem.orders,
            outlines,
        )
    )
    memory = memory_of(instance, [], 1)
    shapes: list[Shape] = []
    for place, unit in enumerate(instance.units):
        row = int(memory[t.UNIT]) + t.UNIT_COLUMNS * place
        shape = int(memory[int(memory[t.LISTS]) + int(memory[row + t.SHAPES])])
        memory[int(memory[t.PACKING]) + place] = shape
        at = int(memory[t.SHAPE]) + t.SHAPE_COLUMNS * shape
        shapes.append(Shape(*memory[at : at + 3].tolist()))
        assert len(unit.rectangles) == 1
    packer = Packer(size)
    area = sum((shape.long + size.gap) * (shape.short + size.gap) for shape in shapes)
    if area <= packer.area:
        assert packs(memory, len(shapes), 0) == (packer.pack(tuple(sorted(shapes))) is not None)


def _files() -> list[str]:
    names = ["problems/floor-00012.json", "problems/floor-00080-mixing.json", "problems/floor-00300.json"]
    names += ["problems/floor-02000.json.gz", "benchmarks/chiang/chiang-001.json.gz"]
    return names + [f"benchmarks/osp/osp-uc{case}-{number}.json.gz" for case, number in ((2, "061"), (3, "091"))]


@pytest.mark.parametrize("name", _files())
def test_plans_of_shared_problems_keep_every_rule(kernel: Kernel, name: str) -> None:
    problem = read_problem(load_json(Path(shared(*name.split("/")))))
    loader = Loader(index(problem))
    start = bundles(loader)
    found = search(loader.instance, start, kernel, deadline=0, seed=1, max_moves=20_000)
    assert cost_of(loader, found) <= cost_of(loader, start)
