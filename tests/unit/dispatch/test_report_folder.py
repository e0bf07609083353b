"""Report folders: whatever lies in them, a good report gets through and nothing is ever lost."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from batcher.dispatch.folders import StationFolders, station_folders
from batcher.dispatch.report import MAX_REPORT_BYTES
from batcher.dispatch.report_folder import ReportFile, ReportFolder
from batcher.domain.batches import StationReport
from batcher.errors import DispatchError, Fault
from tests.builders_stations import a_station

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


@pytest.fixture
def folders(tmp_path: Path) -> StationFolders:
    found = station_folders(tmp_path, a_station())
    found.create()
    return found


def report(ident: str, **changes: object) -> bytes:
    whole: dict[str, object] = {
        "format": "batcher-report/1", "report_id": ident, "station": "uv-1", "ticket_id": "T1", "kind": "running",
        "at": "2026-03-02T09:00:00Z",
    }  # fmt: skip
    return json.dumps(whole | changes).encode()


def put(folders: StationFolders, name: str, content: bytes, *, age: int = 0) -> Path:
    path = folders.reports / name
    path.write_bytes(content)
    os.utime(path, (1_000_000 - age, 1_000_000 - age))
    return path


def reader(folders: StationFolders, patience: int = 3) -> ReportFolder:
    return ReportFolder(folders, "uv-1", patience=patience)


def ids(files: list[ReportFile]) -> list[str]:
    return [file.content.report_id for file in files if isinstance(file.content, StationReport)]


def fault_codes(files: list[ReportFile]) -> list[str]:
    return [file.content.code for file in files if isinstance(file.content, Fault)]


def test_reports_come_oldest_first(folders: StationFolders) -> None:
    put(folders, "a.json", report("third"), age=1)
    put(folders, "b.json", report("first"), age=9)
    put(folders, "c.json", report("second"), age=5)
    assert ids(list(reader(folders).read())) == ["first", "second", "third"]
    assert ids(list(reader(folders).read(limit=2))) == ["first", "second"]


def test_a_report_stays_until_it_is_put_away(folders: StationFolders) -> None:
    path = put(folders, "a.json", report("r1"))
    assert ids(list(reader(folders).read())) == ["r1"]
    assert ids(list(reader(folders).read())) == ["r1"]  # as after a crash before the commit
    reader(folders).done(path, NOW)
    assert list(reader(folders).read()) == []
    assert (folders.done / "2026-03-02" / "a.json").read_bytes() == report("r1")


def test_a_name_that_comes_again_never_overwrites_what_was_kept(folders: StationFolders) -> None:
    for content in (b"1", b"2", b"3"):
        reader(folders).done(put(folders, "a.json", content), NOW)
    kept = sorted((folders.done / "2026-03-02").iterdir())
    assert [(path.name, path.read_bytes()) for path in kept] == [
        ("a.json", b"1"), ("a.json.2", b"2"), ("a.json.3", b"3"),
    ]  # fmt: skip


def test_a_reason_that_cannot_be_written_is_that_stations_trouble_and_no_other(folders: StationFolders) -> None:
    put(folders, "a.json", b"{]")
    (folders.bad / "a.json.reason.txt").mkdir(parents=True)
    with pytest.raises(DispatchError, match="could not be told"):
        reader(folders).reject(folders.reports / "a.json", "is no JSON")
    assert (folders.bad / "a.json").read_bytes() == b"{]"


def test_hidden_and_temporary_files_are_not_looked_at(folders: StationFolders) -> None:
    for name in (".a.json", "a.json.tmp", "a.tmp", "notes.txt"):
        put(folders, name, b"")
    assert list(reader(folders, patience=1).read()) == []


def test_a_file_still_being_written_is_waited_for(folders: StationFolders) -> None:
    whole, folder = report("r1"), reader(folders)
    for written in range(10, len(whole), 10):
        put(folders, "a.json", whole[:written])
        assert list(folder.read()) == []
    put(folders, "a.json", whole)
    assert ids(list(folder.read())) == ["r1"]


@pytest.mark.parametrize("content", [b"", report("r1")[:40], b"\x00" * 100])
def test_a_file_that_stays_incomplete_is_put_aside_after_a_few_looks(folders: StationFolders, content: bytes) -> None:
    put(folders, "a.json", content)
    put(folders, "b.json", report("r2"))
    folder = reader(folders)
    looks = [list(folder.read()) for _ in range(3)]
    assert [fault_codes(files) for files in looks] == [[], [], ["not_json"]]
    assert all(ids(files) == ["r2"] for files in looks)  # it holds up nobody
    broken = next(file for file in looks[2] if isinstance(file.content, Fault))
    folder.reject(broken.path, str(broken.content))
    assert (folders.bad / "a.json").read_bytes() == content
    assert "not a JSON document" in (folders.bad / "a.json.reason.txt").read_text()


def test_what_is_no_report_is_a_fault_at_once(folders: StationFolders) -> None:
    put(folders, "a.json", b"{}")
    put(folders, "b.json", b" " * (MAX_REPORT_BYTES + 5))
    put(folders, "c.json", report("r1", station="uv-2"))
    assert fault_codes(list(reader(folders).read())) == ["missing", "too_large", "not_your_folder"]


def test_links_pipes_and_folders_are_not_read_and_can_be_put_aside(folders: StationFolders, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(report("stolen"))
    (folders.reports / "link.json").symlink_to(secret)
    (folders.reports / "dangling.json").symlink_to(tmp_path / "nowhere")
    os.mkfifo(folders.reports / "pipe.json")
    (folders.reports / "folder.json").mkdir()
    folder = reader(folders)
    files = list(folder.read())
    assert fault_codes(files) == ["not_a_file"] * 4
    for file in files:
        folder.reject(file.path, str(file.content))
    assert list(folders.reports.iterdir()) == []
    assert secret.read_bytes() == report("stolen")
    assert (folders.bad / "link.json").is_symlink()


def test_a_huge_file_is_not_read_whole(folders: StationFolders) -> None:
    path = folders.reports / "huge.json"
    with path.open("wb") as file:
        file.truncate(50_000_000_000)
    assert fault_codes(list(reader(folders).read())) == ["too_large"]
    reader(folders).reject(path, "too large")
    assert (folders.bad / "huge.json").stat().st_size == 50_000_000_000


@pytest.mark.parametrize("name", [b"a\nb.json", b"-rf.json", b"\xff.json", "é.json".encode(), b"x" * 200 + b".json"])
def test_odd_names_are_put_aside_under_a_plain_one(folders: StationFolders, name: bytes) -> None:
    path = folders.reports / os.fsdecode(name)
    path.write_bytes(report("r1"))
    folder = reader(folders)
    (file,) = folder.read()
    assert fault_codes([file]) == ["bad_name"]
    folder.reject(file.path, str(file.content))
    kept = sorted(kept.name for kept in folders.bad.iterdir())
    assert len(kept) == 2
    assert all(known.startswith("unnamed-") for known in kept)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_a_fault(folders: StationFolders) -> None:
    put(folders, "a.json", report("r1")).chmod(0)
    assert fault_codes(list(reader(folders).read())) == ["unreadable"]


def test_a_folder_that_is_not_there_is_told(folders: StationFolders) -> None:
    folders.reports.rmdir()
    with pytest.raises(DispatchError) as refused:
        list(reader(folders).read())
    assert refused.value.reason == "folder_missing"


def test_a_file_that_cannot_be_put_away_is_told_and_stays(folders: StationFolders) -> None:
    path = put(folders, "a.json", report("r1"))
    folders.done.rmdir()
    folders.done.write_text("in the way")
    with pytest.raises(DispatchError):
        reader(folders).done(path, NOW)
    assert path.exists()
