"""Between the stations' folders and the store: tickets out, reports in."""

from pathlib import Path

import structlog

from batcher.dispatch.folder_mark import read_mark, write_mark
from batcher.dispatch.folders import station_folders
from batcher.dispatch.hotfolder import HotFolder
from batcher.dispatch.outbox import Sent, send_pending
from batcher.dispatch.recall_folder import RecallFolder
from batcher.dispatch.report_folder import ReportFile, ReportFolder
from batcher.domain.batches import StationReport
from batcher.domain.ids import new_id
from batcher.errors import DispatchError, Fault, InvariantError, NotFoundError, SettingsError, TransitionError
from batcher.services.artwork import artwork_dir
from batcher.services.context import Floor
from batcher.services.doubt import doubt_folder, tell_doubt
from batcher.services.printing import leave_papers
from batcher.services.recalling import tell_recalls
from batcher.services.reports import apply_reports
from batcher.store import stations

log = structlog.get_logger()

#: Failures that are of one report and not of the store: trying it again would fail again.
_ONE_REPORTS_FAULT = (TransitionError, InvariantError, NotFoundError)


_FOLDER_LOST = "the station's folder is gone, or is another one: it cannot be known what became of the ticket"


class StationDoors:
    """Where tickets go out and reports come in, for every station of the rules in force when it was made."""

    def __init__(self, floor: Floor) -> None:
        self._floor = floor
        known = floor.rules.current.stations
        folders = {sid: station_folders(floor.settings.state_dir, station) for sid, station in known.items()}
        self._folders = folders
        self._hot = {sid: HotFolder(entry) for sid, entry in folders.items()}
        self._recalls = {sid: RecallFolder(entry) for sid, entry in folders.items()}
        self._reports = {sid: ReportFolder(entry, sid) for sid, entry in folders.items()}

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
        for hot in self._hot.items():
            self._know(*hot)
        sent = send_pending(
            self._floor.store, self._hot, self._floor.now(), artwork_dir(self._floor.settings.state_dir)
        )
        for result in sent:
            if result.delivered:
                self._floor.metrics.tickets.labels(station=result.station, state="delivered").inc()
                self._floor.metrics.hand_over.observe(self._floor.clock.real_seconds(result.waited_s))
                leave_papers(self._floor, result.ticket_id, result.station)
                log.info("ticket_delivered", ticket_id=result.ticket_id, station=result.station)
            else:
                self._floor.metrics.dispatch_failures.labels(station=result.station).inc()
                log.error("ticket_not_delivered", ticket_id=result.ticket_id, station=result.station, why=result.error)
        tell_recalls(self._floor, self._recalls)
        return sent

    def _know(self, station: str, hot: HotFolder) -> None:
        """
        See that a station's folder is the one it was.

        In another one nothing says what became of tickets that were on their way, or lay there: they are put in doubt,
        and the new folder is used from now on. A folder that cannot be looked into is left for later.
        """
        try:
            found = read_mark(hot.folders)
            epoch = self._floor.store.epoch
            if found is not None and found == hot.mark and hot.epoch == epoch:
                return
            if found is None:
                found = new_id()
                write_mark(hot.folders, found)
            hot.lead(epoch)
        except DispatchError:  # sending to it fails too, and tells
            return
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
        """Tell whether a ticket could be handed to a station now."""
        try:
            self._hot[station].check()
        except DispatchError:
            return False
        return True

    def read(self) -> int:
        """
        Apply the reports that have come, each file put away only after its commit; return how many.

        In safe mode they stay where they are: one of a ticket that is not known yet would be taken for an orphan.
        """
        if self._floor.safe.mode is not None:
            return 0
        return sum(self._read(sid, folder) for sid, folder in self._reports.items())

    def _read(self, station: str, folder: ReportFolder) -> int:
        """Apply one station's reports in one commit; a folder that cannot be read is that station's trouble alone."""
        try:
            files = list(folder.read())
            self._refuse(folder, files)
            good = [(file.path, file.content) for file in files if isinstance(file.content, StationReport)]
            try:
                self._apply(folder, good)
            except _ONE_REPORTS_FAULT:
                for one in good:
                    self._apply_alone(folder, one)
        except DispatchError as error:
            self._floor.metrics.dispatch_failures.labels(station=station).inc()
            log.error("reports_unreadable", station=station, why=str(error))  # noqa: TRY400 - the message tells it all
            return 0
        return len(files)

    def _refuse(self, folder: ReportFolder, files: list[ReportFile]) -> None:
        for file in files:
            if isinstance(file.content, Fault):
                self._floor.metrics.reports.labels(outcome="unreadable").inc()
                log.warning("report_unreadable", file=file.path.name, why=str(file.content))
                folder.reject(file.path, str(file.content))

    def _apply(self, folder: ReportFolder, files: list[tuple[Path, StationReport]]) -> None:
        if files:
            apply_reports(self._floor, [report for _, report in files])
        for path, _ in files:
            folder.done(path, self._floor.now())

    def _apply_alone(self, folder: ReportFolder, file: tuple[Path, StationReport]) -> None:
        """Apply one report; one that breaks what must hold is put aside, so that it cannot hold up the others."""
        path, report = file
        try:
            self._apply(folder, [file])
        except _ONE_REPORTS_FAULT as error:
            log.exception("report_failed", station=report.station, ticket_id=report.ticket_id, code=error.code)
            self._floor.metrics.reports.labels(outcome="failed").inc()
            folder.reject(path, str(error))
