"""Between the stations' folders and the store: tickets out, reports in."""

import structlog

from batcher.dispatch.folders import station_folders
from batcher.dispatch.hotfolder import HotFolder
from batcher.dispatch.outbox import Sent, send_pending
from batcher.dispatch.report_folder import ReportFile, ReportFolder
from batcher.errors import DispatchError, Fault, SettingsError
from batcher.services.context import Floor
from batcher.services.reports import apply_report

log = structlog.get_logger()


class StationDoors:
    """Where tickets go out and reports come in, for every station of the rules in force when it was made."""

    def __init__(self, floor: Floor) -> None:
        self._floor = floor
        stations = floor.rules.current.stations
        folders = {sid: station_folders(floor.settings.state_dir, station) for sid, station in stations.items()}
        self._folders = folders
        self._hot = {sid: HotFolder(entry) for sid, entry in folders.items()}
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
            folders.create()
            try:
                self._hot[sid].check()
            except DispatchError as error:
                troubles.append(f"station {sid}: {error}")
        if troubles:
            raise SettingsError("\n".join(troubles))

    def send(self) -> list[Sent]:
        """Hand over every released ticket whose station can be reached."""
        sent = send_pending(self._floor.store, self._hot, self._floor.now())
        for result in sent:
            if result.delivered:
                self._floor.metrics.tickets.labels(station=result.station, state="delivered").inc()
                log.info("ticket_delivered", ticket_id=result.ticket_id, station=result.station)
            else:
                self._floor.metrics.dispatch_failures.labels(station=result.station).inc()
                log.error("ticket_not_delivered", ticket_id=result.ticket_id, station=result.station, why=result.error)
        return sent

    def read(self) -> int:
        """Apply the reports that have come, each file put away only after its commit; return how many."""
        return sum(self._read(sid, folder) for sid, folder in self._reports.items())

    def _read(self, station: str, folder: ReportFolder) -> int:
        """Apply one station's reports; a folder that cannot be read is that station's trouble alone."""
        count = 0
        try:
            for file in folder.read():
                self._apply(folder, file)
                count += 1
        except DispatchError as error:
            self._floor.metrics.dispatch_failures.labels(station=station).inc()
            log.error("reports_unreadable", station=station, why=str(error))  # noqa: TRY400 - the message tells it all
        return count

    def _apply(self, folder: ReportFolder, file: ReportFile) -> None:
        if isinstance(file.content, Fault):
            self._floor.metrics.reports.labels(outcome="unreadable").inc()
            log.warning("report_unreadable", file=file.path.name, why=str(file.content))
            folder.reject(file.path, str(file.content))
        else:
            apply_report(self._floor, file.content)
            folder.done(file.path, self._floor.now())
