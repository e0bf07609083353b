"""
What one step of one piece waits for at this moment: the first thing that binds, in a code and in plain words.

From one read of the store, so that API, command line and a person without the daemon get the same answer. What is told
of whole orders is in `explain`, whom a station or rule keeps waiting in `hurts`.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from batcher.domain.calendars import Calendar
from batcher.domain.orders import Job
from batcher.domain.states import JobState, StationState, TicketState
from batcher.rules.floor import Station
from batcher.rules.ruleset import RuleSet
from batcher.services.context import Floor
from batcher.services.forecast import StationOutlook
from batcher.services.plan_view import PlannedBatch, latest_view
from batcher.services.queue import read_outlooks
from batcher.store import batches, blanks, orders, stations
from batcher.store.batches import LiveBatch
from batcher.store.session import Session

#: Calendars are looked at so far ahead.
_AHEAD = timedelta(days=14)


class Cause(StrEnum):
    """What a step waits for."""

    NO_PLAN = "no_plan"  #: nothing has been planned yet, or it came in since
    NOT_PLANNABLE = "not_plannable"  #: the rules have no way for it
    NO_ROOM = "no_room"  #: no station has room for it as far as is planned
    PREDECESSOR = "predecessor"  #: the step before, its own or of a piece of the same batch
    REST = "rest"  #: cooling or drying after the step before
    BLANK_OUT = "blank_out"  #: what it is made of has run out
    STATION_DOWN = "station_down"
    STATION_CLOSED = "station_closed"  #: outside its running hours
    OPERATOR_ABSENT = "operator_absent"  #: nobody is there to load it
    STATION_BUSY = "station_busy"  #: what goes first there
    CHANGEOVER_ORDER = "changeover_order"  #: its station is set up for something else, which goes first
    FILL = "fill"  #: more pieces for its batch
    IN_HAND = "in_hand"  #: nothing: a station is making it, or has it next
    IN_DOUBT = "in_doubt"  #: somebody must find out whether it was made


@dataclass(frozen=True)
class Binding:
    """
    What binds one step.

    Parameters
    ----------
    until
        As long as that lasts at most, as far as is known.
    """

    cause: Cause
    text: str
    until: datetime | None = None
    station: str | None = None
    rule: str | None = None


class CauseFinder:
    """
    The floor at one moment, ready to be asked of many steps.

    Parameters
    ----------
    say
        Writes an instant for people.
    ready
        From when each waiting job may start, where all of them have been read already.
    """

    def __init__(
        self,
        floor: Floor,
        session: Session,
        say: Callable[[datetime], str],
        ready: Mapping[str, datetime | None] | None = None,
    ) -> None:
        self._ready = ready
        self._rules: RuleSet = floor.rules.current
        self._now, self._session, self._say = floor.now(), session, say
        self.plan = latest_view(session)
        self._stations = stations.all_stations(session)
        self._outlooks: Mapping[str, StationOutlook] = read_outlooks(session, self._rules, self._now)
        self._live: dict[str, LiveBatch] = {entry.ticket_id: entry for entry in batches.live_batches(session)}
        self._ticket_of = {job.job_id: job.ticket_id for job in batches.live_jobs(session)}
        self._blanks_out, self._without_blank = blanks.blanks_out(session), blanks.items_waiting(session)
        self._unready: dict[str, tuple[int, datetime | None]] = {}

    def of_job(self, job: Job, before: Job | None) -> Binding:
        """
        Return what a step that is not done waits for.

        Parameters
        ----------
        before
            The step before it; none for a first one.
        """
        if job.state is JobState.RELEASED:
            return self._released(job)
        if job.item_id in self._without_blank:
            return self._blank(self._without_blank[job.item_id])
        if self.plan is None:
            return Binding(Cause.NO_PLAN, "waits for the first plan")
        if job.id in self.plan.left_out:
            return Binding(Cause.NOT_PLANNABLE, f"cannot be planned: {self.plan.left_out[job.id]}")
        batch = self.plan.batch_of.get(job.id)
        if job.ready_at is None and before is not None:
            return self._after(before, batch)
        if batch is None:
            return self._not_in_plan(job)
        if job.ready_at is not None and job.ready_at > self._now:
            return Binding(Cause.REST, f"rests until {self._say(job.ready_at)}", job.ready_at, None, batch.rule)
        return self._of_batch(batch)

    def _blank(self, name: str) -> Binding:
        out = self._blanks_out[name]
        told = f": {out.reason}" if out.reason else ""
        return Binding(Cause.BLANK_OUT, f"{name} has run out since {self._say(out.since)}{told}")

    def ends_at(self, job: Job) -> datetime | None:
        """Return when a step that is not done will end, as planned or as its ticket goes; none: not known."""
        if job.state is JobState.RELEASED:
            entry = self._live.get(self._ticket_of.get(job.id, ""))
            return None if entry is None else self._ticket_end(entry)
        batch = self.plan.batch_of.get(job.id) if self.plan else None
        return None if batch is None else batch.end_at

    def _ticket_end(self, entry: LiveBatch) -> datetime:
        outlook = self._outlooks.get(entry.batch.station)
        planned = entry.batch.end_at if outlook is None else outlook.ticket_ends.get(entry.ticket_id)
        return max(self._now, planned or entry.batch.end_at)

    def _released(self, job: Job) -> Binding:
        entry = self._live.get(self._ticket_of.get(job.id, ""))
        if entry is None:
            return Binding(Cause.IN_HAND, "released, its ticket is being written")
        batch, end = entry.batch, self._ticket_end(entry)
        told = f"{_TICKET_TEXTS.get(entry.state, entry.state.value)} at {batch.station} (ticket {entry.ticket_id})"
        if entry.state is TicketState.IN_DOUBT:
            return Binding(Cause.IN_DOUBT, told, None, batch.station, batch.rule)
        if entry.state is TicketState.RUNNING:
            return Binding(Cause.IN_HAND, told, end, batch.station, batch.rule)
        down = self._down(batch.station)
        if down is not None:
            return Binding(Cause.STATION_DOWN, f"{told}, which is down: {down}", None, batch.station, batch.rule)
        begin = end - (batch.end_at - batch.start_at) - timedelta(seconds=batch.changeover_s)
        opens = self._opens(self._rules.stations.get(batch.station))
        if opens is not None and not batch.unattended_ok and begin >= opens > self._now:
            absent = f"{told}; nobody is there to load it until {self._say(opens)}"
            return Binding(Cause.OPERATOR_ABSENT, absent, opens, batch.station, batch.rule)
        if begin > self._now:
            busy = f"{told}, behind other batches until {self._say(begin)}"
            return Binding(Cause.STATION_BUSY, busy, begin, batch.station, batch.rule)
        return Binding(Cause.IN_HAND, told, end, batch.station, batch.rule)

    def _after(self, before: Job, batch: PlannedBatch | None) -> Binding:
        ends = self.ends_at(before)
        when = "" if ends is None else f", which ends {self._say(ends)}"
        told = f"waits for step {before.step}, {before.process}{when}"
        return Binding(Cause.PREDECESSOR, told, ends, self._where(before), None if batch is None else batch.rule)

    def _where(self, job: Job) -> str | None:
        entry = self._live.get(self._ticket_of.get(job.id, ""))
        if entry is not None:
            return entry.batch.station
        batch = self.plan.batch_of.get(job.id) if self.plan else None
        return None if batch is None else batch.station

    def _not_in_plan(self, job: Job) -> Binding:
        assert self.plan is not None
        if job.id not in self.plan.unplanned:
            return Binding(Cause.NO_PLAN, "came in after the last plan; the next one takes it")
        able = [s.id for s in self._rules.stations.values() if s.process == job.process]
        down = [sid for sid in able if self._down(sid) is not None]
        if able and len(down) == len(able):
            told = f"every station that could do it is down: {', '.join(down)}"
            return Binding(Cause.STATION_DOWN, told, None, down[0])
        return Binding(Cause.NO_ROOM, "no station has room for it within the planning horizon")

    def _of_batch(self, batch: PlannedBatch) -> Binding:
        """Return what a planned batch waits for that this step could go with now."""
        station = self._rules.stations.get(batch.station)
        if station is None or self._down(batch.station) is not None:
            reason = self._down(batch.station) or "not in the rules any more"
            return self._bound(batch, Cause.STATION_DOWN, f"{batch.station} is down: {reason}", None)
        waiting, until = self._unready_of(batch)
        if waiting:
            told = f"waits for {waiting} other pieces of its batch, whose step before or rest is not over"
            return self._bound(batch, Cause.PREDECESSOR, told, until or batch.start_at)
        latest, opens = max(batch.latest_begin_at, self._now), self._opens(station)
        absent = opens is not None and opens > self._now and not self._loads_itself(station, batch)
        if absent and opens is not None and (batch.fill >= 1 or latest <= opens):
            told = f"nobody is there to load {batch.station} until {self._say(opens)}"
            return self._bound(batch, Cause.OPERATOR_ABSENT, told, opens)
        if batch.fill < 1 and batch.latest_begin_at > self._now:
            return self._bound(batch, Cause.FILL, self._filling(batch, latest), latest)
        return self._blocked(station, batch, latest)

    def _blocked(self, station: Station, batch: PlannedBatch, latest: datetime) -> Binding:
        """Return what keeps a batch that is full, or must go, from going now."""
        closed = self._next_opening(station.runs)
        if closed is not None and closed > self._now:
            told = f"{station.id} does not run until {self._say(closed)}"
            return self._bound(batch, Cause.STATION_CLOSED, told, closed)
        outlook = self._outlooks.get(station.id)
        if outlook is not None and outlook.setup_state != batch.setup_state and batch.start_at > self._now:
            told = (
                f"{station.id} is set up for {outlook.setup_state}, which goes first; the changeover to "
                f"{batch.setup_state} is planned to be over {self._say(batch.start_at)} (rule {batch.rule}), "
                f"and must begin by {self._say(latest)}"
            )
            return self._bound(batch, Cause.CHANGEOVER_ORDER, told, max(latest, batch.start_at))
        begin = max(batch.start_at, outlook.free_at if outlook is not None else batch.start_at)
        if begin > self._now:
            told = f"{station.id} has other work until {self._say(begin)}"
            return self._bound(batch, Cause.STATION_BUSY, told, begin)
        return self._bound(batch, Cause.IN_HAND, f"is released to {station.id} in a moment", self._now)

    def _bound(self, batch: PlannedBatch, cause: Cause, told: str, until: datetime | None) -> Binding:
        return Binding(cause, told, until, batch.station, batch.rule)

    def _filling(self, batch: PlannedBatch, latest: datetime) -> str:
        filled = f"{batch.fill:.0%} full"
        if batch.capacity:
            filled = f"{len(batch.jobs)} pieces, {filled}"
        return (
            f"waits for its batch on {batch.station} to fill (rule {batch.rule}, {filled} now); "
            f"planned for {self._say(batch.start_at)}, starts by {self._say(latest)} at the latest"
        )

    def _unready_of(self, batch: PlannedBatch) -> tuple[int, datetime | None]:
        """Return how many pieces of a batch may not start yet, and when the last of them that rests may."""
        found = self._unready.get(batch.id)
        if found is None:
            readies = self._readies(batch)
            later = [at for at in readies if at is None or at > self._now]
            known = [at for at in later if at is not None]
            until = max(known) if known and len(known) == len(later) else None
            found = self._unready[batch.id] = (len(later), until)
        return found

    def _readies(self, batch: PlannedBatch) -> list[datetime | None]:
        if self._ready is not None:
            return [self._ready[job] for job in batch.jobs if job in self._ready]
        return [entry.job.ready_at for entry in orders.work_of(self._session, batch.jobs)]

    def _loads_itself(self, station: Station, batch: PlannedBatch) -> bool:
        fixture, outlook = self._rules.fixtures.get(batch.fixture), self._outlooks.get(station.id)
        if fixture is None or outlook is None or not fixture.unattended:
            return False
        same = outlook.setup_state == batch.setup_state
        return outlook.magazine_used < station.magazine and (same or station.setup_unattended)

    def _down(self, station: str) -> str | None:
        row = self._stations.get(station)
        if row is None or row.state is not StationState.DOWN:
            return None
        return row.reason or "no reason was given"

    def _opens(self, station: Station | None) -> datetime | None:
        return None if station is None else self._next_opening(station.attended)

    def _next_opening(self, calendar: Calendar | None) -> datetime | None:
        """Return now when it is open, else when it opens; none: always open, or not in sight."""
        if calendar is None:
            return None
        hours = calendar.intervals(self._now, self._now + _AHEAD)
        return max(self._now, hours[0][0]) if hours else None


def first_open(jobs: Iterable[Job]) -> Job | None:
    """Return the first step that is neither done nor given up."""
    return next((job for job in jobs if job.state in (JobState.WAITING, JobState.RELEASED)), None)


_TICKET_TEXTS = {
    TicketState.RELEASED: "released, on its way to the station",
    TicketState.SENDING: "being handed over",
    TicketState.DELIVERED: "in the station's folder, not picked up yet",
    TicketState.ACCEPTED: "in the station's queue",
    TicketState.RUNNING: "being made now",
    TicketState.IN_DOUBT: "IN DOUBT: whether it was made must be found out",
}
