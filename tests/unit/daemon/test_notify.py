"""What systemd hears, over a real datagram socket."""

import asyncio
import gc
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from batcher.api.health import Health
from batcher.daemon.notify import Notifier, Watchdog, take_notifier


@pytest.fixture
def manager(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """Stand in for systemd's end of the line."""
    path = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as bound:
        bound.bind(str(path))
        bound.settimeout(5)
        monkeypatch.setenv("NOTIFY_SOCKET", str(path))
        monkeypatch.setenv("WATCHDOG_USEC", "200000")
        monkeypatch.setenv("WATCHDOG_PID", str(os.getpid()))
        yield bound


@pytest.fixture
def notifier(manager: socket.socket) -> Iterator[Notifier]:
    with closing(take_notifier()) as taken:
        yield taken


def _heard(manager: socket.socket) -> list[str]:
    return manager.recv(4096).decode().splitlines()


def test_ready_reloading_and_stopping_reach_the_manager_with_a_status(
    manager: socket.socket, notifier: Notifier
) -> None:
    notifier.ready("12 orders waiting")
    assert _heard(manager) == ["READY=1", "STATUS=12 orders waiting"]
    notifier.reloading("rules")
    told = _heard(manager)
    assert told[0] == "RELOADING=1"
    assert told[1].startswith("MONOTONIC_USEC=")
    notifier.stopping("asked to")
    assert _heard(manager) == ["STOPPING=1", "STATUS=asked to"]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # the library drops its socket unclosed
def test_a_manager_that_cannot_be_reached_stops_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "nowhere"))
    notifier = take_notifier()
    gc.collect()
    notifier.ready("running")
    notifier.close()


def test_a_status_cannot_smuggle_in_another_message(manager: socket.socket, notifier: Notifier) -> None:
    notifier.status("fine\nWATCHDOG=1 – ☃")

    assert _heard(manager) == ["STATUS=fine WATCHDOG=1 ? ?"]


def test_children_cannot_speak_for_the_daemon(manager: socket.socket, notifier: Notifier) -> None:
    child = subprocess.run(
        [sys.executable, "-c", "import os; print([k for k in os.environ if k.startswith(('NOTIFY', 'WATCHDOG'))])"],
        capture_output=True,
        text=True,
        check=True,
    )

    assert child.stdout.strip() == "[]"
    notifier.alive()
    assert _heard(manager) == ["WATCHDOG=1"]


@pytest.mark.again
def test_the_watchdog_is_fed_while_every_loop_turns_and_told_the_culprit_when_not(
    manager: socket.socket, notifier: Notifier
) -> None:
    now = [0.0]
    health = Health(lambda: now[0])
    health.register("plan", 60)
    watchdog = Watchdog(notifier, health)

    assert watchdog.look()
    assert _heard(manager) == ["WATCHDOG=1"]
    now[0] = 61
    assert not watchdog.look()
    assert _heard(manager) == ["STATUS=loop plan made no progress for 61 s (allowed 60 s)"]
    health.beat("plan")
    assert watchdog.look()
    assert _heard(manager) == ["WATCHDOG=1"]


def test_the_watchdog_feeds_by_itself_until_stopped(manager: socket.socket, notifier: Notifier) -> None:
    async def scenario() -> None:
        stop = asyncio.Event()
        manager.setblocking(False)
        run = asyncio.create_task(Watchdog(notifier, Health()).run(stop))
        for _ in range(3):
            assert await asyncio.get_running_loop().sock_recv(manager, 100) == b"WATCHDOG=1"
        stop.set()
        await run

    asyncio.run(scenario())


def test_a_watchdog_meant_for_another_process_is_not_fed(
    manager: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WATCHDOG_PID", "1")

    with closing(take_notifier()) as notifier:
        assert notifier.watchdog_s is None
        asyncio.run(Watchdog(notifier, Health()).run(asyncio.Event()))  # returns at once


def test_without_a_manager_nothing_is_said_and_nothing_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"):
        monkeypatch.delenv(name, raising=False)
    notifier = take_notifier()

    notifier.ready("up")
    notifier.alive()

    assert notifier.watchdog_s is None
