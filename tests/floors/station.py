"""A station that makes what comes, and fails in the ways in which machines do."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from batcher.domain.batches import StationReport
from tests.crash.world import History, pieces_made
from tests.floors.faults import Luck


@dataclass
class Station:
    """Makes what comes, stands still or dies now and then, and tells each thing once, twice, late, again, or never."""

    name: str
    luck: Luck
    history: History
    still_until: datetime | None = None
    made: dict[str, bool] = field(default_factory=dict)  #: tickets, and whether every piece of them is good
    _due: list[tuple[datetime, StationReport]] = field(default_factory=list)
    _lost: list[StationReport] = field(default_factory=list)

    def take(self, document: Mapping[str, Any], now: datetime) -> None:
        """Make a ticket, and have its reports told at some time."""
        chance, ticket_id = self.luck.chance, str(document["ticket_id"])
        outcomes = {
            i["item_id"]: "failed" if self.luck.strikes(0.15, "a piece failed") else "done" for i in document["items"]
        }
        died = self.luck.strikes(0.2, "a station died mid-batch")
        if died:  # what it had not come to is lost
            reached = chance.randrange(len(outcomes))
            outcomes |= dict.fromkeys(list(outcomes)[reached:], "failed")
        self.made[ticket_id] = set(outcomes.values()) == {"done"}
        self.history.note("made", ticket_id, station=self.name, pieces=pieces_made(document, outcomes))
        end = "failed" if died else "done"
        for step, kind in enumerate(chance.choice(((end,), ("accepted", "running", end)))):
            told = outcomes if kind == end else {}
            at = now + timedelta(minutes=5 * (step + chance.randint(0, 4)))
            report = StationReport(f"{ticket_id}-{kind}", self.name, ticket_id, kind, at, told, "smudged")
            if self.luck.strikes(0.1, "a report lost"):
                self._lost.append(report)
            else:
                self._due += [(at, report)] * (2 if self.luck.strikes(0.2, "a report doubled") else 1)

    def due(self, now: datetime) -> list[StationReport]:
        """Return what it tells now; what it stands still for comes late, and what was lost once somebody has looked."""
        if self.luck.strikes(0.02, "a station stood still"):
            self.still_until = now + timedelta(hours=self.luck.chance.randint(1, 8))
        if self.luck.over:
            self.still_until = None
            self._due += [(now, report) for report in self._lost]
            self._lost = []
        if self.still_until is not None and now < self.still_until:
            return []
        told = [report for at, report in self._due if at <= now]
        self._due = [entry for entry in self._due if entry[0] > now]
        self.luck.chance.shuffle(told)
        return told

    def tell_again(self, report: StationReport, now: datetime) -> None:
        """Learn that a report was not taken."""
        self._due.append((now + timedelta(minutes=5), report))
