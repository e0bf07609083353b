"""The daemon as systemd runs it: a process with a notification socket, a watchdog, signals, an exit code."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.builders_api import RULES, order

_WAIT_S = 60


class _Manager:
    """Systemd's side: hears what the daemon says, in order."""

    def __init__(self, path: Path) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(path))
        self.socket.settimeout(_WAIT_S)

    def hears(self, line: str) -> list[str]:
        """Listen until a message holds the line; return the whole message."""
        while True:
            message = self.socket.recv(4096).decode().splitlines()
            if line in message:
                return message


@contextmanager
def _daemon(directory: Path, **settings: str) -> Iterator[tuple["subprocess.Popen[bytes]", _Manager]]:
    manager = _Manager(directory / "notify")
    environment = os.environ | {
        "NOTIFY_SOCKET": str(directory / "notify"),
        "WATCHDOG_USEC": "400000",
        "BATCHER_STATE_DIR": str(directory / "state"),
        "BATCHER_RULES": str(RULES),
        "BATCHER_PORT": "0",
        **settings,
    }
    with (directory / "log").open("wb") as log:
        process = subprocess.Popen([sys.executable, "-m", "batcher.cli", "run"], env=environment, stderr=log)
    try:
        yield process, manager
    finally:
        process.kill()
        process.wait()
        manager.socket.close()


@pytest.mark.again
def test_the_daemon_says_ready_feeds_the_watchdog_reloads_and_stops_with_zero(tmp_path: Path) -> None:
    with _daemon(tmp_path) as (process, manager):
        status = manager.hears("READY=1")[1]
        url = status.rpartition(" ")[2]
        assert httpx.get(f"{url}/readyz").status_code == 200
        assert httpx.post(f"{url}/v1/orders", json=order()).status_code in (201, 202)
        manager.hears("WATCHDOG=1")

        process.send_signal(signal.SIGHUP)
        manager.hears("RELOADING=1")
        manager.hears("READY=1")

        process.send_signal(signal.SIGTERM)
        manager.hears("STOPPING=1")
        assert process.wait(_WAIT_S) == 0
    assert "Zs" not in (tmp_path / "log").read_text(encoding="utf-8")


def test_a_body_in_endless_pieces_is_cut_off_and_the_connection_closed(tmp_path: Path) -> None:
    with _daemon(tmp_path) as (_, manager):
        host, _, port = manager.hears("READY=1")[1].rpartition("//")[2].partition(":")
        with socket.create_connection((host, int(port)), timeout=_WAIT_S) as connection:
            connection.sendall(
                b"POST /v1/orders HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                b"Transfer-Encoding: chunked\r\n\r\n"
            )
            pieces = (b"100000\r\n" + b" " * 0x100000 + b"\r\n") * 64
            with pytest.raises((BrokenPipeError, ConnectionResetError)):
                connection.sendall(pieces)


def test_settings_that_cannot_work_end_with_the_code_that_is_not_restarted(tmp_path: Path) -> None:
    with _daemon(tmp_path, BATCHER_HOST="0.0.0.0") as (process, _):
        assert process.wait(_WAIT_S) == 78
    assert "BATCHER_ALLOW_REMOTE" in (tmp_path / "log").read_text(encoding="utf-8")


def test_rules_with_faults_end_with_the_same_code(tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "site.yaml").write_text("site: [", encoding="utf-8")

    with _daemon(tmp_path, BATCHER_RULES=str(tmp_path / "rules")) as (process, _):
        assert process.wait(_WAIT_S) == 78


def test_a_second_daemon_on_the_same_database_is_told_to_try_later(tmp_path: Path) -> None:
    second = tmp_path / "second"
    second.mkdir()
    with _daemon(tmp_path) as (_, manager):
        manager.hears("READY=1")
        with _daemon(second, BATCHER_STATE_DIR=str(tmp_path / "state")) as (process, _):
            assert process.wait(_WAIT_S) == 75
