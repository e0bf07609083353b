"""
A real Prometheus and a real Alertmanager over a running floor, with the shipped rules and a webhook that remembers.

Both read what is shipped in `config/prometheus`, with three things changed: addresses, intervals of a second, and how
long an alert must last before it comes, in seconds where the shipped rules have minutes.
"""

import re
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from batcher.simulate.processes import stop
from tests.alert_rules import PROMETHEUS
from tests.hook_receiver import Receiver, receiving
from tests.waiting import wait_for

_SHORTER = {"m": "s", "h": "m"}


@dataclass(frozen=True)
class Notice:
    """One alert as a receiver was told of it."""

    receiver: str
    firing: bool
    labels: dict[str, str]
    annotations: dict[str, str]


@dataclass
class Monitoring:
    """What watches the floor, and what it has told."""

    prometheus: str
    _receiver: Receiver
    logs: list[Path] = field(default_factory=list)

    def notices(self) -> list[Notice]:
        """Return everything that receivers were told, in order."""
        return [
            Notice(told["receiver"], alert["status"] == "firing", alert["labels"], alert["annotations"])
            for told in self._receiver.events()
            for alert in told["alerts"]
        ]

    def wait_told(
        self, alert: str, labels: Mapping[str, str] | None = None, *, firing: bool, seconds: float = 180
    ) -> Notice:
        """Return the last word on an alert, once it says that it fires, or that it is over."""

        def told() -> Notice | None:
            wanted = {"alertname": alert, **(labels or {})}
            found = [notice for notice in self.notices() if wanted.items() <= notice.labels.items()]
            return found[-1] if found and found[-1].firing is firing else None

        wanted = "fire" if firing else "be over"
        notice = wait_for(told, seconds, told=lambda: f"{alert} did not {wanted}; {self._last_words()}")
        assert isinstance(notice, Notice)
        return notice

    def fired(self) -> set[str]:
        """Return the names of the alerts that have come so far."""
        return {notice.labels["alertname"] for notice in self.notices() if notice.firing}

    def ask(self, expr: str) -> list[Any]:
        """Return what Prometheus answers to a query now."""
        answer = httpx.get(f"{self.prometheus}/api/v1/query", params={"query": expr}, trust_env=False, timeout=30)
        content = answer.json()
        assert content["status"] == "success", f"{expr}: {content}"
        found = content["data"]["result"]
        assert isinstance(found, list)
        return found

    def _last_words(self) -> str:
        return "\n".join(log.read_text(encoding="utf-8", errors="replace")[-1500:] for log in self.logs)


@contextmanager
def monitored(home: Path, daemon_url: str) -> Iterator[Monitoring]:
    """Watch a daemon until the end of the block."""
    home.mkdir()
    with ExitStack() as stack:
        receiver = stack.enter_context(receiving(200))
        alerts_at, asked_at = _free_address(), _free_address()
        target = daemon_url.removeprefix("http://")
        _write_alertmanager(home, receiver.url)
        _write_prometheus(home, target, alerts_at)
        logs = [home / "alertmanager.log", home / "prometheus.log"]
        alertmanager = [
            "prometheus-alertmanager", f"--config.file={home}/alertmanager.yml", f"--storage.path={home}/alerts",
            f"--web.listen-address={alerts_at}", "--cluster.listen-address=",
        ]  # fmt: skip
        prometheus = [
            "prometheus", f"--config.file={home}/prometheus.yml", f"--storage.tsdb.path={home}/series",
            f"--web.listen-address={asked_at}",
        ]  # fmt: skip
        for command, log, address in zip((alertmanager, prometheus), logs, (alerts_at, asked_at), strict=True):
            with log.open("wb") as output:
                process = subprocess.Popen(command, stdout=output, stderr=output, start_new_session=True)
            stack.callback(stop, process)
            _wait_ready(f"http://{address}/-/ready", log)
        yield Monitoring(f"http://{asked_at}", receiver, logs)


def _write_alertmanager(home: Path, hook: str) -> None:
    text = (PROMETHEUS / "alertmanager.yml").read_text(encoding="utf-8")
    text = re.sub(r"http://127\.0\.0\.1:9099/\S+", hook, text)
    text = re.sub(r"(group_wait|group_interval): \S+", r"\1: 1s", text)
    (home / "alertmanager.yml").write_text(text, encoding="utf-8")


def _write_prometheus(home: Path, target: str, alerts_at: str) -> None:
    text = (PROMETHEUS / "prometheus.yml").read_text(encoding="utf-8")
    text = text.replace("127.0.0.1:8080", target).replace("127.0.0.1:9093", alerts_at).replace(": 15s", ": 1s")
    (home / "prometheus.yml").write_text(text, encoding="utf-8")
    (home / "rules").mkdir()
    for path in (PROMETHEUS / "rules").glob("*.yml"):
        rules = re.sub(r"for: (\d+)([mh])", lambda f: f"for: {f[1]}{_SHORTER[f[2]]}", path.read_text(encoding="utf-8"))
        (home / "rules" / path.name).write_text(rules, encoding="utf-8")


def _free_address() -> str:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{found.getsockname()[1]}"


def _wait_ready(url: str, log: Path) -> None:
    def ready() -> bool:
        try:
            return httpx.get(url, trust_env=False).is_success
        except httpx.TransportError:
            return False

    wait_for(ready, 60, told=lambda: log.read_text(encoding="utf-8", errors="replace")[-1500:])


class Stopwatch:
    """Seconds since it was made."""

    def __init__(self) -> None:
        self._began = time.monotonic()

    def seconds(self) -> float:
        """Return how long ago that was."""
        return time.monotonic() - self._began
