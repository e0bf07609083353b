"""
A whole floor as real processes on one machine: the daemon and the virtual stations, on one clock.

For demonstrations and replays. What is fed to it and what is made of the outcome is the caller's.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from batcher.errors import DaemonUnavailableError

_START_S = 60.0
_STOP_S = 60.0


@dataclass(frozen=True)
class FloorProcesses:
    """
    How the processes of a floor are started.

    Parameters
    ----------
    floor_at, anchor_at, speed
        The floor's clock: its time at a real instant, and how fast it runs.
    others
        Settings that differ from their defaults, by name.
    """

    state_dir: Path
    rules: Path
    floor_at: datetime
    anchor_at: datetime
    speed: float
    seed: int = 0
    fail_rate: float = 0.0
    port: int = 0
    catalogue: Path | None = None
    plan_s: float = 60.0  #: floor seconds between plans
    solver_workers: int = 2
    database_url: str = ""  #: none: SQLite in the state directory
    lease_s: float = 15.0
    others: Mapping[str, object] = field(default_factory=dict)

    def environment(self) -> dict[str, str]:
        """Return the environment of the floor's processes, and of commands that look at it."""
        inherited = {key: value for key, value in os.environ.items() if not key.startswith("BATCHER_")}
        own = {} if self.catalogue is None else {"BATCHER_CATALOGUE": str(self.catalogue)}
        return (
            inherited
            | own
            | {
                "BATCHER_STATE_DIR": str(self.state_dir),
                "BATCHER_RULES": str(self.rules),
                "BATCHER_CLOCK": f"{self.floor_at.isoformat()}@{self.anchor_at.isoformat()}",
                "BATCHER_SPEED": str(self.speed),
                "BATCHER_SEED": str(self.seed),
                "BATCHER_PORT": str(self.port),
                "BATCHER_PLAN_S": str(self.plan_s),
                "BATCHER_SOLVER_WORKERS": str(self.solver_workers),
                "BATCHER_DATABASE_URL": self.database_url,
                "BATCHER_LEASE_S": str(self.lease_s),
            }
            | {f"BATCHER_{name.upper()}": str(value) for name, value in self.others.items()}
        )

    def start_daemon(self) -> "subprocess.Popen[bytes]":
        """
        Start the daemon and wait until it answers.

        Raises
        ------
        DaemonUnavailableError
            When it ends, or says nothing for a minute; its log tells why.
        """
        address = self.state_dir / "address"
        address.unlink(missing_ok=True)
        daemon = self.start_standby("daemon")
        until = time.monotonic() + _START_S
        while not (address.exists() and address.read_text(encoding="utf-8")):  # made first, written then
            if daemon.poll() is not None:
                raise DaemonUnavailableError(
                    f"the daemon ended with {daemon.returncode}:\n{self._last_words('daemon')}"
                )
            if time.monotonic() > until:
                stop(daemon)
                raise DaemonUnavailableError(f"the daemon did not start in {_START_S:.0f} s")
            time.sleep(0.05)
        return daemon

    def start_standby(self, name: str) -> "subprocess.Popen[bytes]":
        """Start a daemon without waiting for it; `name` is its log's."""
        return self._start(name, "run")

    def start_stations(self, *only: str) -> "subprocess.Popen[bytes]":
        """Start virtual stations in one process: those that are named, or every one of the rules."""
        named = [word for station in only for word in ("--station", station)] or ["--all"]
        luck = ("--fail-rate", str(self.fail_rate), "--seed", str(self.seed))
        return self._start("stations", "station", "run", *named, *luck)

    def url(self) -> str:
        """Return where the daemon's API listens."""
        return (self.state_dir / "address").read_text(encoding="utf-8").strip()

    def _start(self, name: str, *arguments: str) -> "subprocess.Popen[bytes]":
        with self.log(name).open("ab") as output:
            return subprocess.Popen(
                [sys.executable, "-m", "batcher.cli", *arguments],
                env=self.environment(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C is ours to hand on, in order
            )

    def log(self, name: str) -> Path:
        """Return the log of one of the processes."""
        return self.state_dir / f"{name}.log"

    def _last_words(self, name: str) -> str:
        return "\n".join(self.log(name).read_text(encoding="utf-8", errors="replace").splitlines()[-10:])


def stop(process: "subprocess.Popen[bytes]") -> int:
    """Ask a process to end, insist after a minute, and return its exit code."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
    return process.wait()


@contextmanager
def running(floor: FloorProcesses) -> Iterator[None]:
    """Run a floor's daemon and stations while the block lasts; the stations end first, so that nothing new is made."""
    daemon = floor.start_daemon()
    try:
        stations = floor.start_stations()
        try:
            yield
        finally:
            stop(stations)
    finally:
        stop(daemon)


def now() -> datetime:
    """Return the wall clock, to anchor a floor's clock to."""
    return datetime.now(UTC)
