"""
The child process that improves a plan: one search, then gone.

Sends what it finds through a pipe as it goes; whatever happens to it, the parent has the last good plan. It ignores
SIGINT (the parent decides when it ends), limits its own memory, and talks to no service manager.
"""

import os
import resource
import signal
import time
from dataclasses import dataclass
from multiprocessing.connection import Connection

from batcher.planning import cpsat
from batcher.planning.conversion import Bundle, from_plan, scheduled, sequences_of, to_plan
from batcher.planning.greedy import greedy
from batcher.planning.index import index
from batcher.planning.loads import Loader
from batcher.planning.local_search import local_search
from batcher.planning.plan import Plan
from batcher.planning.problem import Problem

#: Exit code of a child that met its memory limit.
OUT_OF_MEMORY = 12

#: How long an answer is waited for.
_PATIENCE_S = 2.0

#: The forkserver imports these once, so that a child starts in a fraction of a second.
PRELOAD = ("batcher.planning.worker",)


@dataclass(frozen=True)
class Task:
    """What a child is to do; `deadline` is on the monotonic clock, which all processes of a machine share."""

    problem: Problem
    plan: Plan
    deadline: float
    workers: int
    seed: int
    memory_mb: int
    exact: bool  #: also look for a proof that nothing is cheaper


@dataclass(frozen=True)
class Found:
    """An answer on its way to the parent: a plan, a proven bound, or both."""

    plan: Plan | None = None
    bound: float | None = None
    finished: bool = False
    asks: bool = False  #: waits for the best plan that any child has found


def main(task: Task, pipe: Connection) -> None:
    """Improve the task's plan until its time is up."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ.pop("NOTIFY_SOCKET", None)
    limit = task.memory_mb * 2**20
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    try:
        improve(task, pipe)
    except BrokenPipeError:
        return  # nobody is left to tell
    except MemoryError:
        raise SystemExit(OUT_OF_MEMORY) from None


def improve(task: Task, pipe: Connection) -> None:
    """Search, telling the parent of every better plan."""
    instance = index(task.problem)
    loader = Loader(instance)
    schedule = from_plan(instance, loader, task.plan) or greedy(instance, loader, budget_s=0)

    def tell(sequences: list[list[Bundle]], *, finished: bool = False) -> None:
        """Send sequences as a plan; those that cannot be timed (or laid out) are passed over."""
        fit = all(loader.fits(mode, load) for sequence in sequences for mode, load in sequence)
        found = scheduled(instance, loader, sequences) if fit else None
        if found is not None or finished:
            pipe.send(Found(None if found is None else to_plan(found), finished=finished))

    def ask(sequences: list[list[Bundle]]) -> list[list[Bundle]] | None:
        """Return what others have found, if it is better."""
        tell(sequences)
        pipe.send(Found(asks=True))
        if not pipe.poll(max(0.0, min(_PATIENCE_S, task.deadline - time.monotonic()))):
            return None
        best = pipe.recv()
        while pipe.poll():  # an answer to an earlier question came late
            best = pipe.recv()
        ours, theirs = scheduled(instance, loader, sequences), from_plan(instance, loader, best)
        if ours is None or theirs is None or (theirs.unplanned, theirs.cost) >= (ours.unplanned, ours.cost):
            return None
        return sequences_of(theirs)

    if task.exact and len(instance.units) <= cpsat.MOST_UNITS:
        left = task.deadline - time.monotonic()
        best = local_search(schedule, deadline=time.monotonic() + 0.15 * left, seed=task.seed)
        tell(best)
        schedule = scheduled(instance, loader, best) or schedule
        cpsat.prove(
            schedule,
            seconds=task.deadline - time.monotonic(),
            workers=task.workers,
            seed=task.seed,
            on_better=tell,
            on_bound=lambda bound: pipe.send(Found(bound=bound)),
        )
    others = ask if task.workers > 1 else None
    tell(local_search(schedule, deadline=task.deadline, seed=task.seed, on_better=tell, ask=others), finished=True)
