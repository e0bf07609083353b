"""
From a planning problem to a verified plan within a budget, whatever befalls the solver.

The greedy plan comes first and stands in this process; improvement runs in child processes whose answers are judged
by independent code before they count. A child that crashes, hangs, runs out of memory or answers wrongly costs the
improvement, never the plan.
"""

import time
from collections.abc import Callable
from dataclasses import replace
from multiprocessing.connection import Connection

from batcher.planning import bounds_over_time, cpsat
from batcher.planning.board import Board, Progress
from batcher.planning.bounds import lower_bound
from batcher.planning.children import search
from batcher.planning.conversion import from_plan, to_plan
from batcher.planning.greedy import greedy
from batcher.planning.index import Instance, index
from batcher.planning.loads import Loader
from batcher.planning.parts import Part, cut, put_together
from batcher.planning.plan import Plan, PlanResult
from batcher.planning.problem import Problem
from batcher.planning.worker import Task

#: Less than this is not worth starting a child for.
LEAST_SEARCH_S = 0.5
#: With less than this for a search no child looks for a better bound meanwhile.
LEAST_BOUND_S = 5.0
#: From this many units on, the bound takes long enough to be worked out while children search.
MANY = 2000
#: From this many on, moves are so few for each unit that each child does better on a part of the floor; with time for
#: more, what parts have agreed on costs more than it saves (at 2,000 units and 60 s an eighth, at 5,000 a fiftieth).
PARTS_FROM = 10_000
#: The share of the budget that dispatch rules may take, of which the first is always heard to its end.
_GREEDY_SHARE = 0.05
#: A child stops this much early, so that its last answer arrives within the budget.
_HANDOVER_S = 0.1
#: The budget of a search that counts moves: as good as endless, and not too long for a timer.
_AGES_S = 10 * 86_400.0


def solve(
    problem: Problem,
    *,
    budget_s: float,
    workers: int = 2,
    seed: int = 0,
    start: Plan | None = None,
    memory_mb: int = 4096,
    moves: int | None = None,
    stop: Connection | None = None,
    on_progress: Progress | None = None,
) -> PlanResult:
    """
    Return the cheapest verified plan found within the budget.

    Parameters
    ----------
    problem
        As `documents.read_problem` returns it.
    budget_s
        Wall seconds; the greedy plan is returned even when they are too few for it.
    workers
        Child processes that search at the same time.
    seed
        Of every random choice.
    start
        A plan to improve on; one that breaks a rule is ignored. Of plans that cost the same, that which keeps most of
        its batches is returned.
    memory_mb
        Address space of each child.
    moves
        Of local search in each child, to stop after in place of the budget, however long they take: with one worker the
        same plan every time on one machine.
    stop
        A pipe that can be read from once the search shall end, whatever is left of its budget.
    on_progress
        Told of every better plan.

    Returns
    -------
    PlanResult
        Verified; its status is `fallback`, with a note, when no child gave a usable answer.
    """
    began = time.monotonic()
    budget_s = budget_s if moves is None else _AGES_S
    instance = index(problem)
    board = Board(problem, sum(len(unit.jobs) for unit in instance.units if not unit.modes), on_progress)
    loader = Loader(instance)
    stopped = stop.poll if stop is not None else lambda: False
    first = greedy(
        instance,
        loader,
        budget_s=_GREEDY_SHARE * budget_s,
        enough=stopped,
        on_better=lambda schedule: board.offer(to_plan(schedule)),
    )
    board.offer(to_plan(first))
    greedy_cost = board.verdict.cost
    if start is not None:
        board.last = start.batches
        board.offer(start)

    def bound() -> None:
        board.raise_bound(lower_bound(instance))

    many = len(instance.units) >= MANY
    if not many:
        bound()
    note = ""
    if not board.proven:
        deadline = began + budget_s - _HANDOVER_S - 0.2 * (time.monotonic() - began)
        task = Task(problem, board.plan, deadline, workers, seed, memory_mb, exact=True, moves=moves)
        parts = cut(problem, board.plan, workers) if len(instance.units) >= PARTS_FROM else []
        if deadline - time.monotonic() < LEAST_SEARCH_S:
            note = "no time was left to improve the greedy plan"
        elif len(parts) > 1:
            note = _search_parts(_Whole(board, instance, loader, parts), task, stop, bound)
        else:
            note = _search_whole(board, instance, task, stop, bound if many else None)
    return board.result(time.monotonic() - began, greedy_cost, note)


def _search_whole(
    board: Board, instance: Instance, task: Task, stop: Connection | None, meanwhile: Callable[[], None] | None
) -> str:
    """Have all children search the whole problem; return why there was no usable answer, if so."""
    tasks = [
        replace(task, seed=task.seed + number, exact=task.exact and not number)
        for number in range(max(1, task.workers))
    ]
    if _may_be_bounded_over_time(instance) and task.moves is None and task.deadline - time.monotonic() > LEAST_BOUND_S:
        tasks.append(replace(task, exact=False, bounds=True))
    return search([(board, each) for each in tasks], deadline=task.deadline, stop=stop, meanwhile=meanwhile)


def _may_be_bounded_over_time(instance: Instance) -> bool:
    return cpsat.MOST_UNITS < len(instance.units) <= bounds_over_time.MOST_UNITS


def _search_parts(whole: "_Whole", task: Task, stop: Connection | None, meanwhile: Callable[[], None]) -> str:
    """Have each child search a part of the problem; return why there was no usable answer, if so."""
    tasks = [
        (board, replace(task, problem=board.problem, plan=board.plan, workers=1, seed=task.seed + number, exact=False))
        for number, board in enumerate(whole.boards)
    ]
    note = search(tasks, deadline=task.deadline, stop=stop, meanwhile=meanwhile)
    whole.put_together()
    return note


class _Whole:
    """The board of a problem, and those of its parts, whose plans are put together now and then."""

    def __init__(self, board: Board, instance: Instance, loader: Loader, parts: list[Part]) -> None:
        self.board, self.instance, self.loader = board, instance, loader
        self.boards = [Board(part.problem, 0, None) for part in parts]
        for place, part in zip(self.boards, parts, strict=True):
            place.offer(part.plan)
            place.on_progress = lambda *_: self.hear()
        self.next = 0.0

    def hear(self) -> None:
        """Put the plans together, unless that would take more than a tenth of the time."""
        began = time.monotonic()
        if began >= self.next:
            self.put_together()
            self.next = time.monotonic() + 10 * (time.monotonic() - began)

    def put_together(self) -> None:
        """Offer the whole what its parts have come to, each batch as early as it goes."""
        plan = put_together(self.board.problem, [place.plan for place in self.boards])
        schedule = from_plan(self.instance, self.loader, plan)
        self.board.offer(plan if schedule is None else to_plan(schedule))
