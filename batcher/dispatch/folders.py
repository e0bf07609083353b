"""
Where a station's folders lie.

By default all of them are below the state directory; rules may put the hot folder and the report folder where the
machine's own software looks for them. What is done in them is in `hotfolder` and `report_folder`.
"""

from dataclasses import dataclass
from pathlib import Path

from batcher.rules.floor import Station


@dataclass(frozen=True)
class StationFolders:
    """
    The folders of one station.

    Parameters
    ----------
    hot
        Where the station looks for tickets.
    stage
        Where tickets are written before they become visible: never inside the hot folder, since some machines
        scan sub-folders too, and always on its file system.
    reports
        Where the station puts its reports.
    done
        Reports that have been dealt with, by day.
    bad
        Reports that could not be used, each with its reason.
    recall
        Where the station is told which pieces nobody wants any more: outside the hot folder, as the stage folder is.
    papers
        Where sheets and labels are left for people, if that is wanted: likewise.
    """

    hot: Path
    stage: Path
    reports: Path
    done: Path
    bad: Path
    recall: Path
    papers: Path

    def create(self) -> None:
        """
        Create our own folders, and the hot and the report folder where the default is used.

        Configured ones are the machine's: on a share that is not mounted, a folder made by us would swallow tickets.
        """
        home = self.done.parent
        for path in (self.done, self.bad, self.hot, self.reports):
            if path.parent == home:
                path.mkdir(parents=True, exist_ok=True)
        if self.hot.is_dir():
            self.stage.mkdir(exist_ok=True)


def station_folders(state_dir: Path, station: Station) -> StationFolders:
    """Return a station's folders; paths of the rules are absolute or relative to the state directory."""
    home = state_dir / "stations" / station.id
    hot = state_dir / station.hot_folder if station.hot_folder else home / "in"
    return StationFolders(
        hot=hot,
        # Beside the hot folder: if that is a mount point of its own, the check of file systems says so.
        stage=hot.with_name(f"{hot.name}.stage") if station.hot_folder else home / "stage",
        reports=state_dir / station.report_folder if station.report_folder else home / "out",
        done=home / "done",
        bad=home / "bad",
        recall=hot.with_name(f"{hot.name}.recall") if station.hot_folder else home / "recall",
        papers=hot.with_name(f"{hot.name}.papers") if station.hot_folder else home / "papers",
    )
