"""Virtual machines as the separate process they are: on a fast clock, killed at random moments, stopped cleanly."""

import json
import random
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from batcher.dispatch.report import parse_report
from batcher.simulate.machine_log import Event, read_log
from tests.builders_stations import MONDAY, a_ticket, machine_folders, put_ticket
from tests.waiting import wait_for

SPEED = 2000


@contextmanager
def running(root: Path, anchor_at: datetime, *stations: str, fail_rate: float = 0) -> Iterator[subprocess.Popen[str]]:
    command = [
        sys.executable, "-m", "tests.machine_process", str(root), str(SPEED), MONDAY.isoformat(), anchor_at.isoformat(),
        str(fail_rate), ",".join(stations),
    ]  # fmt: skip
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            yield process
        finally:
            process.kill()


def made(root: Path, *stations: str) -> Counter[str]:
    """Count how often each piece was made, by the machines' own logs."""
    count: Counter[str] = Counter()
    for station in stations:
        for entry in read_log(machine_folders(root, station).log):
            count.update(entry.items.keys())
    return count


def test_tickets_put_into_the_folders_are_made_and_reported_and_sigterm_ends_it_cleanly(tmp_path: Path) -> None:
    stations = ("uv-1", "uv-2")
    with running(tmp_path, datetime.now(UTC), *stations, fail_rate=0.1) as process:
        for number in range(20):
            station = stations[number % 2]
            items = [f"i{number}-{piece}" for piece in range(5)]
            ticket = a_ticket(f"T{number:02}", items, sequence=number + 1, station=station, run_s=60, changeover_s=30)
            put_ticket(machine_folders(tmp_path, station), ticket)
        wait_for(lambda: sum(made(tmp_path, *stations).values()) == 100)
        process.send_signal(signal.SIGTERM)
        assert process.wait() == 0
    assert set(made(tmp_path, *stations).values()) == {1}
    for station in stations:
        folders = machine_folders(tmp_path, station)
        reports = [parse_report(path.read_bytes()) for path in folders.reports.iterdir()]
        assert Counter(report.kind for report in reports) == {"accepted": 10, "running": 10, "done": 10}
        assert len({report.report_id for report in reports}) == 30
        entries = [entry for entry in read_log(folders.log) if entry.event in (Event.LOADED, Event.DONE)]
        for before, after in zip(entries[1::2], entries[2::2], strict=False):
            assert after.at >= before.at  # one batch at a time


def has_gone_on(root: Path, entries: int) -> bool:
    """Tell whether the machine has written so many lines into its log, or made everything."""
    return len(read_log(machine_folders(root).log)) >= entries or sum(made(root, "uv-1").values()) == 24


def test_a_machine_killed_at_any_moment_makes_every_piece_exactly_once(tmp_path: Path) -> None:
    folders, anchor_at, chance = machine_folders(tmp_path), datetime.now(UTC), random.Random(5)
    tickets = [a_ticket(f"T{n:02}", [f"i{n}"], sequence=n + 1, run_s=100, changeover_s=20) for n in range(24)]
    kills = 0
    while sum(made(tmp_path, "uv-1").values()) < 24:
        with running(tmp_path, anchor_at, "uv-1") as process:
            for _ in range(3):
                if tickets:
                    put_ticket(folders, tickets.pop(0))
            seen, target = len(read_log(folders.log)), chance.randrange(1, 12)
            wait_for(partial(has_gone_on, tmp_path, seen + target))
            process.kill()
            process.wait()
            kills += 1
    with running(tmp_path, anchor_at, "uv-1") as process:
        process.terminate()
        assert process.wait() == 0
    assert made(tmp_path, "uv-1") == Counter({f"i{n}": 1 for n in range(24)})
    loaded = Counter(entry.ticket_id for entry in read_log(folders.log) if entry.event is Event.LOADED)
    assert set(loaded.values()) == {1}
    reports = Counter(
        parse_report(path.read_bytes()).kind for path in folders.reports.iterdir() if path.suffix == ".json"
    )
    assert reports == {"accepted": 24, "running": 24, "done": 24}
    assert kills >= 4


def test_killed_before_every_touch_of_a_file_a_machine_makes_and_tells_everything_once(tmp_path: Path) -> None:
    told = subprocess.run(
        [sys.executable, "-m", "tests.machine_killed", str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert told.stderr == ""
    runs = [json.loads(line) for line in told.stdout.splitlines()]
    assert len(runs) > 100
    items = {f"i{ticket}-{piece}": 1 for ticket in range(2) for piece in range(4)}
    expected = {
        "events": {"accepted": 2, "loaded": 2, "running": 2, "done": 2},
        "made": items,
        "outcomes": runs[0]["outcomes"],  # the same pieces are spoilt, whenever it was killed
        "reports": [f"T{ticket}-{kind}" for ticket in range(2) for kind in ("accepted", "done", "running")],
        "told as logged": True,
        "one at a time": True,
        "left": 0,
    }
    assert [run for run in runs if {key: run[key] for key in expected} != expected] == []
