"""
Recall requests: a small file for each piece that a station was given and nobody wants any more.

A request, not an order: the station may have made the piece already. Each file is one piece and never changes, so that
it can come again, be taken away by the station, or be missed, and nothing depends on it. Which pieces they are is
decided in `store.cancel`.
"""

import json
from collections.abc import Mapping
from contextlib import suppress

from batcher.dispatch.disk import Disk, reason_of
from batcher.dispatch.folders import StationFolders
from batcher.errors import DispatchError

RECALL_FORMAT = "batcher-recall/1"


class RecallFolder:
    """
    The recall folder of one station.

    Parameters
    ----------
    folders
        The station's folders; the recall folder is created when the first request is written.
    disk
        The steps on the disk.
    """

    def __init__(self, folders: StationFolders, disk: Disk | None = None) -> None:
        self._folder, self._disk = folders.recall, disk or Disk()
        self._told: set[str] | None = None  #: none: what an earlier process left is not known yet

    def tell(self, wanted: Mapping[str, Mapping[str, object]]) -> list[str]:
        """
        Bring the folder to these requests, by item id; one that the station has taken away is not written again.

        Returns
        -------
        list of str
            Item ids of the requests that are new.

        Raises
        ------
        DispatchError
            The folder cannot be read or written; asked again, it goes on where it stopped.
        """
        try:
            if self._told is None:
                self._told = self._left()
            over = self._told - set(wanted)
            for item_id in sorted(over):
                self._disk.remove(self._folder / f"{item_id}.json")
            self._told -= over
            new = sorted(set(wanted) - self._told)
            for item_id in new:
                self._write(item_id, wanted[item_id])
                self._told.add(item_id)
        except OSError as error:
            raise DispatchError(f"recalls could not be told in {self._folder}: {error}", reason=reason_of(error)) from (
                error
            )
        return new

    def _left(self) -> set[str]:
        with suppress(FileNotFoundError):
            return {path.stem for path in self._folder.iterdir() if path.suffix == ".json"}
        return set()

    def _write(self, item_id: str, request: Mapping[str, object]) -> None:
        self._folder.mkdir(exist_ok=True)
        part = self._folder / f".{item_id}.part"
        self._disk.remove(part)
        content = json.dumps({"format": RECALL_FORMAT, **request}, indent=2, ensure_ascii=False) + "\n"
        self._disk.write_new(part, content.encode())
        self._disk.move(part, self._folder / f"{item_id}.json")
        self._disk.sync_folder(self._folder)
