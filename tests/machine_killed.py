"""
A virtual machine killed before every call that touches a file, in forks of one small process.

``python -m tests.machine_killed ROOT`` prints one JSON object per run.
"""

import json
import os
import sys
from collections import Counter
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from types import FrameType

from batcher.simulate.machine_folders import MachineFolders
from batcher.simulate.machine_log import Event, read_log
from batcher.simulate.virtual_station import Machine
from tests.builders_stations import MONDAY, a_station, a_ticket, machine_folders, put_ticket
from tests.forks import KILLED, in_a_fork

TICKETS = 2
TOUCHES = ("open", "write", "flush", "fsync", "rename", "truncate")
_END_S = 1200


def work(root: Path, start_s: int, kill_at: int) -> None:
    """Act as the machine from a moment on, and be gone before the n-th call that touches a file."""
    seen = 0

    def watch(frame: FrameType, event: str, called: object) -> None:
        nonlocal seen
        if event == "c_call" and getattr(called, "__name__", "") in TOUCHES:
            seen += 1
            if seen == kill_at:
                os._exit(KILLED)

    sys.setprofile(watch)
    machine = Machine(a_station(), machine_folders(root), started_at=at(start_s), fail_rate=0.3, seed=1)
    for seconds in range(start_s, _END_S, 50):
        machine.step(at(seconds))
    machine.close()


def at(seconds: int) -> datetime:
    return MONDAY + timedelta(seconds=seconds)


def one_run(root: Path, kills: list[int]) -> tuple[bool, dict[str, object]]:
    """Kill the machine once per entry of `kills`, later each time, then let it work to the end."""
    folders = machine_folders(root)
    for number in range(TICKETS):
        items = [f"i{number}-{piece}" for piece in range(4)]
        put_ticket(folders, a_ticket(f"T{number}", items, sequence=number + 1, run_s=200, changeover_s=100))
    reached, honest = False, True
    for turn, kill_at in enumerate(kills):
        reached = not in_a_fork(partial(work, root, turn * 50, kill_at))
        honest = honest and told_as_logged(folders)
    assert in_a_fork(lambda: work(root, len(kills) * 50, 0))
    log = read_log(folders.log)
    reports = [json.loads(path.read_bytes()) for path in folders.reports.glob("*.json")]
    return reached, {
        "kills": kills,
        "events": Counter(entry.event.value for entry in log),
        "made": Counter(item for entry in log for item in entry.items),
        "outcomes": sorted(item for entry in log for item, outcome in entry.items.items() if outcome == "failed"),
        "reports": sorted(report["report_id"] for report in reports),
        "told as logged": honest and told_as_logged(folders),
        "one at a time": one_at_a_time([(entry.event, entry.at) for entry in log]),
        "left": len([*folders.hot.iterdir(), *folders.taken.iterdir(), *folders.refused.iterdir()]),
    }


def told_as_logged(folders: MachineFolders) -> bool:
    """Tell whether every report stands in the log, which comes first."""
    logged = {(entry.ticket_id, entry.event.value, entry.at.isoformat()) for entry in read_log(folders.log)}
    reports = [json.loads(path.read_bytes()) for path in folders.reports.glob("*.json")]
    return all((report["ticket_id"], report["kind"], report["at"]) in logged for report in reports)


def one_at_a_time(events: list[tuple[Event, datetime]]) -> bool:
    loaded = [moment for event, moment in events if event is Event.LOADED]
    ended = [moment for event, moment in events if event in (Event.DONE, Event.FAILED)]
    return all(end <= begin for end, begin in zip(ended, loaded[1:], strict=False))


def main() -> None:
    root, number = Path(sys.argv[1]), 0
    for first in (None, 5, 20):
        kill_at, reached = 1, True
        while reached:
            kills = [kill_at] if first is None else [first, kill_at]
            number += 1
            reached, told = one_run(root / str(number), kills)
            print(json.dumps(told))
            kill_at += 1


if __name__ == "__main__":
    main()
