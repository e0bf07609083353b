"""
Faults planted where the child that searches begins: each runs in a real process, in place of `planning.worker.main`.

Module functions without state, because a child imports them by name.
"""

import os
import signal
from collections import Counter
from dataclasses import replace
from multiprocessing.connection import Connection

from batcher.planning import worker
from batcher.planning.plan import Plan
from batcher.planning.worker import Found, Task

#: An order of so many jobs ends every search it is part of.
DEADLY_PIECES = 7


def is_killed(task: Task, pipe: Connection) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def hangs(task: Task, pipe: Connection) -> None:
    os.kill(os.getpid(), signal.SIGSTOP)


def runs_out_of_memory(task: Task, pipe: Connection) -> None:
    worker.improve = _want_more_than_allowed  # in this process alone, which ends with it
    worker.main(task, pipe)


def _want_more_than_allowed(task: Task, pipe: Connection) -> None:
    pipe.send_bytes(bytearray(2 * task.memory_mb * 2**20))


def crashes(task: Task, pipe: Connection) -> None:
    os._exit(3)  # as native code does: without a word


def answers_wrongly(task: Task, pipe: Connection) -> None:
    """Answer with a plan whose every batch begins a second too early."""
    early = tuple(replace(batch, start=batch.start - 1) for batch in task.plan.batches)
    pipe.send(Found(Plan(early, task.plan.unplanned), finished=True))


def answers_nonsense(task: Task, pipe: Connection) -> None:
    pipe.send("a plan")


def finds_nothing(task: Task, pipe: Connection) -> None:
    pipe.send(Found(finished=True))


def says_nothing(task: Task, pipe: Connection) -> None:
    pipe.close()


def claims_too_much(task: Task, pipe: Connection) -> None:
    """Claim that no plan is cheaper than a hundred times the one there is, and give none."""
    pipe.send(Found(bound=100.0 * (1 + sum(batch.end for batch in task.plan.batches)) * 1e6, finished=True))


def answers_at_once(task: Task, pipe: Connection) -> None:
    """Answer as a search does that finds nothing better."""
    pipe.send(Found(task.plan, finished=True))


def dies_of_one_order(task: Task, pipe: Connection) -> None:
    pieces = Counter(job.order for job in task.problem.jobs)
    if DEADLY_PIECES in pieces.values():
        crashes(task, pipe)
    answers_at_once(task, pipe)
