"""A floor of real processes, started and ended for one test."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from batcher.simulate.processes import FloorProcesses, stop
from tests.waiting import wait_for

ROOT = Path(__file__).parent.parent.parent
MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@dataclass
class RunningFloor:
    """The processes of one floor, and what a test wants to know of them."""

    how: FloorProcesses
    daemon: "subprocess.Popen[bytes] | None" = None
    stations: "subprocess.Popen[bytes] | None" = None
    started: list["subprocess.Popen[bytes]"] = field(default_factory=list)

    def start(self, *, stations: bool = False) -> None:
        self.daemon = self.how.start_daemon()
        self.started.append(self.daemon)
        if stations:
            self.stations = self.how.start_stations()
            self.started.append(self.stations)

    def get(self, path: str) -> httpx.Response:
        return httpx.get(self.how.url() + path, trust_env=False, timeout=30)

    def post(self, path: str, body: object) -> httpx.Response:
        return httpx.post(self.how.url() + path, json=body, trust_env=False, timeout=30)

    def command(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "batcher.cli", *arguments],
            env=self.how.environment(), cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip

    def events(self, name: str) -> list[dict[str, Any]]:
        lines = self.how.log("daemon").read_text(encoding="utf-8").splitlines()
        found = [json.loads(line) for line in lines if line.startswith("{")]
        return [entry for entry in found if entry["event"] == name]

    def wait_for(self, what: Callable[[], object], seconds: float = 45) -> object:
        def come() -> object:
            found = what()
            assert found or self.daemon is None or self.daemon.poll() is None, self.last_words()
            return found

        return wait_for(come, seconds, told=self.last_words)

    def last_words(self) -> str:
        return self.how.log("daemon").read_text()[-3000:]


@pytest.fixture
def floor(tmp_path: Path) -> Iterator[RunningFloor]:
    rules = tmp_path / "rules"
    shutil.copytree(ROOT / "config" / "floor", rules)
    release = rules / "release.yaml"
    release.write_text(release.read_text().replace("budget: 5 s", "budget: 1 s"))
    state = tmp_path / "state"
    state.mkdir()
    how = FloorProcesses(
        state_dir=state, rules=rules, floor_at=MONDAY, anchor_at=datetime.now(UTC), speed=240, fail_rate=0.05
    )
    running = RunningFloor(how)
    yield running
    for process in running.started:
        stop(process)
