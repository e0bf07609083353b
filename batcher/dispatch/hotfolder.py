"""
Tickets as files in a folder that a station watches: never half a file, never twice, whatever is killed when.

The staged file is a token: it is renamed into the hot folder once, in one step. A station may eat the file at any
moment after that, so the hot folder itself tells nothing; only the token does. While it is there the ticket was not
published; when it is gone it was. When states are committed is the outbox's part.

A token's name has the epoch of the leader that staged it. A leader of before that wakes up in the middle of its work
touches no token but its own, and no token counts but that of the epoch in which *sending* was committed.
"""

import errno
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from batcher.dispatch.disk import Disk, reason_of
from batcher.dispatch.folder_mark import claim, latest_epoch, read_mark
from batcher.dispatch.folders import StationFolders
from batcher.dispatch.sent_journal import SentJournal
from batcher.errors import DispatchError, InvariantError

_OWN_ID = re.compile(r"[0-9A-Za-z-]{1,64}")
_FILE = re.compile(r"[0-9A-Za-z-]{1,140}\.[a-z]{3,4}")


class HotFolder:
    """
    The hot folder of one station.

    Parameters
    ----------
    folders
        The station's folders; the hot and the stage folder must exist, on one file system.
    disk
        The steps on the disk.
    epoch
        In which we lead; 0 when we only look, or tidy up.

    Attributes
    ----------
    mark
        The stage folder's id; with another one there, nothing is done: a token that is gone would say nothing.
    """

    def __init__(self, folders: StationFolders, disk: Disk | None = None, *, epoch: int = 0) -> None:
        self.folders, self.epoch, self.mark = folders, epoch, ""
        self.hot, self.stage_folder = folders.hot, folders.stage
        self._disk = disk or Disk()
        self._journal = SentJournal(folders, self._disk)

    def lead(self, epoch: int) -> None:
        """
        Note in the folder that our epoch has begun, so that a leader of before refuses itself.

        Raises
        ------
        DispatchError
            With `reason` epoch_over when a later one has begun, else as for `stage`.
        """
        self.epoch = epoch
        self._refuse_late()
        claim(self.folders, epoch, self._disk)

    def place(self, name: str, file: Path) -> None:
        """
        Put a copy of a file into the hot folder, whole from the moment it is visible.

        Raises
        ------
        DispatchError
            With `reason` as for `stage`, or artwork_missing.
        """
        if not _FILE.fullmatch(name):
            raise InvariantError(f"{name!r} is not a name of ours; nothing else becomes a file name")
        try:
            content = file.read_bytes()
        except OSError as error:
            raise DispatchError(f"the artwork {name} is not in the house: {error}", reason="artwork_missing") from error
        staged, visible = self.stage_folder / name, self.hot / name
        with self._told(f"the artwork {name} could not be placed"):
            self._check()
            if visible.is_file() and visible.stat().st_size == len(content):
                return
            self._disk.remove(staged)
            self._disk.write_new(staged, content)
            self._disk.remove(visible)
            self._disk.move(staged, visible)
            self._disk.sync_folder(self.hot)

    def stage(self, ticket_id: str, content: bytes) -> None:
        """
        Write a ticket durably beside the hot folder.

        What an earlier try left is thrown away and written anew: its content may never have reached the medium.

        Raises
        ------
        DispatchError
            With `reason` folder_missing, folder_replaced, epoch_over, not_writable, disk_full, other_file_system or
            io_error.
        """
        staged = self._staged(ticket_id, self.epoch)
        with self._told(f"ticket {ticket_id} could not be staged"):
            self._check()
            self._refuse_late()
            self._discard(ticket_id)
            self._disk.write_new(staged, content)
            self._disk.sync_folder(self.stage_folder)

    def publish(self, ticket_id: str, staged_in: int | None = None) -> None:
        """
        Rename a staged ticket into the hot folder; one whose token is gone was published and is only made durable.

        Parameters
        ----------
        staged_in
            The epoch in which it was committed as on its way; none: ours.

        Raises
        ------
        DispatchError
            With `reason` as for `stage`, or name_taken when a foreign file has the ticket's name. Folders that are not
            there are one too: an unmounted share must not read as "published".
        """
        epoch = self.epoch if staged_in is None else staged_in
        staged, visible = self._staged(ticket_id, epoch), self.hot / f"{ticket_id}.json"
        with self._told(f"ticket {ticket_id} could not be published"):
            self._check()
            self._refuse_late()
            try:
                self._disk.move(staged, visible)
            except FileExistsError:
                if visible.read_bytes() != staged.read_bytes():
                    raise
                self._disk.remove(staged)  # a power cut kept both ends of an earlier rename
            except OSError:
                # Network file systems may rename and still report an error: the token knows.
                if os.path.lexists(staged):
                    raise
            for stale in set(self._tokens(ticket_id)) - {staged}:  # another epoch's: nobody has committed it
                self._disk.remove(stale)
            # The new name first: should power fail between the two, the ticket is in both folders rather than in none.
            self._disk.sync_folder(self.hot)
            self._disk.sync_folder(self.stage_folder)

    def note(self, documents: Sequence[Mapping[str, object]]) -> None:
        """Keep which tickets are about to be published, for a day on which the database comes from a backup."""
        self._journal.note(documents)

    def discard(self, ticket_id: str) -> None:
        """
        Throw away a staged ticket that was taken back before it was sent: it holds what somebody had printed.

        So are tokens that leaders of before have left for it.

        Raises
        ------
        DispatchError
            With `reason` as for `stage`.
        """
        with self._told(f"staged ticket {ticket_id} could not be thrown away"):
            self._discard(ticket_id)

    def is_staged(self, ticket_id: str) -> bool:
        """Tell whether a ticket has a token, of whichever epoch."""
        return bool(self._tokens(ticket_id))

    def check(self) -> None:
        """
        Check that tickets could be published now.

        Raises
        ------
        DispatchError
            With `reason` folder_missing, not_writable or other_file_system.
        """
        with self._told("the hot folder cannot be used"):
            self._check()
            for folder in (self.hot, self.stage_folder):
                if not os.access(folder, os.W_OK | os.X_OK):
                    raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(folder))

    def _discard(self, ticket_id: str) -> None:
        for token in self._tokens(ticket_id):
            self._disk.remove(token)

    def _tokens(self, ticket_id: str) -> list[Path]:
        own = f"{_own(ticket_id)}."
        try:
            names = os.listdir(self.stage_folder)  # noqa: PTH208 - as names: this is asked twice for every ticket
        except FileNotFoundError:
            return []
        return [self.stage_folder / name for name in names if name.startswith(own) and name.endswith(".tmp")]

    def _staged(self, ticket_id: str, epoch: int) -> Path:
        return self.stage_folder / f"{_own(ticket_id)}.{epoch}.tmp"

    def _check(self) -> None:
        """Refuse missing folders, and two file systems: a rename across them would be a copy that can be seen half."""
        devices = set()
        for folder in (self.hot, self.stage_folder):
            if not folder.is_dir():
                raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(folder))
            devices.add(folder.stat().st_dev)
        if len(devices) > 1:
            raise OSError(errno.EXDEV, "hot folder and stage folder lie on different file systems", str(self.hot))
        if self.mark and read_mark(self.folders) != self.mark:
            raise DispatchError(f"{self.stage_folder} is another folder than it was", reason="folder_replaced")

    def _refuse_late(self) -> None:
        begun = latest_epoch(self.folders)
        if begun > self.epoch:
            message = f"epoch {self.epoch} is over; {self.stage_folder} is in epoch {begun}"
            raise DispatchError(message, reason="epoch_over")

    @contextmanager
    def _told(self, what: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise DispatchError(f"{what}: {error}", reason=reason_of(error)) from error


def _own(ticket_id: str) -> str:
    if not _OWN_ID.fullmatch(ticket_id):
        raise InvariantError(f"{ticket_id!r} is not an id of ours; nothing else becomes a file name")
    return ticket_id
