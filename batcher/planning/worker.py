"""
The child process that improves a plan, or proves how cheap plans can be: one search, then gone.

Sends what it finds through a pipe as it goes; whatever happens to it, the parent has the last good plan. It ignores
SIGINT (the parent decides when it ends), limits its own memory, and talks to no service manager.
"""

import math
import os
import resource
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection

from batcher.planning import cpsat
from batcher.planning.bounds_over_time import bound_over_time
from batcher.planning.conversion import from_plan, scheduled, sequences_of, to_plan
from batcher.planning.greedy import greedy
from batcher.planning.index import index
from batcher.planning.loads import Loader
from batcher.planning.local_search import Sequences, local_search, search_by_moves
from batcher.planning.plan import Plan
from batcher.planning.problem import Problem
from batcher.planning.schedule import Schedule

#: Exit code of a child that met its memory limit.
OUT_OF_MEMORY = 12

#: How long an answer is waited for.
_PATIENCE_S = 2.0

#: Where moves are counted instead of seconds, CP-SAT works as if local search made so many in a second.
_MOVES_A_SECOND = 200_000

#: So small a problem local search solves in a moment; the rest of the time the machine is the proof's.
_SHARE_BESIDE_PROOF = 0.3
#: The share of that work which goes into a bound before it.
_BOUND_SHARE = 0.2
#: How far a child gives way to everything else on the machine: an order that comes in waits for nobody's search.
_NICE = 10
#: The share of the time in which a child looks for a bound, and how far it gives way to those that search.
_BOUND_TIME, _BOUND_NICE = 0.6, 2

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
    moves: int | None = None  #: stop after so many of local search, and look at no clock
    bounds: bool = False  #: look for no plan, only for a proof of how cheap any plan can be


@dataclass(frozen=True)
class Found:
    """An answer on its way to the parent: a plan, or what is proven of every plan."""

    plan: Plan | None = None
    bound: float | None = None  #: on the cost of every plan
    least: float | None = None  #: on the cost of plans that leave out as few jobs as can be
    fewest: int | None = None  #: jobs that every plan leaves out
    finished: bool = False
    asks: bool = False  #: waits for the best plan that any child has found


def main(task: Task, pipe: Connection) -> None:
    """Improve the task's plan until its time is up."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.environ.pop("NOTIFY_SOCKET", None)
    limit = task.memory_mb * 2**20
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    _give_way(_NICE)
    try:
        improve(task, pipe)
    except BrokenPipeError:
        return  # nobody is left to tell
    except MemoryError:
        raise SystemExit(OUT_OF_MEMORY) from None


def improve(task: Task, pipe: Connection) -> None:
    """Search, telling the parent of every better plan or bound."""
    if task.bounds:
        _give_way(_BOUND_NICE)
        seconds = _BOUND_TIME * (task.deadline - time.monotonic())
        bound_over_time(index(task.problem), seconds=seconds, on_bound=lambda bound: pipe.send(Found(bound=bound)))
        pipe.send(Found(finished=True))
    else:
        _Search(task, pipe).run()


def _give_way(steps: int) -> None:
    with suppress(PermissionError):  # forbidden where a service's calls are filtered: then all share alike
        os.nice(steps)


class _Search:
    """One child's search: what it has found, and how it tells and asks."""

    def __init__(self, task: Task, pipe: Connection) -> None:
        self.task, self.pipe = task, pipe
        self.moves_left = task.moves
        self.instance = index(task.problem)
        self.loader = Loader(self.instance)
        schedule = from_plan(self.instance, self.loader, task.plan) or greedy(self.instance, self.loader, budget_s=0)
        self.fresh: Schedule | None = schedule  #: the best, until a search has changed it
        self.best, self.score = sequences_of(schedule), (schedule.unplanned, schedule.cost)

    def run(self) -> None:
        """Search until the task's time is up, its moves are made, or there is nothing left to find."""
        if self.task.exact and cpsat.worth_trying(self.instance):
            self.tell(self._local(0.15))
            if self._prove():
                self.tell(self.best, finished=True)
                return
        elif self.task.moves is None and len(self.instance.units) <= cpsat.SURE_UNITS:
            self.tell(self._local(_SHARE_BESIDE_PROOF), finished=True)
            return
        elif self.task.exact and self.task.moves is not None:
            self._bound(self.task.moves)
        self.tell(self._local(1.0, ask=self.ask if self.task.workers > 1 else None), finished=True)

    def tell(self, sequences: Sequences, *, finished: bool = False) -> None:
        """Send sequences as a plan; those that cannot be timed (or laid out) are passed over."""
        found = self._timed(sequences)
        if found is not None and (found.unplanned, found.cost) < self.score:
            self.best, self.score, self.fresh = sequences, (found.unplanned, found.cost), None
        if found is not None or finished:
            self.pipe.send(Found(None if found is None else to_plan(found), finished=finished))

    def ask(self, sequences: Sequences) -> Sequences | None:
        """Return what others have found, if it is better."""
        self.tell(sequences)
        self.pipe.send(Found(asks=True))
        if not self.pipe.poll(max(0.0, min(_PATIENCE_S, self.task.deadline - time.monotonic()))):
            return None
        best = self.pipe.recv()
        while self.pipe.poll():  # an answer to an earlier question came late
            best = self.pipe.recv()
        ours, theirs = self._timed(sequences), from_plan(self.instance, self.loader, best)
        if ours is None or theirs is None or (theirs.unplanned, theirs.cost) >= (ours.unplanned, ours.cost):
            return None
        return sequences_of(theirs)

    def _local(self, share: float, *, ask: Callable[[Sequences], Sequences | None] | None = None) -> Sequences:
        """Spend a share of the time or the moves that are left on local search from the best plan."""
        schedule = self._schedule()
        if self.moves_left is not None:
            moves = round(share * self.moves_left)
            self.moves_left -= moves
            return search_by_moves(schedule, moves=moves, seed=self.task.seed)
        now = time.monotonic()
        deadline = now + share * (self.task.deadline - now)
        return local_search(schedule, deadline=deadline, seed=self.task.seed, on_better=self.tell, ask=ask)

    def _bound(self, moves: int) -> None:
        """Bound before the search, since with moves counted no child does so beside it."""
        bound_over_time(
            self.instance,
            seconds=math.inf,
            effort=_BOUND_SHARE * moves / _MOVES_A_SECOND,
            on_bound=lambda bound: self.pipe.send(Found(bound=bound)),
        )

    def _prove(self) -> bool:
        """Look for the best plan and a proof; tell whether that has been found."""
        return cpsat.prove(
            self._schedule(),
            cpsat.Tell(
                better=self.tell,
                bound=lambda bound: self.pipe.send(Found(bound=bound)),
                least=lambda least: self.pipe.send(Found(least=least)),
                fewest=lambda fewest: self.pipe.send(Found(fewest=fewest)),
            ),
            seconds=self.task.deadline - time.monotonic(),
            effort=math.inf if self.task.moves is None else self.task.moves / _MOVES_A_SECOND,
            workers=self.task.workers if self.task.moves is None else 1,
            seed=self.task.seed,
        )

    def _schedule(self) -> Schedule:
        """Return the best as a schedule that may be changed."""
        schedule, self.fresh = self.fresh or self._timed(self.best), None
        assert schedule is not None, "it has been timed before"
        return schedule

    def _timed(self, sequences: Sequences) -> Schedule | None:
        fit = all(self.loader.fits(mode, load) for sequence in sequences for mode, load in sequence)
        return scheduled(self.instance, self.loader, sequences) if fit else None
