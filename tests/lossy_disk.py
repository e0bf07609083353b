"""A disk that forgets what was not synced: the worst that a power cut may leave, on real folders."""

from pathlib import Path

from batcher.dispatch.disk import Disk


class PowerCutError(Exception):
    """The power is gone."""


class LossyDisk(Disk):
    """
    Loses power before its n-th step.

    A file's content survives from its sync on, a folder's names from the folder's sync on; a rename is two changes of
    names, of which either may survive alone.
    """

    def __init__(self, *folders: Path, cut_at: int) -> None:
        self.steps, self._cut_at = 0, cut_at
        self._synced: dict[int, bytes] = {}  # content by inode
        self._names = {folder: _names(folder) for folder in folders}
        for names in self._names.values():
            for path, inode in names.items():
                self._synced[inode] = path.read_bytes()

    def _step(self) -> None:
        self.steps += 1
        if self.steps == self._cut_at:
            raise PowerCutError

    def write(self, fd: int, content: bytes) -> None:
        self._step()
        super().write(fd, content)

    def sync(self, fd: int) -> None:
        self._step()
        super().sync(fd)
        path = Path(f"/proc/self/fd/{fd}")
        self._synced[path.stat().st_ino] = path.read_bytes()

    def sync_folder(self, path: Path) -> None:
        self._step()
        super().sync_folder(path)
        self._names[path] = _names(path)

    def move(self, source: Path, target: Path) -> None:
        self._step()
        super().move(source, target)

    def remove(self, path: Path) -> None:
        self._step()
        super().remove(path)

    def cut(self) -> None:
        """Leave the folders as the medium has them."""
        for folder, names in self._names.items():
            for path in folder.iterdir():
                path.unlink()
            for path, inode in names.items():
                path.write_bytes(self._synced.get(inode, b""))


def _names(folder: Path) -> dict[Path, int]:
    return {path: path.stat().st_ino for path in folder.iterdir()}
