"""The planner's whole search in this process: what a child does, with its pipe, but without importing CP-SAT anew."""

import math
import multiprocessing
import time
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection

from batcher.planning.conversion import to_plan
from batcher.planning.greedy import greedy
from batcher.planning.index import index
from batcher.planning.loads import Loader
from batcher.planning.plan import Verdict
from batcher.planning.problem import Problem
from batcher.planning.verify import judge
from batcher.planning.worker import Found, Task, improve


def solved_here(problem: Problem, *, moves: int = 20_000, seed: int = 0) -> tuple[Verdict, float]:
    """Return the best plan's verdict and the best bound that a greedy plan and one child come to, by moves."""
    instance = index(problem)
    plan = to_plan(greedy(instance, Loader(instance), budget_s=math.inf))
    verdicts, bounds = [judge(problem, plan)], [0.0]
    task = Task(problem, plan, time.monotonic() + 1e6, workers=1, seed=seed, memory_mb=4096, exact=True, moves=moves)
    for found in _answers(task):
        if found.plan is not None:
            verdicts.append(judge(problem, found.plan))
            assert verdicts[-1].feasible, verdicts[-1].violations
        if found.bound is not None:
            bounds.append(found.bound)
    return min(verdicts, key=lambda verdict: (verdict.unplanned, verdict.cost)), max(bounds)


def _answers(task: Task) -> list[Found]:
    ours, theirs = multiprocessing.Pipe()
    answers: list[Found] = []
    with ThreadPoolExecutor(1) as threads, ours:
        searching = threads.submit(_search, task, theirs)
        try:
            while not answers or not answers[-1].finished:
                answers.append(ours.recv())
        except EOFError:
            pass  # it has failed: its result says why
        searching.result()
    return answers


def _search(task: Task, pipe: Connection) -> None:
    with pipe:
        improve(task, pipe)
