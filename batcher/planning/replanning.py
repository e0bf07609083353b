"""
Problems planned to see what would come of them, in a child process that ends when its time is over.

Each gets a greedy plan first, all made the same way, so that their differences are the problems' and not luck's. Then
each is searched as daemons search, in so many moves of one seed: the first problem, which is the others with nothing
changed, from the plan in force, and the others from what that came to. Nothing is kept.
"""

import multiprocessing
import resource
import signal
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection

from batcher.planning import kernel_ready
from batcher.planning.first_due_first import first_due_first
from batcher.planning.plan import Batch, Plan, PlanResult
from batcher.planning.problem import Problem
from batcher.planning.quick import quick_plan

#: Moves of each search, and more for each job.
_MOVES, _MOVES_PER_JOB = 20_000, 40


@dataclass(frozen=True)
class Replanned:
    """Verified plans of one problem; none where the time did not suffice."""

    greedy: PlanResult | None = None
    searched: PlanResult | None = None


@dataclass(frozen=True)
class _Found:
    at: int  #: which problem
    result: PlanResult
    searched: bool


def replanned(
    problems: Sequence[Problem],
    *,
    last: Sequence[Batch],
    budget_s: float,
    memory_mb: int,
    enough: Callable[[PlanResult], bool],
) -> list[Replanned]:
    """
    Return what came of each problem, in their order.

    Parameters
    ----------
    problems
        The first is searched first.
    last
        Batches of the plan in force.
    budget_s
        Wall seconds for all of them, the start of the child included.
    enough
        Told the searched plan of the first problem; when it says so, the others are not searched.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["batcher.planning.worker"])
    pipe, theirs = context.Pipe(duplex=False)
    child = context.Process(
        target=_plan_all, args=(problems, tuple(last), theirs, memory_mb), daemon=True, name="batcher-what-if"
    )
    deadline = time.monotonic() + budget_s
    results = [Replanned()] * len(problems)
    child.start()
    try:
        theirs.close()
        with suppress(EOFError, OSError):
            while pipe.poll(max(0.0, deadline - time.monotonic())):
                found: _Found = pipe.recv()
                kind = {"searched" if found.searched else "greedy": found.result}
                results[found.at] = replace(results[found.at], **kind)
                if found.searched and found.at == 0 and enough(found.result):
                    break
    finally:
        child.kill()
        child.join()
        child.close()
        pipe.close()
    return results


def _plan_all(problems: Sequence[Problem], last: tuple[Batch, ...], pipe: Connection, memory_mb: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    limit = memory_mb * 2**20
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    for at, problem in enumerate(problems):
        pipe.send(_Found(at, quick_plan(problem), searched=False))
    if kernel_ready.ready() is None:  # compiling takes longer than anybody waits for an answer
        kernel_ready.start_building()
        return
    start = _searched(problems[0], Plan(last), seed=0).plan
    for at, problem in enumerate(problems):
        pipe.send(_Found(at, _searched(problem, start, seed=1), searched=True))


def _searched(problem: Problem, start: Plan, *, seed: int) -> PlanResult:
    moves = _MOVES + _MOVES_PER_JOB * len(problem.jobs)
    return first_due_first(problem, quick_plan(problem, start=start, moves=moves, seed=seed))
