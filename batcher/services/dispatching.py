"""Between the stations' folders and the store: tickets out, reports in."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import structlog

from batcher.dispatch.folder_mark import read_mark, write_mark
from batcher.dispatch.folders import station_folders
from batcher.dispatch.hotfolder import HotFolder
from batcher.dispatch.outbox import Sent, send_pending
from batcher.dispatch.recall_folder import RecallFolder
from batcher.dispatch.report_folder import ReportFile, ReportFolder
from batcher.dispatch.shut_door import ShutDoor
from batcher.dispatch.transport import Transport
from batcher.domain.batches import StationReport
from batcher.domain.ids import new_id
from batcher.errors import DispatchError, Fault, InvariantError, NotFoundError, SettingsError, TransitionError
from batcher.services.artwork import artwork_dir
from batcher.services.context import Floor
from batcher.services.doubt import doubt_folder, tell_doubt
from batcher.services.lost_artwork import hold_lost_artwork
from batcher.services.printing import leave_papers
from batcher.services.recalling import tell_recalls
from batcher.services.reports import apply_reports
from batcher.store import stations

log = structlog.get_logger()

#: Failures that are of one report and not of the store: trying it again would fail again.
_ONE_REPORTS_FAULT = (TransitionError, InvariantError, NotFoundError)


#: Reports of one commit: a write lasts well under a second.
_TOGETHER = 500
#: A share that is gone for seconds is no reason to plan everything anew.
_CUT_OFF = timedelta(minutes=1)
_FOLDER_LOST = "the station's folder is gone, or is another one: it cannot be known what became of the ticket"


@dataclass(frozen=True)
class _Report:
    """A report and the file that it came in."""

    path: Path
    report: StationReport


@dataclass(frozen=True)
class _Away:
    """Why a station's folders cannot be used, as it was told, and since when."""

    why: str
    since: datetime


class StationDoors:
    """
    Where tickets go out and reports come in, for every station of the rules in force when it was made.

    Parameters
    ----------
    hands
        Stations to which tickets are handed over at the same time.
    """

    def __init__(self, floor: Floor, *, hands: int = 1) -> None:
        self._floor, self._hands = floor, hands
        known = floor.rules.current.stations
        folders = {sid: station_folders(floor.settings.state_dir, station) for sid, station in known.items()}
        self._folders = folders
        self._hot = {sid: HotFolder(entry) for sid, entry in folders.items()}
        self._recalls = {sid: RecallFolder(entry) for sid, entry in folders.items()}
        self._reports = {sid: ReportFolder(entry, sid) for sid, entry in folders.items()}
        self._away: dict[str, _Away] = {}

    def open(self) -> None:
        """
        Create our own folders and check that every station can be reached.

        Raises
        ------
        SettingsError
            Naming each station whose folders cannot be used, and why.
        """
        troubles = []
        for sid, folders in self._folders.items():
            try:
                folders.create()
                self._hot[sid].check()
            except (DispatchError, OSError) as error:
                troubles.append(f"station {sid}: {error}")
        if troubles:
            raise SettingsError("\n".join(troubles))

    def send(self) -> list[Sent]:
        """
        Hand over every released ticket whose station can be reached and has the folder it had; then the recalls.

        In safe mode nothing is handed over.
        """
        if self._floor.safe.mode is not None:
            return []
        artwork, doors = artwork_dir(self._floor.settings.state_dir), self._known()
        sent = send_pending(self._floor.store, doors, self._floor.now(), artwork, hands=self._hands)
        for result in sent:
            if result.delivered:
                self._floor.metrics.tickets.labels(station=result.station, state="delivered").inc()
                self._floor.metrics.hand_over.observe(self._floor.clock.real_seconds(result.waited_s))
                leave_papers(self._floor, result.ticket_id, result.station)
                log.info("ticket_delivered", ticket_id=result.ticket_id, station=result.station)
            else:
                self._floor.metrics.dispatch_failures.labels(station=result.station).inc()
                log.error("ticket_not_delivered", ticket_id=result.ticket_id, station=result.station, why=result.error)
        hold_lost_artwork(self._floor, [result.ticket_id for result in sent if result.reason == "artwork_missing"])
        tell_recalls(self._floor, self._recalls)
        return sent

    def _known(self) -> dict[str, Transport]:
        """Return what tickets go out by: nothing does where a station's folder cannot be known, and that is told."""
        doors: dict[str, Transport] = {}
        for station, hot in self._hot.items():
            try:
                self._know(station, hot)
                doors[station] = hot
            except DispatchError as error:
                doors[station] = ShutDoor(error)
        return doors

    def _know(self, station: str, hot: HotFolder) -> None:
        """
        See that a station's folder is the one it was, and that our epoch has begun in it.

        In another one nothing says what became of tickets that were on their way, or lay there: they are put in doubt,
        and the new folder is used from now on.

        Raises
        ------
        DispatchError
            When it cannot be looked into, marked or claimed.
        """
        found, epoch = read_mark(hot.folders), self._floor.store.epoch
        if found is not None and found == hot.mark and hot.epoch == epoch:
            return
        if found is None:
            found = new_id()
            write_mark(hot.folders, found)
        hot.lead(epoch)
        with self._floor.store.write() as session:
            known = stations.all_stations(session)[station].folder_id
            lost = known not in (None, found)
            doubted = doubt_folder(session, station, _FOLDER_LOST, self._floor.now()) if lost else []
            if known != found:
                stations.set_folder(session, station, found)
        hot.mark = found
        if lost:
            log.error("station_folder_replaced", station=station, doubted=len(doubted))
            tell_doubt(self._floor, station, doubted, _FOLDER_LOST)

    def reachable(self, station: str) -> bool:
        """Tell whether a ticket could be handed to a station now, and whether its reports could be read."""
        try:
            self._hot[station].check()
        except DispatchError:
            return False
        return station not in self._away

    def cut_off(self) -> set[str]:
        """Return the stations whose folders could not be used for a minute."""
        since = self._floor.now() - _CUT_OFF
        return {station for station, away in self._away.copy().items() if away.since <= since}

    def read(self) -> int:
        """
        Apply the reports that have come, each file put away only after its commit; return how many files came.

        In safe mode they stay where they are: one of a ticket that is not known yet would be taken for an orphan.
        """
        if self._floor.safe.mode is not None:
            return 0
        good, count = [], 0
        for station in self._reports:
            with self._trouble_of(station):
                files = list(self._reports[station].read())
                count += len(files)
                self._refuse(self._reports[station], files)
                good += [_Report(file.path, file.content) for file in files if isinstance(file.content, StationReport)]
                self._hot[station].check()
                if self._away.pop(station, None):
                    log.info("station_folders_back", station=station)
        for start in range(0, len(good), _TOGETHER):
            some = good[start : start + _TOGETHER]
            try:
                self._apply(some)
            except _ONE_REPORTS_FAULT:
                for one in some:
                    self._apply_alone(one)
        return count

    @contextmanager
    def _trouble_of(self, station: str) -> Iterator[None]:
        """Let a folder that cannot be used be that station's trouble alone; told once, and counted each time."""
        try:
            yield
        except DispatchError as error:
            self._floor.metrics.dispatch_failures.labels(station=station).inc()
            why, before = str(error), self._away.get(station)
            if before is None or before.why != why:
                self._away[station] = _Away(why, self._floor.now() if before is None else before.since)
                log.error("station_folders_away", station=station, why=why)  # noqa: TRY400 - the message tells it all

    def _refuse(self, folder: ReportFolder, files: list[ReportFile]) -> None:
        for file in files:
            if isinstance(file.content, Fault):
                self._floor.metrics.reports.labels(outcome="unreadable").inc()
                log.warning("report_unreadable", file=file.path.name, why=str(file.content))
                folder.reject(file.path, str(file.content))

    def _apply(self, some: list[_Report]) -> None:
        """Apply reports in one commit, and put their files away."""
        apply_reports(self._floor, [one.report for one in some])
        for one in some:
            with self._trouble_of(one.report.station):
                self._reports[one.report.station].done(one.path, self._floor.now())

    def _apply_alone(self, one: _Report) -> None:
        """Apply one report; one that breaks what must hold is put aside, so that it cannot hold up the others."""
        station, ticket_id = one.report.station, one.report.ticket_id
        try:
            self._apply([one])
        except _ONE_REPORTS_FAULT as error:
            log.exception("report_failed", station=station, ticket_id=ticket_id, code=error.code)
            self._floor.metrics.reports.labels(outcome="failed").inc()
            with self._trouble_of(station):
                self._reports[station].reject(one.path, str(error))
