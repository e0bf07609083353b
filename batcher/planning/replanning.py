"""
Problems planned to see what would come of them, in a child process that ends when its time is over.

Greedy plans, all made the same way, so that their differences are the problems' and not the search's luck. Nothing is
kept.
"""

import multiprocessing
import resource
import signal
import time
from collections.abc import Sequence
from contextlib import suppress
from multiprocessing.connection import Connection

from batcher.planning.plan import PlanResult
from batcher.planning.problem import Problem
from batcher.planning.quick import quick_plan


def replanned(problems: Sequence[Problem], *, budget_s: float, memory_mb: int) -> list[PlanResult | None]:
    """
    Return a verified plan of each problem, in their order; none for those that the time did not suffice for.

    Parameters
    ----------
    budget_s
        Wall seconds for all of them, the start of the child included.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["batcher.planning.worker"])
    pipe, theirs = context.Pipe(duplex=False)
    child = context.Process(target=_plan_all, args=(problems, theirs, memory_mb), daemon=True, name="batcher-what-if")
    deadline = time.monotonic() + budget_s
    results: list[PlanResult | None] = []
    try:
        child.start()
        theirs.close()
        with suppress(EOFError, OSError):
            while len(results) < len(problems) and pipe.poll(max(0.0, deadline - time.monotonic())):
                results.append(pipe.recv())
    finally:
        child.kill()
        child.join()
        child.close()
        pipe.close()
    return results + [None] * (len(problems) - len(results))


def _plan_all(problems: Sequence[Problem], pipe: Connection, memory_mb: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    limit = memory_mb * 2**20
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    for problem in problems:
        pipe.send(quick_plan(problem))
