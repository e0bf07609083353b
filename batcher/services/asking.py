"""
One service asked for a date: the first collection that can be made, and what binds or would hurry it.

Where the work is put is `planning.insertion`'s to find; all services of one question are `promise`'s.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice

from batcher.domain.orders import OrderIn, Promise
from batcher.intake.accept import NOTHING_PROMISED, Judged, judge
from batcher.planning.insertion import Insertion, Stay
from batcher.rules.sla import collections_from, shortest_lead_s, tail_s
from batcher.services.confidence import confidence
from batcher.services.quote_room import QuoteRoom
from batcher.services.quoted_work import quoted_work
from batcher.services.snapshot import added_problem
from batcher.store.blanks import names_of

#: Collections that are tried one after the other before it is asked when the work could be ready at all.
_TRIED = 4
#: An order is held for it, and still is made as soon as it can be: a later collection may be quoted.
_ONLY_LATE = "service_impossible"


@dataclass(frozen=True)
class Binding:
    """What keeps a date from being earlier: a stable code, and plain words."""

    #: service, station_taken, station_closed, work, no_room, no_time, blank_out, or what an order is held with
    code: str
    message: str
    station: str | None = None


@dataclass(frozen=True)
class Hurry:
    """The wanted collection, which can be made when others give way, and what that costs."""

    leave_by_at: datetime
    ready_at: datetime
    cost_minor: float


@dataclass(frozen=True)
class Offer:
    """
    What one service can promise.

    Parameters
    ----------
    nominal_at
        The collection that the service names to an order placed now; none when it has none.
    leave_by_at, ready_at
        The collection that can be made, and when all would be packed; none: no date can be given.
    """

    service: str
    nominal_at: datetime | None
    leave_by_at: datetime | None
    ready_at: datetime | None
    confidence: float | None
    binding: Binding
    hurry: Hurry | None = None


@dataclass(frozen=True)
class _Found:
    """One collection that was tried, and when the work would be ready for it."""

    leave_by_at: datetime
    ready_at: datetime
    insertion: Insertion

    @property
    def made(self) -> bool:
        return self.ready_at <= self.leave_by_at


class Asking:
    """
    One service being asked, while the room's lock is held.

    Parameters
    ----------
    asked
        Placed now, with its service.
    wanted_by
        By when it has to leave; none: as the service promises.
    ready_at
        When work on it may begin: now, or when a reservation is over, so that the date holds if the order comes then.
    deadline
        Monotonic moment at which to give up.
    """

    def __init__(
        self, room: QuoteRoom, asked: OrderIn, wanted_by: datetime | None, ready_at: datetime, deadline: float
    ) -> None:
        self._room, self._rules, self._asked = room, room.rules, asked
        self._wanted_by, self._ready_at, self._deadline = wanted_by, ready_at, deadline
        self._judged: Judged = judge(room.rules, asked, asked.placed_at)

    def offer(self) -> Offer:
        """Return what the service can promise."""
        held = self._judged.held
        if held is not None and held.code != _ONLY_LATE:
            return self._none(Binding(held.code, held.reason))
        out = self._blank_out()
        if out is not None:
            return self._none(Binding("blank_out", f"{out} has run out; no date can be given before it is back"))
        found = self._quiet()
        if found is None and time.monotonic() > self._deadline:
            return self._none(Binding("no_time", "there was no time to look for a date; ask again"))
        if found is None:
            return self._none(Binding("no_room", "there is no room for it as far as is planned"))
        target = self._target(found)
        hurry = None if found.leave_by_at <= target else self._hurried(target, found)
        slack_s = (found.leave_by_at - found.ready_at).total_seconds()
        return Offer(
            service=self._asked.service,
            nominal_at=self._promised.leave_by_at,
            leave_by_at=found.leave_by_at,
            ready_at=found.ready_at,
            confidence=confidence(self._room.slips, slack_s, self._steps()),
            binding=self._binding(found),
            hurry=hurry,
        )

    @property
    def _promised(self) -> Promise:
        return self._judged.promise

    def _blank_out(self) -> str | None:
        """Return a blank that has run out and that a piece needs; none when all are there."""
        names = (name for piece in self._judged.pieces for name in names_of(piece.sku, piece.product, piece.finish))
        return next((name for name in names if name in self._room.known.blanks_out), None)

    def _none(self, binding: Binding) -> Offer:
        nominal_at = None if self._promised.how == NOTHING_PROMISED else self._promised.leave_by_at
        return Offer(self._asked.service, nominal_at, None, None, None, binding)

    def _collections(self) -> Iterator[datetime]:
        service = self._rules.services[self._asked.service].for_order(self._asked)
        assert service is not None, "one that is not offered has been held"
        return collections_from(service, self._asked.placed_at)

    def _quiet(self) -> _Found | None:
        """Return the first collection that can be made in the room that others leave."""
        earliest = self._ready_at + timedelta(seconds=shortest_lead_s(self._rules, self._asked.lines))
        possible = (at for at in self._collections() if at >= earliest)
        found = None
        for leave_by_at in islice(possible, _TRIED):
            found = self._tried(leave_by_at, hurry=False)
            if found is None or found.made:
                return found
        if found is None:
            return None
        ready_at = found.ready_at
        later = next((at for at in self._collections() if at >= ready_at), None)
        return None if later is None else replace(found, leave_by_at=later)

    def _target(self, found: _Found) -> datetime:
        """Return the latest collection that is early enough: by when it is wanted, else what the service promises."""
        if self._wanted_by is None:
            return self._promised.leave_by_at
        if found.leave_by_at <= self._wanted_by:
            return found.leave_by_at
        wanted_by = self._wanted_by
        early = (at for at in islice(self._collections(), _TRIED) if at <= wanted_by)
        return max(early, default=self._promised.leave_by_at)

    def _hurried(self, target: datetime, quiet: _Found) -> Hurry | None:
        """Return the target when it can be made with others giving way."""
        found = self._tried(target, hurry=True)
        if found is None or not found.made:
            return None
        more = found.insertion.cost_minor - quiet.insertion.cost_minor
        return Hurry(target, found.ready_at, max(0.0, more))

    def _tried(self, leave_by_at: datetime, *, hurry: bool) -> _Found | None:
        """Return when the work would be ready that is to leave with a collection; none when it has no place."""
        pieces = self._judged.pieces
        work = quoted_work(self._asked, self._promised, pieces, leave_by_at, ready_at=self._ready_at)
        snapshot = self._room.snapshot
        problem = added_problem(self._rules, work, snapshot)
        if problem is None:
            return None
        not_before = self._room.not_before(self._asked.placed_at)
        insertion = self._room.room.ask(problem, hurry=hurry, not_before=not_before, deadline=self._deadline)
        if insertion.end is None:
            return None
        ends_s = insertion.end + tail_s(self._rules, {piece.product for piece in pieces})
        return _Found(leave_by_at, snapshot.at + timedelta(seconds=ends_s), insertion)

    def _steps(self) -> int:
        return max(len(piece.processes) for piece in self._judged.pieces)

    def _binding(self, found: _Found) -> Binding:
        if found.leave_by_at == self._promised.leave_by_at:
            return Binding("service", self._promised.how)
        return _longest_wait(found.insertion.stays, self._room.snapshot.at)


def _longest_wait(stays: Sequence[Stay], at: datetime) -> Binding:
    worst = max(stays, key=lambda stay: stay.start - stay.ready)
    if worst.start <= worst.ready:
        return Binding("work", "the work takes longer than until an earlier collection")
    until = (at + timedelta(seconds=worst.start)).isoformat()
    if worst.idle:
        return Binding("station_closed", f"{worst.station} cannot begin before {until}", worst.station)
    return Binding("station_taken", f"{worst.station} has other work until {until}", worst.station)
