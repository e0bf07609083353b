"""
From a planning problem to a verified plan within a budget, whatever befalls the solver.

The greedy plan comes first and stands in this process; improvement runs in child processes whose answers are judged
by independent code before they count. A child that crashes, hangs, runs out of memory or answers wrongly costs the
improvement, never the plan.
"""

import multiprocessing
import pickle
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkServerContext

from batcher.planning import cpsat, worker
from batcher.planning.bounds import lower_bound
from batcher.planning.conversion import to_plan
from batcher.planning.greedy import greedy
from batcher.planning.index import index
from batcher.planning.loads import Loader
from batcher.planning.plan import Batch, Plan, PlanResult, PlanStatus, Verdict
from batcher.planning.problem import Problem
from batcher.planning.stability import batches_kept
from batcher.planning.verify import judge

#: How long past the budget a child may live before it is killed.
GRACE_S = 5.0
#: Less than this is not worth starting a child for.
LEAST_SEARCH_S = 0.5
#: Plans whose costs differ by less than this, one minor unit, cost the same.
SAME_COST = 1.0
#: With less than this for a search no child looks for a better bound meanwhile.
LEAST_BOUND_S = 5.0
#: From this many units on, the bound takes long enough to be worked out while children search.
MANY = 2000
#: Costs, which are whole numbers of 1/3600 of a minor unit, that differ by less than this are the same.
_A_HAIR = 1 / 3600
#: A child stops this much early, so that its last answer arrives within the budget.
_HANDOVER_S = 0.1
#: The budget of a search that counts moves: as good as endless, and not too long for a timer.
_AGES_S = 10 * 86_400.0

#: Told of every better plan: its verdict, and the bound proven so far.
Progress = Callable[[Verdict, float], None]


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
    board = _Board(problem, sum(len(unit.jobs) for unit in instance.units if not unit.modes), on_progress)
    loader = Loader(instance)
    stopped = stop.poll if stop is not None else lambda: False
    first = greedy(
        instance,
        loader,
        budget_s=budget_s * 0.1,
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

    at_once = len(instance.units) < MANY
    if at_once:
        bound()
    note = ""
    if not board.proven:
        deadline = began + budget_s - _HANDOVER_S - 0.2 * (time.monotonic() - began)
        if deadline - time.monotonic() < LEAST_SEARCH_S:
            note = "no time was left to improve the greedy plan"
        else:
            tasks = [
                worker.Task(
                    problem, board.plan, deadline, workers, seed + number, memory_mb, exact=number == 0, moves=moves
                )
                for number in range(max(1, workers))
            ]
            if moves is None and len(instance.units) > cpsat.MOST_UNITS and deadline - time.monotonic() > LEAST_BOUND_S:
                tasks.append(replace(tasks[0], exact=False, bounds=True))
            note = _search(board, tasks, deadline, stop, meanwhile=None if at_once else bound)
    return board.result(time.monotonic() - began, greedy_cost, note)


class _Board:
    """
    The best verified plan, and what is proven so far: `bound` of the cost of every plan, `least` of the cost of those
    that leave out as few jobs as can be, `fewest` of how many those are.
    """

    def __init__(self, problem: Problem, fewest: int, on_progress: Progress | None) -> None:
        self.problem, self.on_progress = problem, on_progress
        self.plan = Plan((), tuple(job.id for job in problem.jobs))
        self.verdict = judge(problem, self.plan)
        self.bound, self.least, self.fewest = 0.0, 0.0, fewest
        self.proving = True  #: a child may still prove something
        self.last: tuple[Batch, ...] = ()  #: of the plan to stay near to
        self.usable = 0  #: feasible answers of children

    @property
    def proven(self) -> bool:
        """Tell whether no plan leaves out fewer jobs, and none that leaves out as few costs less."""
        met = any(abs(self.verdict.cost - proven) < _A_HAIR for proven in (self.bound, self.least))
        return met and self.verdict.unplanned <= self.fewest

    @property
    def settled(self) -> bool:
        """Tell whether there is nothing to wait for, not even for a bound that counts plans which leave out more."""
        return self.proven and (not self.proving or self.verdict.cost - self.bound < _A_HAIR)

    def raise_bound(self, bound: float) -> None:
        """Take a better bound, unless a plan we hold proves it wrong: solvers have been seen to err."""
        if bound <= self.verdict.cost + _A_HAIR:
            self.bound = max(self.bound, bound)

    def raise_least(self, least: float) -> None:
        """Take a better bound on plans that leave out as few as can be: the plan we hold may still leave out more."""
        self.least = max(self.least, least)

    def raise_fewest(self, fewest: int) -> None:
        """Take it as proven that every plan leaves out so many jobs, unless the plan we hold leaves out fewer."""
        if fewest <= self.verdict.unplanned:
            self.fewest = max(self.fewest, fewest)

    def offer(self, plan: Plan, *, of_child: bool = False) -> bool:
        """Take a plan if it keeps every rule and beats the best."""
        verdict = judge(self.problem, plan)
        if not verdict.feasible:
            return False
        self.usable += of_child
        if self._beats(plan, verdict):
            self.plan, self.verdict = plan, verdict
            if self.on_progress is not None:
                self.on_progress(verdict, self.bound)
        return True

    def _beats(self, plan: Plan, verdict: Verdict) -> bool:
        """Tell whether a plan is better: fewer unplanned jobs, then less cost, then more of the last plan's batches."""
        best = self.verdict
        if verdict.unplanned == best.unplanned and abs(verdict.cost - best.cost) < SAME_COST and self.last:
            kept, held = batches_kept(self.last, plan) or 0, batches_kept(self.last, self.plan) or 0
            return (-kept, verdict.cost) < (-held, best.cost)
        return (verdict.unplanned, verdict.cost) < (best.unplanned, best.cost)

    def result(self, seconds: float, greedy_cost: float, note: str) -> PlanResult:
        status = PlanStatus.OPTIMAL if self.proven else PlanStatus.FALLBACK if note else PlanStatus.FEASIBLE
        plan = replace(self.plan, bound=min(self.bound, self.verdict.cost), status=status)
        return PlanResult(plan, self.verdict, seconds, greedy_cost, "" if self.proven else note)


def _search(
    board: _Board,
    tasks: list[worker.Task],
    deadline: float,
    stop: Connection | None,
    meanwhile: Callable[[], None] | None,
) -> str:
    """Have children improve the board's plan until the deadline; return why there was no usable answer, if so."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(worker.PRELOAD))
    children: list[_Child] = []
    reaper = threading.Timer(deadline + GRACE_S - time.monotonic(), _kill_all, (children,))
    reaper.daemon = True
    try:
        for task in tasks:
            children.append(_Child(context, task))  # noqa: PERF401 - those there are must be closed if one fails
        reaper.start()
        if meanwhile is not None:
            meanwhile()
        return _listen(board, children, deadline, stop)
    except OSError as error:  # no more processes or pipes: the greedy plan stands
        return f"the solver could not be started: {error}"
    finally:
        reaper.cancel()
        for child in children:
            child.close()


def _kill_all(children: list["_Child"]) -> None:
    for child in children:
        child.kill()


def _listen(board: _Board, children: list["_Child"], deadline: float, stop: Connection | None) -> str:
    """Take answers until all that search are done, the deadline and its grace have passed, or somebody says stop."""
    open_children = {child.pipe: child for child in children}
    stops = [] if stop is None else [stop]
    faults: list[str] = []
    while any(child.searches for child in open_children.values()) and not board.settled:
        left = deadline + GRACE_S - time.monotonic()
        ready = wait([*open_children, *stops], timeout=max(0.0, left))
        if not ready:
            faults.append(f"the solver did not stop within {GRACE_S:g} s of its budget")
            break
        for pipe in ready:
            if pipe is not stop and not _take(board, open_children[pipe], faults):  # type: ignore[index]
                board.proving &= not open_children[pipe].proves  # type: ignore[index]
                del open_children[pipe]  # type: ignore[arg-type]
        if stop in ready:
            faults.append("the search was stopped before it found anything")
            break
    return "" if board.usable else "; ".join(dict.fromkeys(faults)) or "the solver gave no answer"


def _take(board: _Board, child: "_Child", faults: list[str]) -> bool:
    """Take a child's next answer and note what is wrong with it; false: there will be no more."""
    found = child.receive()
    if found is None:
        faults.append(child.death())
        return False
    if found.bound is not None:
        board.raise_bound(found.bound)
    if found.least is not None:
        board.raise_least(found.least)
    if found.fewest is not None:
        board.raise_fewest(found.fewest)
    if found.plan is not None and not board.offer(found.plan, of_child=True):
        faults.append("the solver answered with a plan that breaks the rules")
    if found.asks:
        child.send(board.plan)
    return not found.finished


class _Child:
    """A child process and the end of its pipe we read."""

    def __init__(self, context: ForkServerContext, task: worker.Task) -> None:
        self.proves, self.searches = task.exact, not task.bounds
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=worker.main, args=(task, theirs), daemon=True, name="batcher-solver")
        try:
            self.process.start()
        except BaseException:
            self.pipe.close()
            raise
        finally:
            theirs.close()

    def receive(self) -> worker.Found | None:
        """Return the next answer, none when the child is gone."""
        try:
            answer = self.pipe.recv()
        except (EOFError, OSError, pickle.UnpicklingError):
            return None
        return answer if isinstance(answer, worker.Found) else None

    def send(self, plan: Plan) -> None:
        """Answer a child that asked; one that has died meanwhile is told so by its pipe."""
        with suppress(OSError):
            self.pipe.send(plan)

    def death(self) -> str:
        """Return how it ended, once its pipe is closed."""
        self.process.join(1.0)
        code = self.process.exitcode
        return "the solver closed its pipe" if code is None else f"the solver ended with exit code {code}"

    def kill(self) -> None:
        """End it at once."""
        self.process.kill()

    def close(self) -> None:
        """End it if it lives, and wait until it is gone."""
        self.process.join(0.2)
        if self.process.is_alive():
            self.process.kill()
        self.process.join()
        self.process.close()
        self.pipe.close()
