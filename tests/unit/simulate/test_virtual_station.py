"""A virtual machine stepped on a given clock: order of work, exact moments, operators, memory after a restart."""

import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from batcher.dispatch.report import parse_report
from batcher.errors import StoreLockedError
from batcher.rules.floor import Station
from batcher.simulate.machine_log import Event, LogEntry, read_log
from batcher.simulate.virtual_station import Machine
from tests.builders_stations import MONDAY, a_station, a_ticket, day_shift, machine_folders, put_ticket


def after(seconds: float) -> datetime:
    return MONDAY + timedelta(seconds=seconds)


def started(root: Path, station: Station | None = None, *, at: datetime = MONDAY, fail_rate: float = 0) -> Machine:
    return Machine(station or a_station(), machine_folders(root), started_at=at, fail_rate=fail_rate, seed=7)


def log_of(root: Path) -> list[LogEntry]:
    return read_log(machine_folders(root).log)


def moments(root: Path) -> list[tuple[str, str, float]]:
    return [(entry.ticket_id, entry.event.value, (entry.at - MONDAY).total_seconds()) for entry in log_of(root)]


def report_kinds(root: Path) -> set[str]:
    return {parse_report(path.read_bytes()).report_id for path in machine_folders(root).reports.glob("*.json")}


def test_a_ticket_is_accepted_at_once_and_made_after_changeover_and_run(tmp_path: Path) -> None:
    put_ticket(machine_folders(tmp_path), a_ticket("T1", ["a", "b"], changeover_s=120, run_s=400))
    machine = started(tmp_path)
    assert machine.step(MONDAY) == after(120)
    assert report_kinds(tmp_path) == {"T1-accepted"}
    assert machine.step(after(121)) == after(520)
    assert report_kinds(tmp_path) == {"T1-accepted", "T1-running"}
    assert machine.step(after(521)) is None
    assert moments(tmp_path) == [
        ("T1", "accepted", 0), ("T1", "loaded", 0), ("T1", "running", 120), ("T1", "done", 520),
    ]  # fmt: skip
    report = parse_report((machine_folders(tmp_path).reports / "T1.3-done.json").read_bytes())
    assert (report.kind, report.at, report.station, report.items) == ("done", after(520), "uv-1", {})
    assert log_of(tmp_path)[-1].items == {"a": "done", "b": "done"}
    machine.close()


def test_tickets_run_by_their_sequence_and_follow_each_other_without_a_pause(tmp_path: Path) -> None:
    for ticket_id, sequence in (("T1", 3), ("T2", 1), ("T3", 2)):
        put_ticket(machine_folders(tmp_path), a_ticket(ticket_id, [ticket_id], sequence=sequence, run_s=100))
    machine = started(tmp_path)
    machine.step(MONDAY)
    machine.step(after(1000))  # comes round late, and still knows when each began and ended
    ends = [entry for entry in moments(tmp_path) if entry[1] == "done"]
    assert ends == [("T2", "done", 100), ("T3", "done", 200), ("T1", "done", 300)]
    machine.close()


def test_a_ticket_that_comes_while_the_machine_is_idle_begins_when_it_comes(tmp_path: Path) -> None:
    machine = started(tmp_path)
    assert machine.step(MONDAY) is None
    put_ticket(machine_folders(tmp_path), a_ticket("T1", ["a"], run_s=100))
    assert machine.step(after(50)) == after(150)
    machine.close()


def test_a_ticket_that_comes_late_does_not_overtake_what_was_due_before_it_came(tmp_path: Path) -> None:
    put_ticket(machine_folders(tmp_path), a_ticket("T1", ["a"], sequence=1, run_s=100))
    put_ticket(machine_folders(tmp_path), a_ticket("T3", ["c"], sequence=3, run_s=100))
    machine = started(tmp_path)
    machine.step(MONDAY)
    put_ticket(machine_folders(tmp_path), a_ticket("T2", ["b"], sequence=2, run_s=100))
    machine.step(after(150))
    machine.step(after(400))
    loaded = [entry for entry in moments(tmp_path) if entry[1] == "loaded"]
    assert loaded == [("T1", "loaded", 0), ("T3", "loaded", 100), ("T2", "loaded", 200)]
    machine.close()


def test_pieces_spoil_by_seed_and_id_and_a_ticket_with_no_good_piece_has_failed(tmp_path: Path) -> None:
    items = [f"i{number}" for number in range(200)]
    put_ticket(machine_folders(tmp_path), a_ticket("T1", items, run_s=10))
    machine = started(tmp_path, fail_rate=0.2)
    machine.step(MONDAY)
    machine.step(after(10))
    first = log_of(tmp_path)[-1]
    spoilt = {item for item, outcome in first.items.items() if outcome == "failed"}
    assert first.event is Event.DONE
    assert 20 < len(spoilt) < 60
    report = parse_report((machine_folders(tmp_path).reports / "T1.3-done.json").read_bytes())
    assert set(report.items) == spoilt
    machine.close()

    other = started(tmp_path / "again", fail_rate=0.2, at=after(5000))
    put_ticket(machine_folders(tmp_path / "again"), a_ticket("T9", items[:100], run_s=10))
    other.step(after(5000))
    other.step(after(5010))
    assert {i for i, o in log_of(tmp_path / "again")[-1].items.items() if o == "failed"} == spoilt & set(items[:100])
    other.close()

    hopeless = started(tmp_path / "hopeless", fail_rate=1)
    put_ticket(machine_folders(tmp_path / "hopeless"), a_ticket("T1", ["a", "b"], run_s=10))
    hopeless.step(MONDAY)
    hopeless.step(after(10))
    assert report_kinds(tmp_path / "hopeless") == {"T1-accepted", "T1-running", "T1-failed"}
    hopeless.close()


def test_what_needs_an_operator_waits_for_one(tmp_path: Path) -> None:
    night = MONDAY + timedelta(hours=13)  # 22:00
    put_ticket(machine_folders(tmp_path), a_ticket("T1", ["a"]))
    machine = started(tmp_path, a_station(attended=day_shift(), magazine=6), at=night)
    assert machine.step(night) == MONDAY + timedelta(hours=22)  # 07:00
    machine.close()


def test_the_magazine_lasts_for_so_many_batches_and_survives_a_restart(tmp_path: Path) -> None:
    night = MONDAY + timedelta(hours=13)
    station = a_station(attended=day_shift(), magazine=2)
    for number in (1, 2, 3):
        put_ticket(
            machine_folders(tmp_path),
            a_ticket(f"T{number}", [f"i{number}"], sequence=number, run_s=600, unattended_ok=True),
        )
    machine = started(tmp_path, station, at=night)
    assert machine.step(night) == night + timedelta(seconds=600)
    machine.step(night + timedelta(seconds=700))
    machine.close()
    machine = started(tmp_path, station, at=night + timedelta(seconds=800))
    assert machine.step(night + timedelta(hours=2)) == MONDAY + timedelta(hours=22)
    machine.close()


def test_a_changeover_waits_for_the_operator_unless_the_station_changes_over_by_itself(tmp_path: Path) -> None:
    night = MONDAY + timedelta(hours=13)
    for name, by_itself in (("no", False), ("yes", True)):
        put_ticket(machine_folders(tmp_path / name), a_ticket("T1", ["a"], changeover_s=60, unattended_ok=True))
        station = a_station(attended=day_shift(), magazine=2, setup_unattended=by_itself)
        machine = started(tmp_path / name, station, at=night)
        machine.step(night)
        assert ("T1", "loaded", 13 * 3600) in moments(tmp_path / name) or not by_itself
        assert len(moments(tmp_path / name)) == (2 if by_itself else 1)
        machine.close()


@pytest.mark.parametrize("stops_after_s", [0, 50, 150, 460, 521, 700, 2000])
def test_a_machine_that_was_restarted_goes_on_and_makes_nothing_twice(tmp_path: Path, stops_after_s: int) -> None:
    for number in (1, 2):
        put_ticket(
            machine_folders(tmp_path),
            a_ticket(f"T{number}", [f"i{number}"], sequence=number, changeover_s=120, run_s=400),
        )
    machine = started(tmp_path)
    machine.step(MONDAY)
    machine.step(after(stops_after_s))
    machine.close()
    machine = started(tmp_path, at=after(stops_after_s))
    for seconds in range(stops_after_s, 2500, 10):
        machine.step(after(seconds))
    machine.close()
    done = [entry for entry in moments(tmp_path) if entry[1] == "done"]
    assert done == [("T1", "done", 520), ("T2", "done", 1040)]
    assert report_kinds(tmp_path) == {f"T{n}-{kind}" for n in (1, 2) for kind in ("accepted", "running", "done")}
    assert sorted(path.name for path in machine_folders(tmp_path).made.iterdir()) == ["T1.json", "T2.json"]


def test_only_the_last_line_of_the_log_is_told_again_after_a_crash(tmp_path: Path) -> None:
    put_ticket(machine_folders(tmp_path), a_ticket("T1", ["a"], run_s=100))
    machine = started(tmp_path)
    machine.step(MONDAY)
    machine.step(after(100))
    machine.close()
    told = {path.name: path.read_bytes() for path in machine_folders(tmp_path).reports.iterdir()}
    for path in machine_folders(tmp_path).reports.iterdir():
        path.unlink()
    started(tmp_path, at=after(200)).close()
    again = {path.name: path.read_bytes() for path in machine_folders(tmp_path).reports.iterdir()}
    assert again == {"T1.3-done.json": told["T1.3-done.json"]}


def test_a_torn_last_line_is_forgotten_since_nobody_was_told(tmp_path: Path) -> None:
    put_ticket(machine_folders(tmp_path), a_ticket("T1", ["a"], run_s=100))
    machine = started(tmp_path)
    machine.step(MONDAY)
    machine.close()
    log = machine_folders(tmp_path).log
    with log.open("ab") as file:
        file.write(b'{"at": "2026-03-02T09:01:40+00:00", "ticket_id": "T1", "ev')
    machine = started(tmp_path, at=after(200))
    machine.step(after(200))
    machine.close()
    assert moments(tmp_path)[-1] == ("T1", "done", 100)
    assert all(json.loads(line) for line in log.read_text().splitlines())


def test_a_ticket_taken_but_not_yet_logged_is_taken_again(tmp_path: Path) -> None:
    folders = machine_folders(tmp_path)
    put_ticket(folders, a_ticket("T1", ["a"]))
    (folders.hot / "T1.json").rename(folders.taken / "T1.json")
    machine = started(tmp_path)
    machine.step(MONDAY)
    assert moments(tmp_path)[0] == ("T1", "accepted", 0)
    machine.close()


def test_a_ticket_given_twice_is_refused_the_second_time(tmp_path: Path) -> None:
    folders = machine_folders(tmp_path)
    put_ticket(folders, a_ticket("T1", ["a"], run_s=10))
    machine = started(tmp_path)
    machine.step(MONDAY)
    for _ in range(2):
        machine.step(after(10))
        put_ticket(folders, a_ticket("T1", ["a"], run_s=10))
    machine.step(after(20))
    machine.close()
    events = [(event, seconds) for _, event, seconds in moments(tmp_path)]
    assert events == [("accepted", 0), ("loaded", 0), ("running", 0), ("done", 10), ("refused", 10), ("refused", 20)]
    assert len(list(folders.refused.iterdir())) == 2


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "not a whole ticket"),
        (b'{"format": "batcher-tick', "not a whole ticket"),
        (b"[1]", "not a whole ticket"),
        (b'{"format": "batcher-ticket/2"}', "reads batcher-ticket/1"),
        (b'{"format": "batcher-ticket/1", "sha256": "0", "run_seconds": 4}', "does not match the content"),
    ],
)
def test_what_is_no_whole_ticket_is_refused_and_kept(tmp_path: Path, content: bytes, reason: str) -> None:
    folders = machine_folders(tmp_path)
    folders.create()
    (folders.hot / "T1.json").write_bytes(content)
    machine = started(tmp_path)
    machine.step(MONDAY)
    machine.close()
    (entry,) = log_of(tmp_path)
    assert entry.event is Event.REFUSED
    assert reason in entry.reason
    assert (folders.refused / "T1.json").read_bytes() == content


def test_a_ticket_for_another_station_is_refused(tmp_path: Path) -> None:
    put_ticket(machine_folders(tmp_path), a_ticket("T1", ["a"], station="laser-1"))
    machine = started(tmp_path)
    machine.step(MONDAY)
    machine.close()
    assert [entry.reason for entry in log_of(tmp_path)] == ["is ticket T1 for laser-1"]


def test_one_machine_is_run_by_one_process(tmp_path: Path) -> None:
    machine = started(tmp_path)
    with pytest.raises(StoreLockedError, match="another process"):
        started(tmp_path)
    machine.close()
    started(tmp_path).close()
