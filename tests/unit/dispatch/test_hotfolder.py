"""The staged token: one publish, never half a file, whatever is killed or refused."""

import errno
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from batcher.dispatch.disk import Disk
from batcher.dispatch.folders import StationFolders, station_folders
from batcher.dispatch.hotfolder import HotFolder
from batcher.errors import DispatchError, InvariantError
from tests.builders_stations import a_station


def the_folders(root: Path) -> StationFolders:
    folders = station_folders(root, a_station())
    folders.create()
    return folders


class RecordingDisk(Disk):
    """Tells which steps were taken, and fails the one it is told to."""

    def __init__(self, fail: str = "", number: int = errno.EIO) -> None:
        self.steps: list[str] = []
        self._fail, self._errno = fail, number

    def _note(self, step: str) -> None:
        self.steps.append(step)
        if step == self._fail:
            raise OSError(self._errno, os.strerror(self._errno))

    def write(self, fd: int, content: bytes) -> None:
        self._note("write")
        super().write(fd, content)

    def sync(self, fd: int) -> None:
        self._note("sync")
        super().sync(fd)

    def sync_folder(self, path: Path) -> None:
        self._note(f"sync {path.name}/")
        super().sync_folder(path)

    def move(self, source: Path, target: Path) -> None:
        self._note("move")
        super().move(source, target)


def test_a_staged_ticket_is_invisible_until_it_is_published(tmp_path: Path) -> None:
    folders = the_folders(tmp_path)
    transport = HotFolder(folders)
    transport.stage("T1", b"one")
    assert list(folders.hot.iterdir()) == []
    transport.publish("T1")
    assert list(folders.stage.iterdir()) == []
    assert [(path.name, path.read_bytes()) for path in folders.hot.iterdir()] == [("T1.json", b"one")]


def test_content_and_names_are_on_the_medium_before_the_next_step(tmp_path: Path) -> None:
    disk = RecordingDisk()
    transport = HotFolder(the_folders(tmp_path), disk)
    transport.stage("T1", b"one")
    assert disk.steps == ["write", "sync", "sync stage/"]
    transport.publish("T1")
    assert disk.steps[3:] == ["move", "sync in/", "sync stage/"]


def test_killed_at_any_step_a_ticket_is_published_once_and_whole(tmp_path: Path) -> None:
    told = subprocess.run(
        [sys.executable, "-m", "tests.publish_killed", str(tmp_path)], capture_output=True, text=True, check=True
    )
    runs = [json.loads(line) for line in told.stdout.splitlines()]
    assert told.stderr == ""
    assert len(runs) > 250
    assert {step for run in runs for step, _ in run["kills"]} == set(range(1, 11))  # the tenth is past the last
    wrong = [
        run
        for run in runs
        if (run["published"], run["whole"], run["journal"], run["left"]) != (1, True, ["sending", "delivered"], [])
    ]
    assert wrong == []


def test_staging_again_replaces_what_an_earlier_try_left(tmp_path: Path) -> None:
    folders = the_folders(tmp_path)
    (folders.stage / "T1.0.tmp").write_bytes(b"half of a tick")
    transport = HotFolder(folders)
    transport.stage("T1", b"whole")
    transport.publish("T1")
    assert (folders.hot / "T1.json").read_bytes() == b"whole"


def test_publishing_again_after_the_station_took_it_changes_nothing(tmp_path: Path) -> None:
    folders = the_folders(tmp_path)
    transport = HotFolder(folders)
    transport.stage("T1", b"one")
    transport.publish("T1")
    (folders.hot / "T1.json").unlink()
    transport.publish("T1")
    assert list(folders.hot.iterdir()) == []


def test_a_leader_of_before_is_refused_once_another_has_begun(tmp_path: Path) -> None:
    folders = the_folders(tmp_path)
    old, new = HotFolder(folders), HotFolder(folders)
    old.lead(3)
    old.stage("T1", b"one")
    new.lead(4)
    for step in (partial(old.stage, "T2", b"two"), partial(old.publish, "T1"), partial(old.lead, 3)):
        with pytest.raises(DispatchError) as refused:
            step()
        assert refused.value.reason == "epoch_over"
    new.publish("T1", staged_in=3)
    assert [path.name for path in folders.hot.iterdir()] == ["T1.json"]
    assert [path.name for path in folders.stage.iterdir()] == ["epoch-4"]


def test_a_leader_that_wakes_within_its_staging_takes_nothing_from_the_next(tmp_path: Path) -> None:
    folders = the_folders(tmp_path)
    new = HotFolder(folders)

    class Paused(Disk):
        def write_new(self, path: Path, content: bytes) -> None:
            if path.suffix == ".tmp":  # paused here, in epoch 3, while another leads in epoch 4
                new.lead(4)
                new.stage("T1", b"one")
            super().write_new(path, content)

    old = HotFolder(folders, Paused())
    old.lead(3)
    old.stage("T1", b"one")
    new.publish("T1", staged_in=4)
    assert [path.read_bytes() for path in folders.hot.iterdir()] == [b"one"]
    assert [path.name for path in folders.stage.iterdir()] == ["epoch-4"]


def test_a_name_that_is_taken_is_never_overwritten(tmp_path: Path) -> None:
    folders = the_folders(tmp_path)
    (folders.hot / "T1.json").write_bytes(b"somebody else's")
    transport = HotFolder(folders)
    transport.stage("T1", b"ours")
    with pytest.raises(DispatchError) as refused:
        transport.publish("T1")
    assert refused.value.reason == "name_taken"
    assert (folders.hot / "T1.json").read_bytes() == b"somebody else's"
    assert [path.read_bytes() for path in folders.stage.iterdir()] == [b"ours"]


@pytest.mark.parametrize(
    ("fails", "number", "reason"),
    [
        ("write", errno.ENOSPC, "disk_full"),
        ("write", errno.EDQUOT, "disk_full"),
        ("sync", errno.EIO, "io_error"),
        ("sync stage/", errno.EIO, "io_error"),
    ],
)
def test_a_disk_error_while_staging_is_told_and_the_next_try_writes_a_new_file(
    tmp_path: Path, fails: str, number: int, reason: str
) -> None:
    folders = the_folders(tmp_path)
    with pytest.raises(DispatchError) as refused:
        HotFolder(folders, RecordingDisk(fails, number)).stage("T1", b"one")
    assert refused.value.reason == reason
    assert list(folders.hot.iterdir()) == []
    if fails != "sync stage/":
        assert list(folders.stage.iterdir()) == []  # the file that may not be on the medium is gone
    transport = HotFolder(folders)
    transport.stage("T1", b"one")
    transport.publish("T1")
    assert (folders.hot / "T1.json").read_bytes() == b"one"


def test_a_rename_that_worked_but_was_answered_with_an_error_counts_as_done(tmp_path: Path) -> None:
    class NetworkDisk(Disk):
        def move(self, source: Path, target: Path) -> None:
            super().move(source, target)
            raise OSError(errno.EIO, "reply lost")

    folders = the_folders(tmp_path)
    transport = HotFolder(folders, NetworkDisk())
    transport.stage("T1", b"one")
    transport.publish("T1")
    assert (folders.hot / "T1.json").exists()


def test_a_failed_sync_after_the_rename_is_told_and_a_second_publish_makes_nothing_twice(tmp_path: Path) -> None:
    folders = the_folders(tmp_path)
    HotFolder(folders).stage("T1", b"one")
    with pytest.raises(DispatchError):
        HotFolder(folders, RecordingDisk("sync in/")).publish("T1")
    (folders.hot / "T1.json").unlink()
    HotFolder(folders).publish("T1")
    assert list(folders.hot.iterdir()) == []


def test_a_missing_folder_is_told_and_never_made(tmp_path: Path) -> None:
    folders = the_folders(tmp_path)
    transport = HotFolder(folders)
    transport.stage("T1", b"one")
    shutil.rmtree(folders.hot)
    attempts: list[Callable[[], object]] = [
        lambda: transport.publish("T1"),
        lambda: transport.stage("T2", b"two"),
        transport.check,
    ]
    for attempt in attempts:
        with pytest.raises(DispatchError) as refused:
            attempt()
        assert refused.value.reason == "folder_missing"
    assert not folders.hot.exists()
    folders.hot.mkdir()
    transport.publish("T1")
    assert (folders.hot / "T1.json").exists()


def test_a_missing_stage_folder_does_not_read_as_published(tmp_path: Path) -> None:
    folders = the_folders(tmp_path)
    transport = HotFolder(folders)
    transport.stage("T1", b"one")
    folders.stage.rename(folders.stage.with_name("elsewhere"))
    with pytest.raises(DispatchError) as refused:
        transport.publish("T1")
    assert refused.value.reason == "folder_missing"


@pytest.mark.skipif(not Path("/dev/shm").is_dir(), reason="needs a second file system")
def test_two_file_systems_are_refused_since_a_copy_can_be_seen_half(tmp_path: Path) -> None:
    other = Path("/dev/shm") / f"batcher-test-{os.getpid()}"
    other.mkdir()
    try:
        if other.stat().st_dev == tmp_path.stat().st_dev:
            pytest.skip("both are one file system here")
        folders = StationFolders(other, *[tmp_path] * 6)
        with pytest.raises(DispatchError) as refused:
            HotFolder(folders).check()
        assert refused.value.reason == "other_file_system"
    finally:
        other.rmdir()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_is_told(tmp_path: Path) -> None:
    folders = the_folders(tmp_path)
    folders.stage.chmod(0o500)
    with pytest.raises(DispatchError) as refused:
        HotFolder(folders).stage("T1", b"one")
    assert refused.value.reason == "not_writable"


@pytest.mark.parametrize("name", ["../T1", "a/b", "", ".", "T1.json", "T1\n", "é", "x" * 65])
def test_nothing_but_ids_of_ours_becomes_a_file_name(tmp_path: Path, name: str) -> None:
    with pytest.raises(InvariantError):
        HotFolder(the_folders(tmp_path)).stage(name, b"one")


def test_without_the_no_replace_rename_an_existing_name_is_still_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("batcher.dispatch.disk._rename_noreplace", lambda: None)
    source, target = tmp_path / "a", tmp_path / "b"
    source.write_text("a")
    target.write_text("b")
    with pytest.raises(FileExistsError):
        Disk().move(source, target)
    target.unlink()
    Disk().move(source, target)
    assert target.read_text() == "a"


def test_a_watcher_never_sees_anything_but_whole_tickets(tmp_path: Path) -> None:
    folders, content = the_folders(tmp_path), b"x" * 200_000
    script = f"""
import os, sys
hot, sizes = {str(folders.hot)!r}, set()
print("watching", flush=True)
while not os.path.exists(os.path.join(hot, "last.json")):
    for name in os.listdir(hot):
        sizes.add(os.stat(os.path.join(hot, name)).st_size)
print(sorted(sizes))
"""
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as watcher:
        assert watcher.stdout is not None
        assert watcher.stdout.readline() == "watching\n"
        transport = HotFolder(folders)
        for name in [f"T{number}" for number in range(60)] + ["last"]:
            transport.stage(name, content)
            transport.publish(name)
        assert watcher.stdout.readline() == f"[{len(content)}]\n"


def test_configured_folders_lie_where_the_rules_say_and_are_not_made_by_us(tmp_path: Path) -> None:
    station = a_station(hot_folder=str(tmp_path / "rip" / "in"), report_folder="shared/uv-1")
    folders = station_folders(tmp_path / "state", station)
    folders.create()
    assert folders.hot == tmp_path / "rip" / "in"
    assert folders.stage == tmp_path / "rip" / "in.stage"
    assert folders.reports == tmp_path / "state" / "shared" / "uv-1"
    assert folders.bad.is_dir()
    assert not folders.hot.parent.exists()
    assert not folders.reports.exists()
    folders.hot.mkdir(parents=True)
    folders.create()
    HotFolder(folders).check()
    assert folders.stage.parent == folders.hot.parent  # outside the tree that is watched, on its file system


def test_default_folders_are_below_the_state_directory(tmp_path: Path) -> None:
    folders = the_folders(tmp_path)
    home = tmp_path / "stations" / "uv-1"
    assert [path.name for path in sorted(home.iterdir())] == ["bad", "done", "in", "out", "stage"]
    HotFolder(folders).check()


def test_a_discarded_ticket_leaves_nothing_behind(tmp_path: Path) -> None:
    folders = station_folders(tmp_path, a_station())
    folders.create()
    hot = HotFolder(folders)
    hot.stage("T1", b"{}")
    hot.discard("T1")
    hot.discard("T1")
    assert not list(folders.stage.iterdir())
