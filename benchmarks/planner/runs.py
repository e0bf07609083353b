"""Runs one method on one case in a process of its own, watches what memory it takes, and has the referee judge it."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.planner.records import Key, Point, Record
from benchmarks.planner.referee import Referee
from benchmarks.planner.sets import Case

#: How long past its time a method may end by itself.
_GRACE_S = 30.0
#: Memory is looked at this often, and never for more than a twentieth of the time.
_SAMPLE_S, _SAMPLE_SHARE = 0.2, 20


@dataclass(frozen=True)
class Setting:
    """What every run has in common."""

    seconds_scale: float
    workers: int
    seed: int
    commit: str

    def seconds(self, case: Case) -> float:
        """Return what a method may take on a case."""
        return round(case.seconds * self.seconds_scale, 3)

    def key(self, case: Case, method: str) -> Key:
        """Return the key of the record that running a method on a case gives."""
        return case.name, method, self.seconds(case), self.workers, self.seed


def run(case: Case, method: str, setting: Setting, referee: Referee) -> Record:
    """Return what a method came to on a case."""
    seconds = setting.seconds(case)
    with tempfile.TemporaryDirectory(prefix="planner-") as directory:
        report, plan = Path(directory, "report.json"), Path(directory, "plan.json")
        command = [
            sys.executable, "-m", "benchmarks.planner.one", str(case.path), "--method", method,
            "--seconds", str(seconds), "--workers", str(setting.workers), "--seed", str(setting.seed),
            "--report", str(report), "--plan", str(plan),
        ]  # fmt: skip
        ended = _watched(command, seconds + _GRACE_S)
        told: dict[str, Any] = json.loads(report.read_text()) if report.exists() else {}
        verdict = referee.judge(case.path, plan) if plan.exists() else None
    curve = tuple(Point(**point) for point in told.get("curve", ()))
    return Record(
        set=case.set,
        group=case.group,
        size=case.size,
        name=case.name,
        jobs=referee.jobs(case.path),
        method=method,
        seconds=seconds,
        workers=setting.workers,
        seed=setting.seed,
        verdict="none" if verdict is None else "accepted" if verdict.feasible else "rejected",
        cost=None if verdict is None else verdict.cost,
        bound=told.get("bound"),
        proven=told.get("proven", False),
        first_s=curve[0].seconds if curve else None,
        wall_s=told.get("wall_s", ended.wall_s),
        batches=0 if verdict is None else verdict.batches,
        late=0 if verdict is None else verdict.late_orders,
        unplanned=0 if verdict is None else verdict.unplanned,
        memory_mb=ended.memory_mb,
        load=round(os.getloadavg()[0], 1),
        commit=setting.commit,
        curve=curve,
        note=ended.fault or told.get("note", ""),
    )


@dataclass(frozen=True)
class _End:
    """How a process ended."""

    wall_s: float
    memory_mb: float
    fault: str


def _watched(command: list[str], most_s: float) -> _End:
    """Run a command in a session of its own and end all of it when it takes too long."""
    began = time.monotonic()
    process = subprocess.Popen(command, start_new_session=True, stderr=subprocess.PIPE, text=True)
    peak = _Peak(process.pid)
    peak.start()
    fault = ""
    try:
        errors = process.communicate(timeout=most_s)[1]
        if process.returncode:
            fault = f"exit code {process.returncode}: {errors.strip().splitlines()[-1:]}"
    except subprocess.TimeoutExpired:
        fault = f"did not end within {most_s:g} s, was killed"
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        peak.stop()
    return _End(round(time.monotonic() - began, 3), round(peak.most_mb, 1), fault)


class _Peak(threading.Thread):
    """Samples what the processes of a session hold together."""

    def __init__(self, session: int) -> None:
        super().__init__(daemon=True)
        self.session, self.most_mb = session, 0.0
        self._ended = threading.Event()

    def run(self) -> None:
        pause = _SAMPLE_S
        while not self._ended.wait(pause):
            began = time.monotonic()
            self.most_mb = max(self.most_mb, sum(map(_held_mb, _members(self.session))))
            pause = max(_SAMPLE_S, _SAMPLE_SHARE * (time.monotonic() - began))

    def stop(self) -> None:
        """End the sampling."""
        self._ended.set()
        self.join()


def _members(session: int) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                # after the name in brackets: state, parent, group, session
                if int((entry / "stat").read_text().rpartition(")")[2].split()[3]) == session:
                    found.append(int(entry.name))
    return found


def _held_mb(pid: int) -> float:
    """Return what a process holds; pages it shares with others count in parts."""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) / 1024
    return 0.0
