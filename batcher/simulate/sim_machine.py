"""
A machine on simulated time: takes job tickets, makes them, reports, and remembers what it really did.

The virtual station without folders and processes. It knows of batcher only what a ticket says, has a setup of its own
that it changes over as it must, and works by its own calendars, which need not be those the rules tell.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import exp
from random import Random

from batcher.domain.batches import StationReport
from batcher.rules.floor import Process, Station
from batcher.simulate.machine_ticket import MachineTicket, read_ticket
from batcher.simulate.operators import earliest_begin
from batcher.simulate.scenario import Scenario, chance

_FOREVER_AGO = timedelta(days=15)


@dataclass(frozen=True)
class Run:
    """
    One batch as the machine made it.

    Parameters
    ----------
    loaded_at
        When it began, with its changeover if there was one.
    seconds
        How long it ran, standstills left out.
    made, failed
        Job ids.
    """

    station: str
    batch_id: str
    loaded_at: datetime
    running_at: datetime
    ended_at: datetime
    changed_over: bool
    changeover_s: int
    changeover_cost: int
    seconds: float
    unattended: bool
    made: tuple[str, ...]
    failed: tuple[str, ...]


@dataclass
class _Bed:
    """What lies on the machine."""

    ticket: MachineTicket
    loaded_at: datetime
    running_at: datetime
    end_at: datetime
    seconds: float
    changeover_s: int
    changeover_cost: int
    told_running: bool = False


class PieceNumbers:
    """Counts the pieces of each order as machines first see them: a name for luck that is the same in every run."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._counts: dict[str, int] = {}

    def of(self, order_id: str, item_id: str) -> int:
        """Return a piece's number within its order."""
        number = self._numbers.get(item_id)
        if number is None:
            number = self._numbers[item_id] = self._counts[order_id] = self._counts.get(order_id, 0) + 1
        return number


class SimMachine:
    """
    One machine.

    Parameters
    ----------
    station
        Its calendars and magazine, as they really are.
    process
        Its changeovers.
    tell
        Where its reports go.
    """

    def __init__(
        self,
        station: Station,
        process: Process,
        scenario: Scenario,
        pieces: PieceNumbers,
        tell: Callable[[StationReport], None],
    ) -> None:
        self.station, self._process, self._scenario, self._pieces = station, process, scenario, pieces
        self._tell_batcher = tell
        self._state = station.initial_state
        self._queue: list[MachineTicket] = []
        self._bed: _Bed | None = None
        self._begun_at: list[datetime] = []
        self._free_at: datetime | None = None
        self._begin_at: datetime | None = None  # of the first in the queue
        self.runs: list[Run] = []

    def next_at(self) -> datetime | None:
        """Return when it will do something by itself; none while idle."""
        bed = self._bed
        if bed is None:
            return self._begin_at
        return bed.end_at if bed.told_running else bed.running_at

    def take(self, content: bytes, now: datetime) -> None:
        """Take a ticket."""
        ticket = read_ticket(content)
        self._queue.append(ticket)
        self._queue.sort(key=lambda queued: (queued.sequence, queued.ticket_id))
        self._tell(ticket, "accepted", now)
        if self._bed is None:
            self._choose(now)

    def advance(self, now: datetime) -> None:
        """Do all that is due by now."""
        while (at := self.next_at()) is not None and at <= now:
            bed = self._bed
            if bed is None:
                self._load(at)
            elif not bed.told_running:
                bed.told_running = True
                self._tell(bed.ticket, "running", at)
            else:
                self._finish(bed)

    def stand_still(self, now: datetime, until: datetime) -> None:
        """Break down until a moment: what lies on it goes on then, nothing is begun before."""
        if self._bed is not None:
            lost = until - now
            self._bed.end_at += lost
            if not self._bed.told_running:
                self._bed.running_at += lost
            return
        self._free_at = until
        self._choose(until)

    def _choose(self, now: datetime) -> None:
        """Settle when the first in the queue begins."""
        self._begin_at = None
        if not self._queue:
            return
        first = self._queue[0]
        free_at = now if self._free_at is None else max(now, self._free_at)
        self._begun_at = [moment for moment in self._begun_at if moment > free_at - _FOREVER_AGO]
        self._begin_at = earliest_begin(
            self.station,
            free_at,
            changeover_s=self._changeover(first)[0],
            run_s=first.run_s,
            unattended_ok=first.unattended_ok,
            begun_at=self._begun_at,
        )

    def _changeover(self, ticket: MachineTicket) -> tuple[int, int]:
        """Return seconds and cost of the changeover that a ticket really needs, whatever it was told."""
        change = self._process.changeover_between(self._state, ticket.setup_state)
        return change.seconds, change.cost_minor

    def _load(self, at: datetime) -> None:
        ticket = self._queue.pop(0)
        seconds, cost = self._changeover(ticket)
        running_at = at + timedelta(seconds=seconds)
        lasts = ticket.run_s * self._pace(ticket)
        end_at = running_at + timedelta(seconds=lasts)
        self._bed = _Bed(ticket, at, running_at, end_at, lasts, seconds, cost)
        self._begun_at.append(at)
        self._begin_at = None

    def _finish(self, bed: _Bed) -> None:
        ticket = bed.ticket
        failed = [item for item in ticket.jobs if self._spoilt(item, ticket)]
        made = [item for item in ticket.jobs if item not in failed]
        kind = "done" if made else "failed"
        self.runs.append(
            Run(
                station=self.station.id,
                batch_id=ticket.batch_id,
                loaded_at=bed.loaded_at,
                running_at=bed.running_at,
                ended_at=bed.end_at,
                changed_over=self._state != ticket.setup_state,
                changeover_s=bed.changeover_s,
                changeover_cost=bed.changeover_cost,
                seconds=bed.seconds,
                unattended=self._alone_at(bed.loaded_at),
                made=tuple(ticket.jobs[item] for item in made),
                failed=tuple(ticket.jobs[item] for item in failed),
            )
        )
        self._state, self._bed, self._free_at = ticket.setup_state, None, bed.end_at
        self._tell(ticket, kind, bed.end_at, dict.fromkeys(failed, "failed") if made else {})
        self._choose(bed.end_at)

    def _alone_at(self, at: datetime) -> bool:
        attended = self.station.attended
        return attended is not None and not attended.intervals(at, at + timedelta(seconds=1))

    def _spoilt(self, item: str, ticket: MachineTicket) -> bool:
        return self._luck("piece", item, ticket).random() < self._scenario.fail_rate

    def _pace(self, ticket: MachineTicket) -> float:
        """Return how long it takes, as a share of what was planned."""
        noise = self._scenario.time_noise
        return exp(self._luck("pace", next(iter(ticket.jobs)), ticket).gauss(-noise * noise / 2, noise))

    def _luck(self, what: str, item: str, ticket: MachineTicket) -> Random:
        order_id = ticket.orders[item]
        step = ticket.jobs[item].rpartition("-")[2]
        return chance(self._scenario.seed, what, order_id, self._pieces.of(order_id, item), step)

    def _tell(self, ticket: MachineTicket, kind: str, at: datetime, items: dict[str, str] | None = None) -> None:
        reason = "came out wrong" if items or kind == "failed" else ""
        report_id = f"{ticket.ticket_id}-{kind}"
        self._tell_batcher(StationReport(report_id, self.station.id, ticket.ticket_id, kind, at, items or {}, reason))
