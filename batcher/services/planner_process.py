"""
Planning in a process of its own, so that an order that comes in never waits for the interpreter a planner holds.

The process is started with the first plan and makes one after the other; it reads what waits by itself, so that this
one is handed a finished plan. One that ends takes its plan with it and is replaced with the next; where none can be
started, a plan without a search is made here. It ends by itself when nobody is left to ask it.
"""

import io
import multiprocessing
import os
import pickle
import signal
import threading
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry

from batcher.domain.clock import FloorClock
from batcher.errors import SolverError
from batcher.metrics import Metrics
from batcher.planning.brief import planned
from batcher.planning.solve import solve
from batcher.rules.ruleset import RuleSet
from batcher.services.context import Floor, RulesBox
from batcher.services.plan_in_force import PlanInForce
from batcher.services.planner import PlannerHere
from batcher.settings import Settings
from batcher.store.batches import StoredPlan
from batcher.store.session import Store

_NAME = "batcher-planner"
#: How far it gives way to everything else on the machine; those that search for it give way further.
_NICE = 5
#: Seconds in which a process that was told to go has gone.
_PATIENCE_S = 2.0


@dataclass(frozen=True)
class _Asked:
    """What the process is to do: a plan, or, without a budget, to say whose work it read last."""

    rules: RuleSet
    budget_s: float | None
    only: Collection[str] | None = None


class PlannerProcess:
    """
    A `planner.Planner` that works in a process of its own, for one caller at a time.

    Parameters
    ----------
    begin
        Called there first; a function of a module, with what it is given.
    """

    def __init__(self, floor: Floor, begin: Callable[[], None] | None = None) -> None:
        self._floor, self._begin = floor, begin
        self._child: _Child | None = None
        self._closed = False
        self._one_at_a_time, self._sending = threading.Lock(), threading.Lock()

    def plan(
        self, rules: RuleSet, budget_s: float, only: Collection[str] | None = None
    ) -> tuple[PlanInForce, StoredPlan]:
        """
        Return what the other process makes of what waits.

        Raises
        ------
        SolverError
            When the process ended over it.
        Exception
            Whatever planning raises there.
        """
        answer = self._answer(_Asked(rules, budget_s, only))
        return PlannerHere(self._floor).plan(rules, 0, only) if answer is None else answer

    def orders(self, rules: RuleSet) -> list[str]:
        """Return whose work it read last."""
        answer = self._answer(_Asked(rules, None))
        return PlannerHere(self._floor).orders(rules) if answer is None else answer

    def hurry(self) -> None:
        """Have a search that is under way end with what it has found."""
        child = self._child
        if child is not None:
            with suppress(OSError), self._sending:
                child.pipe.send(None)

    def close(self) -> None:
        """End the process at once, with whatever it is asked for; it comes back no more."""
        self._closed = True
        if self._child is not None:
            self._child.process.kill()
        with self._one_at_a_time:
            if self._child is not None:
                self._child.ended()

    def _answer(self, asked: _Asked) -> Any:
        """Return what the process answers; none when it cannot be started."""
        with self._one_at_a_time:
            if self._closed:
                raise SolverError("the planner's process was told to end")
            try:
                child = self._child = self._child or _started(self._floor, self._begin)
            except OSError:  # no more processes or pipes
                return None
            try:
                with self._sending:
                    child.pipe.send(asked)
                answer = _unpacked(child.pipe.recv_bytes())
            except (EOFError, OSError) as error:
                self._child = None
                raise SolverError(f"the planner's process ended: {child.ended()}") from error
        if isinstance(answer, Exception):
            raise answer
        return answer


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


class _BySteps:
    """
    Bytes for a `pickle.Unpickler`, handed out by steps of the interpreter.

    A plan of a hundred thousand pieces takes a second to unpack, in which nobody else would have the interpreter: it
    changes hands between its own steps only.
    """

    def __init__(self, content: bytes) -> None:
        self._content = io.BytesIO(content)

    def read(self, size: int) -> bytes:
        """Return the next bytes: a frame of 64 kB."""
        return self._content.read(size)

    def readline(self) -> bytes:
        """Return the rest of a line."""
        return self._content.readline()


def _unpacked(content: bytes) -> Any:
    return pickle.Unpickler(_BySteps(content)).load()  # noqa: S301 - our own process wrote it


def _started(floor: Floor, begin: Callable[[], None] | None) -> _Child:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    given = (theirs, floor.settings, floor.clock, begin)
    process = context.Process(target=_work, args=given, name=_NAME)
    try:
        process.start()
    except BaseException:
        ours.close()
        raise
    finally:
        theirs.close()
    return _Child(process, ours)


def _work(pipe: Connection, settings: Settings, clock: FloorClock, begin: Callable[[], None] | None) -> None:
    """Do what is asked until nobody is left to ask."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ.pop("NOTIFY_SOCKET", None)
    with suppress(OSError):  # for whoever looks at what runs
        Path("/proc/self/comm").write_text(_NAME, encoding="ascii")
    with suppress(PermissionError):  # forbidden where a service's calls are filtered: then all share alike
        os.nice(_NICE)
    if begin is not None:
        begin()
    desk = _Desk(settings, clock, pipe)
    with suppress(EOFError, BrokenPipeError, ConnectionResetError):
        while True:
            asked = pipe.recv()
            if asked is not None:
                pipe.send(desk.answer(asked))


class _Desk:
    """Answers what is asked, from a floor of its own that only reads."""

    def __init__(self, settings: Settings, clock: FloorClock, pipe: Connection) -> None:
        self._settings, self._clock = settings, clock
        # the pipe can be read from when the search shall end, and when nobody is left
        self._plans = partial(planned, solver=partial(solve, stop=pipe))
        self._floor: Floor | None = None

    def answer(self, asked: _Asked) -> object:
        """Return what is asked for, or what broke over it."""
        try:
            return self._planned(asked)
        except Exception as error:  # noqa: BLE001 - raised again on the other side
            return error

    def _planned(self, asked: _Asked) -> object:
        floor = self._opened(asked.rules)
        rules = floor.rules.current  # the same object from plan to plan: what it remembers stays known
        if asked.budget_s is None:
            return self._planner.orders(rules)
        return self._planner.plan(rules, asked.budget_s, asked.only)

    def _opened(self, rules: RuleSet) -> Floor:
        now = self._clock.now()
        if self._floor is None:
            store = Store.open(self._settings.store_url, exclusive=False)
            boxed = RulesBox(rules, now)
            self._floor = Floor(store, boxed, Metrics(CollectorRegistry()), self._clock, self._settings)
            self._planner = PlannerHere(self._floor, self._plans)
        elif self._floor.rules.current.hash != rules.hash:
            self._floor.rules.swap(rules, now)
        return self._floor
