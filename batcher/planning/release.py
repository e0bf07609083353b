"""
When a planned batch starts for good: full, or its latest safe start has come, or a bound of its rule says so.

Pure: from the plan in force, the rules' bounds and the stations as they are now, to what to release and until when
the rest waits. Committing a release is `services.releasing`'s work.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from batcher.planning.waiting import Waiting
from batcher.rules.bounds import BelowMinimum


class Reason(StrEnum):
    """Why a batch is released now, or what it waits for."""

    FULL = "full"
    LATEST_START = "latest_start"
    MAX_WAIT = "max_wait"
    CLOSE_AT = "close_at"
    RISK = "risk"  #: one more piece would save less than waiting for it risks
    FILLING = "filling"  #: waits for more pieces
    OTHER_SETUP = "other_setup"  #: full, but its station is set up for something else, and there is time
    NOT_READY = "not_ready"  #: a step before, or a rest, is not over
    QUEUE_FULL = "queue_full"  #: its station has enough tickets
    OPERATOR_ABSENT = "operator_absent"
    GIVES_WAY = "gives_way"  #: starting it now would make a more urgent batch late


#: Reasons to release, most urgent first.
RELEASING = (Reason.LATEST_START, Reason.MAX_WAIT, Reason.CLOSE_AT, Reason.RISK, Reason.FULL)


@dataclass(frozen=True)
class Candidate:
    """
    A tentative batch and what is known of it now; seconds from time 0 of its plan.

    Parameters
    ----------
    ready
        When all its jobs may start.
    latest_begin
        Latest safe begin, changeover included.
    wait_until
        When one of its jobs will have waited as long as its bounds let it; none: no bound does.
    closed
        A closing time of one of its jobs has passed since that could start.
    waiting
        What one more piece is worth; none: it waits as long as it can.
    """

    batch_id: str
    station: str
    setup_state: str
    seconds: int
    fill: float
    full: bool
    ready: int
    latest_begin: int
    wait_until: int | None
    closed: bool
    min_fill: float
    below_minimum: BelowMinimum
    exact: bool
    unattended: bool
    waiting: Waiting | None = None


@dataclass(frozen=True)
class StationNow:
    """
    A station as it is; seconds from time 0 of the plan.

    Parameters
    ----------
    free
        When its live tickets are through, at least now.
    slots
        How many more tickets it may be given.
    attended_from
        Next moment at or after `free` at which an operator is there.
    magazine_left
        Batches it may still start in the unattended gap at `free`.
    later_states
        Setup states of what it gets once steps before it have been made.
    """

    id: str
    free: int
    setup_state: str
    slots: int
    attended_from: int
    magazine_left: int
    setup_unattended: bool
    changeover_s: Mapping[str, int]  #: seconds into each state from `setup_state`
    later_states: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Decision:
    """What happens to one candidate; `until` tells when that changes by itself, `waiting` what waiting is worth."""

    batch_id: str
    release: bool
    reason: Reason
    until: int | None = None
    waiting: Waiting | None = None


def decide(candidates: Sequence[Candidate], station: StationNow, now: int, lead: int) -> list[Decision]:
    """
    Decide for all candidates of one station.

    Parameters
    ----------
    lead
        Seconds until this is asked again: what becomes due before then is due now.

    Returns
    -------
    list of Decision
        One for each candidate; at most one is released, since it changes the station for the others.
    """
    alone = len({c.setup_state for c in candidates} | station.later_states) == 1
    reasons = {c.batch_id: _reason(c, station, now, lead, alone=alone) for c in candidates}
    wanted = [c for c in candidates if reasons[c.batch_id] in RELEASING]
    wanted.sort(key=lambda c: _urgency(c, reasons[c.batch_id], station))
    chosen: Candidate | None = None
    held_back: dict[str, tuple[Reason, int | None]] = {}
    for candidate in wanted:
        obstacle = _obstacle(candidate, reasons[candidate.batch_id], candidates, station, lead)
        if obstacle is None and chosen is None:
            chosen = candidate
        else:
            held_back[candidate.batch_id] = obstacle or (Reason.QUEUE_FULL, station.free)
    decisions = []
    for c in candidates:
        if c is chosen:
            decisions.append(Decision(c.batch_id, True, reasons[c.batch_id], waiting=c.waiting))
        elif c.batch_id in held_back:
            decisions.append(Decision(c.batch_id, False, *held_back[c.batch_id]))
        else:
            decisions.append(
                Decision(c.batch_id, False, reasons[c.batch_id], _until(c, reasons[c.batch_id]), c.waiting)
            )
    return decisions


def _reason(c: Candidate, station: StationNow, now: int, lead: int, *, alone: bool) -> Reason:
    """Return why a batch goes or waits; `alone`: nothing else waits there for another setup state."""
    if c.ready > now:
        return Reason.NOT_READY
    if max(now, station.free) + lead >= c.latest_begin:
        return Reason.LATEST_START
    set_up = alone or not station.changeover_s.get(c.setup_state, 0)
    if c.full and set_up:
        return Reason.FULL
    if c.wait_until is not None and now >= c.wait_until and not c.exact:
        return Reason.MAX_WAIT
    enough = c.fill >= c.min_fill or c.below_minimum is BelowMinimum.RUN
    if c.closed and enough and not c.exact:
        return Reason.CLOSE_AT
    if not c.full and not c.exact and c.waiting is not None and not c.waiting.pays:
        return Reason.RISK
    return Reason.OTHER_SETUP if c.full else Reason.FILLING


def _urgency(c: Candidate, reason: Reason, station: StationNow) -> tuple[int, int, int]:
    """Sort what is due by its latest begin; what may wait, by what needs no changeover."""
    if reason is Reason.LATEST_START:
        return (0, c.latest_begin, 0)
    return (1, station.changeover_s.get(c.setup_state, 0), c.latest_begin)


def _obstacle(
    c: Candidate, reason: Reason, others: Sequence[Candidate], station: StationNow, lead: int
) -> tuple[Reason, int | None] | None:
    """Return why a batch that should go cannot go now, and until when; none when it can."""
    if station.slots <= 0:
        return Reason.QUEUE_FULL, station.free
    changeover = station.changeover_s.get(c.setup_state, 0)
    if station.attended_from > station.free and not _may_start_unattended(c, station, changeover):
        return Reason.OPERATOR_ABSENT, station.attended_from
    if reason is not Reason.LATEST_START:
        end = station.free + changeover + c.seconds + lead
        for other in others:
            if other is not c and other.ready <= end and station.free <= other.latest_begin < end:
                return Reason.GIVES_WAY, other.latest_begin
    return None


def _may_start_unattended(c: Candidate, station: StationNow, changeover: int) -> bool:
    return c.unattended and station.magazine_left > 0 and (changeover == 0 or station.setup_unattended)


def _until(c: Candidate, reason: Reason) -> int | None:
    if reason is Reason.NOT_READY:
        return c.ready
    limits = [c.latest_begin]
    if c.wait_until is not None and not c.exact:
        limits.append(c.wait_until)
    return min(limits)
