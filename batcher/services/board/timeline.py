"""The timeline: what each station did, does and will do in a stretch of time, with who is there and who comes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from batcher.domain.batches import Batch
from batcher.domain.calendars import Interval
from batcher.domain.states import BatchState, OrderState, TicketState
from batcher.rules.floor import Process, Station
from batcher.services.board.stations import end_of
from batcher.services.context import Floor
from batcher.services.plan_view import PlannedBatch, PlanView, latest_view
from batcher.store import batches, board, stations
from batcher.store.session import Session

#: How many hours may be seen at once.
SPANS = (4, 8, 12, 24, 72, 168)
#: A share of the window lies behind now, and the window moves on by such steps.
_BEHIND, _STEPS = 0.25, 24
#: Batches drawn at most; a week of a large floor is more than anybody can see.
_MOST = 3000


class Look(StrEnum):
    """How sure a batch is."""

    DONE = "done"
    FAILED = "failed"
    RUNNING = "running"
    RELEASED = "released"
    IN_DOUBT = "in doubt"
    TENTATIVE = "tentative"


@dataclass(frozen=True)
class Window:
    """The stretch of time that is shown."""

    start: datetime
    end: datetime

    def share(self, instant: datetime) -> float:
        """Return where an instant lies in it, 0 to 1."""
        return (instant - self.start) / (self.end - self.start)


@dataclass(frozen=True)
class Bar:
    """A batch in time, a tentative one named by its first job; its changeover ends where it starts."""

    id: str
    look: Look
    fixture: str
    jobs: int
    fill: float
    changes_at: datetime
    start_at: datetime
    end_at: datetime


@dataclass(frozen=True)
class Lane:
    """One station."""

    station: str
    window: Window
    bars: tuple[Bar, ...]
    unattended: tuple[Interval, ...]
    collections: tuple[datetime, ...]


@dataclass(frozen=True)
class Timeline:
    """Every station in one window."""

    window: Window
    ticks: tuple[datetime, ...]
    collections: tuple[datetime, ...]
    lanes: tuple[Lane, ...]


def window_at(now: datetime, hours: int, shift: int) -> Window:
    """
    Return what to show; it moves on in steps, so that most of it stays where it is.

    Parameters
    ----------
    shift
        Windows further on, in halves; negative: back.
    """
    step_s = hours * 3600 // _STEPS
    start_s = now.timestamp() - hours * 3600 * _BEHIND + shift * hours * 1800
    start = datetime.fromtimestamp(start_s // step_s * step_s, UTC)
    return Window(start, start + timedelta(hours=hours))


def shift_keeping(hours: int, shift: int, wanted: int) -> int:
    """Return the shift by which a window of `wanted` hours shows the middle of what another one shows."""
    if not shift:
        return 0  # now stays where it is
    middle = hours * (0.5 - _BEHIND + shift / 2)
    return round((middle / wanted - 0.5 + _BEHIND) * 2)


def timeline(floor: Floor, hours: int, shift: int) -> Timeline:
    """Return the timeline around now, from one read of the store."""
    now, rules = floor.now(), floor.rules.current
    window = window_at(now, hours, shift)
    with floor.store.read() as session:
        bars, states = _facts(session, window, now)
        rows = stations.all_stations(session)
        known = {name: row.setup_state for name, row in rows.items() if row.setup_state is not None} | states
        for station in rules.stations.values():
            known.setdefault(station.id, station.initial_state)
        planned = _planned(session, latest_view(session), window)
        leaving = sorted(
            {
                count.leave_by_at
                for count in board.leaving(session, window.start, window.end)
                if count.state is not OrderState.CANCELLED
            }
        )
    lanes = []
    for station in rules.stations.values():
        process = rules.processes[station.process]
        ahead = _tentative(planned.get(station.id, ()), process, known[station.id])
        found = sorted([*bars.get(station.id, ()), *ahead], key=lambda bar: (bar.start_at, bar.id))
        lanes.append(Lane(station.id, window, tuple(found), _unattended(station, window), tuple(leaving)))
    return Timeline(window, _ticks(window, hours), tuple(leaving), tuple(lanes))


def _facts(session: Session, window: Window, now: datetime) -> tuple[dict[str, list[Bar]], dict[str, str]]:
    """Return what was released, by station, and the setup state that its last live batch leaves each station in."""
    live = {entry.batch.id: entry for entry in batches.live_batches(session)}
    bars: dict[str, list[Bar]] = {}
    for batch in board.batches_between(session, window.start, window.end, _MOST):
        entry = live.get(batch.id)
        end_at = batch.ended_at or (end_of(entry) if entry is not None else batch.end_at)
        doubted = entry is not None and entry.state is TicketState.IN_DOUBT
        bar = _bar(batch, Look.IN_DOUBT if doubted else _look(batch), end_at)
        bars.setdefault(batch.station, []).append(_put_off(bar, now.replace(second=0, microsecond=0)))
    return bars, {entry.batch.station: entry.batch.setup_state for entry in live.values()}


def _look(batch: Batch) -> Look:
    return {BatchState.RELEASED: Look.RELEASED, BatchState.RUNNING: Look.RUNNING, BatchState.DONE: Look.DONE}.get(
        batch.state, Look.FAILED
    )


def _bar(batch: Batch, look: Look, end_at: datetime) -> Bar:
    start_at = batch.started_at or batch.start_at
    changes_at = start_at - timedelta(seconds=batch.changeover_s)
    return Bar(batch.id, look, batch.fixture, batch.jobs, batch.fill, changes_at, start_at, max(start_at, end_at))


def _put_off(bar: Bar, now: datetime) -> Bar:
    """Return what should have begun, or ended, as it can at best: from this minute on."""
    if bar.look is Look.RUNNING and bar.end_at < now:
        return replace(bar, end_at=now)
    if bar.look is not Look.RELEASED or bar.changes_at >= now:
        return bar
    late = now - bar.changes_at
    return replace(bar, changes_at=now, start_at=bar.start_at + late, end_at=bar.end_at + late)


def _planned(session: Session, plan: PlanView | None, window: Window) -> Mapping[str, list[PlannedBatch]]:
    """Return the tentative batches in the window whose pieces all still wait, by station."""
    shown = [batch for batch in plan.batches if batch.start_at < window.end] if plan else []
    shown = shown[:_MOST]
    waiting = board.still_waiting(session, [job for batch in shown for job in batch.jobs])
    found: dict[str, list[PlannedBatch]] = {}
    for batch in shown:
        if waiting.issuperset(batch.jobs):
            found.setdefault(batch.station, []).append(batch)
    return found


def _tentative(planned: Iterable[PlannedBatch], process: Process, state: str) -> list[Bar]:
    bars = []
    for batch in planned:
        change = timedelta(seconds=process.changeover_between(state, batch.setup_state).seconds)
        state, start_at = batch.setup_state, batch.start_at
        bars.append(
            Bar(
                batch.jobs[0], Look.TENTATIVE, batch.fixture, len(batch.jobs), batch.fill, start_at - change, start_at,
                batch.end_at,
            )
        )  # fmt: skip
    return bars


def _unattended(station: Station, window: Window) -> tuple[Interval, ...]:
    """Return when nobody is there; nothing where nobody is needed."""
    if station.attended is None:
        return ()
    gaps, at = [], window.start
    for start, end in station.attended.intervals(window.start, window.end):
        if start > at:
            gaps.append((at, start))
        at = end
    return (*gaps, (at, window.end)) if at < window.end else tuple(gaps)


def _ticks(window: Window, hours: int) -> tuple[datetime, ...]:
    """Return the full hours, or days, to write at the axis: some dozen."""
    every = timedelta(hours={4: 0.5, 8: 1, 12: 1, 24: 2, 72: 6}.get(hours, 24))
    first = window.start.timestamp() // every.total_seconds() * every.total_seconds()
    instants = (datetime.fromtimestamp(first, UTC) + every * number for number in range(1, 60))
    return tuple(at for at in instants if window.start <= at < window.end)
