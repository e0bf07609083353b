"""
A virtual machine: takes job tickets from its folder, makes them on the floor's clock, reports what came out.

It stands in for a real station in demonstrations and tests and knows of batcher only what `docs/tickets.md` says.
What it did is in its own log before it tells anybody, so that it can be killed at any moment: after a restart it
goes on with the batch on its bed, and never begins a ticket a second time. Its folders and its log are the only state.

Moments are exact floor time: a batch ends at its begin plus its changeover and run, and the next one waiting begins
right then, however late the loop came round to it.
"""

import random
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from batcher.domain.clock import Clock
from batcher.errors import DocumentError
from batcher.rules.floor import Station
from batcher.simulate.machine_folders import MachineFolders, put_away, ticket_files, write_report
from batcher.simulate.machine_log import Event, LogEntry, MachineLog, read_log
from batcher.simulate.machine_ticket import MachineTicket, read_ticket
from batcher.simulate.operators import earliest_begin

_FOREVER_AGO = timedelta(days=15)
_SHORTEST_PAUSE_S = 0.002
_LOOK_S = (0.02, 0.5)  #: real seconds between two looks into the folders, at least and at most


@dataclass(frozen=True)
class _Queued:
    ticket: MachineTicket
    accepted_at: datetime


@dataclass
class _Bed:
    """What lies on the machine."""

    ticket: MachineTicket
    loaded_at: datetime
    told_running: bool = False

    @property
    def running_at(self) -> datetime:
        return self.loaded_at + timedelta(seconds=self.ticket.changeover_s)

    @property
    def end_at(self) -> datetime:
        return self.running_at + timedelta(seconds=self.ticket.run_s)


class Machine:
    """
    One machine.

    Parameters
    ----------
    station
        Its calendars and magazine.
    started_at
        Since when it is switched on, floor time: what lies on its bed went on without it, nothing was begun.
    fail_rate
        Share of pieces that come out wrong, 0..1; which ones depends on `seed` and their job ids alone.

    Raises
    ------
    StoreLockedError
        When another process runs the same machine.
    """

    def __init__(
        self, station: Station, folders: MachineFolders, *, started_at: datetime, fail_rate: float = 0.0, seed: int = 0
    ) -> None:
        self.station, self.folders = station, folders
        self._fail_rate, self._seed = fail_rate, seed
        folders.create()
        self._log = MachineLog(folders.log)
        self._queue: dict[str, _Queued] = {}
        self._bed: _Bed | None = None
        self._known: set[str] = set()  # every ticket ever accepted
        self._begun_at: list[datetime] = []
        self._free_at = started_at
        self._begin_at: datetime | None = None  # of the first in the queue
        self._remember()

    def step(self, now: datetime) -> datetime | None:
        """Take new tickets, do all that is due by `now`, and return when something is due next; none while idle."""
        while self._advance(now):  # what was due before the new tickets came
            pass
        for path in ticket_files(self.folders.hot):
            self._take(path, now)
        while self._advance(now):
            pass
        if self._bed is not None:
            return self._bed.end_at if self._bed.told_running else self._bed.running_at
        return self._begin_at

    def close(self) -> None:
        """Give the machine free for another process."""
        self._log.close()

    def _remember(self) -> None:
        """Become what the log and the folders say: only the last line may not have been told."""
        entries = read_log(self.folders.log)
        accepted_at = {entry.ticket_id: entry.at for entry in entries if entry.event is Event.ACCEPTED}
        ended = {entry.ticket_id: entry.at for entry in entries if entry.event in (Event.DONE, Event.FAILED)}
        loaded_at = {entry.ticket_id: entry.at for entry in entries if entry.event is Event.LOADED}
        running = {entry.ticket_id for entry in entries if entry.event is Event.RUNNING}
        if entries:
            write_report(self.folders.reports, self.station.id, entries[-1])
        self._known = set(accepted_at)
        self._begun_at = sorted(loaded_at.values())
        self._free_at = max([self._free_at, *ended.values()])
        for path in ticket_files(self.folders.taken):
            ticket_id = path.stem
            if ticket_id in ended:
                put_away(path, self.folders.made)
            elif ticket_id not in accepted_at:  # taken, not yet logged: as if it were still to be taken
                path.rename(self.folders.hot / path.name)
            elif ticket_id in loaded_at:
                self._bed = _Bed(read_ticket(path.read_bytes()), loaded_at[ticket_id], ticket_id in running)
            else:
                self._queue[ticket_id] = _Queued(read_ticket(path.read_bytes()), accepted_at[ticket_id])
        self._choose()

    def _take(self, path: Path, now: datetime) -> None:
        ticket_id = path.stem
        if ticket_id in self._known:
            self._refuse(path, now, "was taken before")
            return
        taken = path.rename(self.folders.taken / path.name)
        try:
            ticket = read_ticket(taken.read_bytes())
        except DocumentError as error:
            self._refuse(taken, now, str(error))
            return
        if ticket.ticket_id != ticket_id or ticket.station != self.station.id:
            self._refuse(taken, now, f"is ticket {ticket.ticket_id} for {ticket.station}")
            return
        self._tell(LogEntry(now, ticket_id, Event.ACCEPTED))
        self._known.add(ticket_id)
        self._queue[ticket_id] = _Queued(ticket, now)
        self._choose()

    def _refuse(self, path: Path, now: datetime, reason: str) -> None:
        self._log.append(LogEntry(now, path.stem, Event.REFUSED, reason=reason))
        put_away(path, self.folders.refused)

    def _choose(self) -> None:
        """Settle when the first in the queue begins."""
        self._begin_at = None
        if self._bed is not None or not self._queue:
            return
        first = self._first()
        free_at = max(first.accepted_at, self._free_at)
        self._begun_at = [moment for moment in self._begun_at if moment > free_at - _FOREVER_AGO]
        self._begin_at = earliest_begin(
            self.station,
            free_at,
            changeover_s=first.ticket.changeover_s,
            run_s=first.ticket.run_s,
            unattended_ok=first.ticket.unattended_ok,
            begun_at=self._begun_at,
        )

    def _first(self) -> _Queued:
        return min(self._queue.values(), key=lambda queued: (queued.ticket.sequence, queued.ticket.ticket_id))

    def _advance(self, now: datetime) -> bool:
        """Do the next thing that is due; false when nothing is."""
        bed = self._bed
        if bed is None:
            if self._begin_at is None or self._begin_at > now:
                return False
            self._load(self._first().ticket, self._begin_at)
        elif not bed.told_running:
            if bed.running_at > now:
                return False
            self._tell(LogEntry(bed.running_at, bed.ticket.ticket_id, Event.RUNNING))
            bed.told_running = True
        else:
            if bed.end_at > now:
                return False
            self._finish(bed)
        return True

    def _load(self, ticket: MachineTicket, at: datetime) -> None:
        self._log.append(LogEntry(at, ticket.ticket_id, Event.LOADED))
        del self._queue[ticket.ticket_id]
        self._begun_at.append(at)
        self._bed = _Bed(ticket, at)

    def _finish(self, bed: _Bed) -> None:
        items = {item_id: self._outcome(job_id) for item_id, job_id in bed.ticket.jobs.items()}
        event = Event.DONE if "done" in items.values() else Event.FAILED
        reason = "came out wrong" if "failed" in items.values() else ""
        self._tell(LogEntry(bed.end_at, bed.ticket.ticket_id, event, items, reason))
        put_away(self.folders.taken / f"{bed.ticket.ticket_id}.json", self.folders.made)
        self._free_at, self._bed = max(self._free_at, bed.end_at), None
        self._choose()

    def _outcome(self, job_id: str) -> str:
        # A restart must find the same pieces spoilt: chance hangs on the piece's step, not on when it is asked.
        spoilt = random.Random(f"{self._seed}:{job_id}").random() < self._fail_rate  # noqa: S311 - chance, no secret
        return "failed" if spoilt else "done"

    def _tell(self, entry: LogEntry) -> None:
        self._log.append(entry)
        write_report(self.folders.reports, self.station.id, entry)


def run_machines(machines: Sequence[Machine], clock: Clock, stop: threading.Event) -> None:
    """Run machines until `stop` is set, in one loop: looks often enough that a floor second is not missed."""
    shortest, longest = _LOOK_S
    look_s = min(longest, max(shortest, clock.real_seconds(1)))
    while not stop.is_set():
        now = clock.now()
        due = [at for machine in machines if (at := machine.step(now)) is not None]
        until_s = clock.real_seconds((min(due) - clock.now()).total_seconds()) if due else look_s
        stop.wait(min(look_s, max(_SHORTEST_PAUSE_S, until_s)))
