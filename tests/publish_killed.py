"""
The outbox's four steps, killed at every step of the disk, in forks of one small process.

``python -m tests.publish_killed ROOT`` prints one JSON object per run: what a station ever saw, and what the journal
says. The journal stands in for the database: a line is committed or it is not.
"""

import json
import os
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from batcher.dispatch.disk import Disk
from batcher.dispatch.folders import StationFolders
from batcher.dispatch.hotfolder import HotFolder
from tests.forks import KILLED, in_a_fork

CONTENT = json.dumps({"ticket": "T1", "padding": "x" * 50_000}).encode()


class KilledDisk(Disk):
    """A disk whose process is gone before, in the middle of, or after its n-th step."""

    def __init__(self, step: int, moment: str) -> None:
        self.steps, self._step, self._moment = 0, step, moment

    def _do(self, step: Callable[[], object], half: Callable[[], object] | None = None) -> None:
        self.steps += 1
        if self.steps == self._step:
            if self._moment == "after":
                step()
            elif self._moment == "within" and half is not None:
                half()
            os._exit(KILLED)
        step()

    def write(self, fd: int, content: bytes) -> None:
        self._do(lambda: super(KilledDisk, self).write(fd, content), lambda: os.write(fd, content[: len(content) // 2]))

    def sync(self, fd: int) -> None:
        self._do(lambda: super(KilledDisk, self).sync(fd))

    def sync_folder(self, path: Path) -> None:
        self._do(lambda: super(KilledDisk, self).sync_folder(path))

    def move(self, source: Path, target: Path) -> None:
        self._do(lambda: super(KilledDisk, self).move(source, target))

    def remove(self, path: Path) -> None:
        self._do(lambda: super(KilledDisk, self).remove(path))

    def commit(self, journal: Path, state: str) -> None:
        """One commit of the database, which is atomic: before or after."""

        def write() -> None:
            with journal.open("a") as file:
                file.write(f"{state}\n")

        self._do(write)


def send(folders: StationFolders, journal: Path, disk: KilledDisk) -> None:
    """Do what is left to do, exactly as the outbox does."""
    states = journal.read_text().split() if journal.exists() else []
    transport = HotFolder(folders, disk)
    if "sending" not in states:
        transport.stage("T1", CONTENT)
        disk.commit(journal, "sending")
    if "delivered" not in states:
        transport.publish("T1")
        disk.commit(journal, "delivered")


def eat(folders: StationFolders, seen: list[bytes]) -> None:
    """Take what is visible, as a station does."""
    for path in sorted(folders.hot.iterdir()):
        seen.append(path.read_bytes())
        path.unlink()


def one_run(root: Path, kills: list[tuple[int, str]], eats: str) -> tuple[bool, dict[str, object]]:
    """Kill sending once per entry of `kills`, then let it through; also tell whether the last kill was reached."""
    folders = StationFolders(*(root / name for name in ("in", "stage", "out", "done", "bad", "recall", "papers")))
    root.mkdir()
    folders.create()
    journal, seen, reached = root / "journal", list[bytes](), False
    for step, moment in kills:
        reached = not in_a_fork(partial(send, folders, journal, KilledDisk(step, moment)))
        if eats == "at once":
            eat(folders, seen)
    assert in_a_fork(lambda: send(folders, journal, KilledDisk(0, "never")))
    eat(folders, seen)
    return reached, {
        "kills": kills,
        "eats": eats,
        "published": len(seen),
        "whole": all(content == CONTENT for content in seen),
        "journal": journal.read_text().split(),
        "left": sorted(path.name for path in folders.stage.iterdir()),
    }


def main() -> None:
    root, number = Path(sys.argv[1]), 0
    for eats in ("at once", "later"):
        for moment in ("before", "within", "after"):
            for second in (None, 1, 2, 3, 4):
                step, reached = 1, True
                while reached:
                    kills = [(step, moment)] if second is None else [(second, moment), (step, moment)]
                    number += 1
                    reached, told = one_run(root / str(number), kills, eats)
                    print(json.dumps(told))
                    step += 1


if __name__ == "__main__":
    main()
