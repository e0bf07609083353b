"""
The plan in force as something that quotes are asked of: built once for each plan, kept until the next.

Building takes seconds with a long queue, so once somebody has asked for a quote the plan loop does it ahead; a quote
that comes meanwhile is answered from the plan before. What has come in since a plan, orders and reservations, is put
into its room before the room is asked.
"""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from batcher.domain.orders import OpenWork
from batcher.domain.reservations import RESERVATION_KEY, Reservation
from batcher.planning.insertion import Room
from batcher.rules.ruleset import RuleSet
from batcher.services.plan_in_force import PlanInForce
from batcher.services.quoted_work import reserved_work
from batcher.services.snapshot import Snapshot, added_problem, seconds_from
from batcher.store import batches, blanks, orders, reservations
from batcher.store.blanks import BlankOut
from batcher.store.session import Store

#: So long jobs that the plan left out are looked a place for.
_BUDGET_S = 1.0
#: How far back, and how many batches at most, it is looked how well times were kept.
_SLIPS_FROM, _MOST_SLIPS = timedelta(days=14), 2000
#: Seconds of a question in which what came since is put in; after a rush the next question goes on with it.
_CATCH_UP_S = 0.1


@dataclass
class _Known:
    """What a room has been told of; guarded by the room's lock."""

    newest_order: str
    reserved: set[str]
    blanks_out: dict[str, BlankOut] = field(default_factory=dict)


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
    known: _Known
    lock: threading.Lock = field(default_factory=threading.Lock)

    def not_before(self, now: datetime) -> int:
        """Return a moment in seconds from the plan's time 0; batches that should have begun stay as they are."""
        return max(0, seconds_from(self.snapshot.at, now))

    def catch_up(self, store: Store, now: datetime) -> None:
        """Put in what has come in since the plan; the lock is held."""
        with store.read() as session:
            late = orders.work_after(session, self.known.newest_order)
            standing = reservations.standing(session, now)
            self.known.blanks_out = blanks.blanks_out(session)
            taken = set(reservations.takers(session, sorted(self.known.reserved)))
        deadline = time.monotonic() + _CATCH_UP_S
        for key, work in late.items():
            if time.monotonic() > deadline:
                return
            self.known.newest_order = key
            if key not in taken:  # what it had reserved stands there already
                self._keep(work, now)
        for reservation in standing:
            if reservation.id not in self.known.reserved and time.monotonic() < deadline:
                self.keep_reserved(reservation, now)

    def keep_reserved(self, reservation: Reservation, now: datetime) -> None:
        """Put in a reservation; the lock is held."""
        self.known.reserved.add(reservation.id)
        self._keep(reserved_work(self.rules, [reservation]), now)

    def _keep(self, work: Sequence[OpenWork], now: datetime) -> None:
        problem = added_problem(self.rules, work, self.snapshot) if work else None
        if problem is not None:
            self.room.keep(problem, not_before=self.not_before(now), deadline=time.monotonic() + _BUDGET_S)


def build_room(store: Store, rules: RuleSet, plan: PlanInForce) -> QuoteRoom:
    """Return a plan ready to be asked; `rules` are those it was made under."""
    room = Room(plan.snapshot.problem, plan.result.plan.batches, budget_s=_BUDGET_S)
    with store.read() as session:
        slips = batches.slips_since(session, plan.snapshot.at - _SLIPS_FROM, limit=_MOST_SLIPS)
    return QuoteRoom(plan.id, rules, plan.snapshot, room, tuple(sorted(slips)), _known_of(plan))


def _known_of(plan: PlanInForce) -> _Known:
    planned = {order.id for order in plan.snapshot.problem.orders}
    reserved = {key for key in planned if key.startswith(RESERVATION_KEY)}
    return _Known(
        newest_order=max(planned - reserved, default=""),
        reserved={key.removeprefix(RESERVATION_KEY) for key in reserved},
    )


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
