"""
Child processes that search: started, listened to, ended. Their answers go to boards, which judge them.

A child that crashes, hangs, runs out of memory or answers wrongly costs what it would have found, nothing else.
"""

import multiprocessing
import pickle
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkServerContext

from batcher.planning import worker
from batcher.planning.board import Board
from batcher.planning.plan import Plan

#: How long past its time a child may live before it is killed.
GRACE_S = 5.0


def search(
    tasks: Sequence[tuple[Board, worker.Task]],
    *,
    deadline: float,
    stop: Connection | None = None,
    meanwhile: Callable[[], None] | None = None,
) -> str:
    """
    Have children improve the plans of boards; return why there was no usable answer, if so.

    Parameters
    ----------
    tasks
        What each child is to do, and the board it answers to.
    deadline
        On the monotonic clock: when they are to be done.
    stop
        A pipe that can be read from once they shall end.
    meanwhile
        Work of this process while they search.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(worker.PRELOAD))
    children: list[_Child] = []
    reaper = threading.Timer(deadline + GRACE_S - time.monotonic(), _kill_all, (children,))
    reaper.daemon = True
    try:
        for board, task in tasks:
            children.append(_Child(context, board, task))
        reaper.start()
        if meanwhile is not None:
            meanwhile()
        return _listen(children, deadline, stop)
    except OSError as error:  # no more processes or pipes: the greedy plan stands
        return f"the solver could not be started: {error}"
    finally:
        reaper.cancel()
        for child in children:
            child.close()


def _kill_all(children: list["_Child"]) -> None:
    for child in children:
        child.kill()


def _listen(children: list["_Child"], deadline: float, stop: Connection | None) -> str:
    """Take answers until all that search are done, the deadline and its grace have passed, or somebody says stop."""
    open_children = {child.pipe: child for child in children}
    stops = [] if stop is None else [stop]
    faults: list[str] = []
    while any(child.searches and not child.board.settled for child in open_children.values()):
        left = deadline + GRACE_S - time.monotonic()
        ready = wait([*open_children, *stops], timeout=max(0.0, left))
        if not ready:
            faults.append(f"the solver did not stop within {GRACE_S:g} s of its budget")
            break
        for pipe in ready:
            if pipe is not stop and not _take(open_children[pipe], faults):  # type: ignore[index]
                child = open_children.pop(pipe)  # type: ignore[call-overload]
                child.board.proving &= not child.proves
        if stop in ready:
            faults.append("the search was stopped before it found anything")
            break
    usable = any(child.board.usable for child in children)
    return "" if usable else "; ".join(dict.fromkeys(faults)) or "the solver gave no answer"


def _take(child: "_Child", faults: list[str]) -> bool:
    """Take a child's next answer and note what is wrong with it; false: there will be no more."""
    found, board = child.receive(), child.board
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

    def __init__(self, context: ForkServerContext, board: Board, task: worker.Task) -> None:
        self.board = board
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
