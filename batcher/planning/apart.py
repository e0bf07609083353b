"""
Planning in a process of its own, so that an order that comes in never waits for the interpreter a planner holds.

The process is started with the first brief and does one after the other. One that ends takes its brief with it and is
replaced with the next brief; one that cannot be started is made up for here, without a search. It ends by itself when
nobody is left to ask it.
"""

import multiprocessing
import os
import signal
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

from batcher.errors import SolverError
from batcher.planning.brief import Brief, Planned, Solver, planned
from batcher.planning.solve import solve

#: How far it gives way to everything else on the machine; those that search for it give way further.
_NICE = 5
#: Seconds in which a process that was told to go has gone.
_PATIENCE_S = 2.0


class PlannerProcess:
    """Does what briefs ask for, one at a time, in a process of its own."""

    def __init__(self) -> None:
        self._child: _Child | None = None
        self._closed = False
        self._one_at_a_time = threading.Lock()

    def __call__(self, brief: Brief) -> Planned:
        """
        Return what the other process makes of a brief.

        Raises
        ------
        SolverError
            When the process ended over it.
        Exception
            Whatever planning raises there.
        """
        with self._one_at_a_time:
            if self._closed:
                raise SolverError("the planner's process was told to end")
            try:
                child = self._child = self._child or _started()
            except OSError:  # no more processes or pipes
                return planned(replace(brief, deadline=time.monotonic()))
            try:
                child.pipe.send(brief)
                answer = child.pipe.recv()
            except (EOFError, OSError) as error:
                self._child = None
                raise SolverError(f"the planner's process ended: {child.ended()}") from error
        if isinstance(answer, Exception):
            raise answer
        assert isinstance(answer, Planned)
        return answer

    def hurry(self) -> None:
        """Have a search that is under way end with what it has found."""
        child = self._child
        if child is not None:
            with suppress(OSError):
                child.pipe.send(None)

    def close(self) -> None:
        """End the process at once, and whatever it is asked for; it comes back no more."""
        self._closed = True
        if self._child is not None:
            self._child.process.kill()
        with self._one_at_a_time:
            if self._child is not None:
                self._child.ended()


@dataclass(frozen=True)
class _Child:
    process: BaseProcess
    pipe: Connection

    def ended(self) -> str:
        """See that the process is gone, and return how it went."""
        self.pipe.close()
        self.process.join(_PATIENCE_S)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()
        return f"exit code {self.process.exitcode}"


def _started() -> _Child:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_work, args=(theirs,), name="batcher-planner")
    try:
        process.start()
    except BaseException:
        ours.close()
        raise
    finally:
        theirs.close()
    return _Child(process, ours)


def _work(pipe: Connection) -> None:
    """Do what briefs ask for until nobody is left to ask."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ.pop("NOTIFY_SOCKET", None)
    with suppress(PermissionError):  # forbidden where a service's calls are filtered: then all share alike
        os.nice(_NICE)
    search = partial(solve, stop=pipe)  # it can be read from when the search shall end, and when nobody is left
    with suppress(EOFError, BrokenPipeError, ConnectionResetError):
        while True:
            brief = pipe.recv()
            if brief is not None:
                pipe.send(_answer(brief, search))


def _answer(brief: Brief, search: Solver) -> Planned | Exception:
    try:
        return planned(brief, solver=search)
    except Exception as error:  # noqa: BLE001 - raised again on the other side
        return error
