"""
The plan in force as something that quotes are asked of: built once for each plan, kept until the next.

Building takes seconds with a long queue, so once somebody has asked for a quote the plan loop does it ahead; a quote
that comes meanwhile is answered from the plan before.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from batcher.planning.insertion import Room
from batcher.rules.ruleset import RuleSet
from batcher.services.plan_in_force import PlanInForce
from batcher.services.snapshot import Snapshot
from batcher.store import batches
from batcher.store.session import Store

#: So long jobs that the plan left out are looked a place for.
_BUDGET_S = 1.0
#: How far back, and how many batches at most, it is looked how well times were kept.
_SLIPS_FROM, _MOST_SLIPS = timedelta(days=14), 2000


@dataclass(frozen=True)
class QuoteRoom:
    """
    One plan, ready to be asked.

    Parameters
    ----------
    slips
        By how many seconds batches ended of late after what their tickets said, from the least; early is negative.
    lock
        Held while the room is asked: it is one schedule.
    """

    plan_id: str
    rules: RuleSet
    snapshot: Snapshot
    room: Room
    slips: tuple[float, ...]
    lock: threading.Lock = field(default_factory=threading.Lock)


def build_room(store: Store, rules: RuleSet, plan: PlanInForce) -> QuoteRoom:
    """Return a plan ready to be asked; `rules` are those it was made under."""
    room = Room(plan.snapshot.problem, plan.result.plan.batches, budget_s=_BUDGET_S)
    with store.read() as session:
        slips = batches.slips_since(session, plan.snapshot.at - _SLIPS_FROM, limit=_MOST_SLIPS)
    return QuoteRoom(plan.id, rules, plan.snapshot, room, tuple(sorted(slips)))


class RoomBox:
    """Holds the room of the plan in force, none before the first is asked for."""

    def __init__(self) -> None:
        self._room: QuoteRoom | None = None
        self._building = threading.Lock()

    @property
    def in_use(self) -> bool:
        """Tell whether anybody has asked yet: only then it is worth building ahead."""
        return self._room is not None

    def current(self, plan: PlanInForce, build: Callable[[], QuoteRoom]) -> QuoteRoom:
        """Return the room of a plan; while it is being built elsewhere, the one before."""
        room = self._room
        if room is not None and room.plan_id == plan.id:
            return room
        if not self._building.acquire(blocking=room is None):
            assert room is not None, "only then it is not waited for"
            return room
        try:
            if self._room is None or self._room.plan_id != plan.id:
                self._room = build()
            return self._room
        finally:
            self._building.release()
