"""
What systemd is told: ready, reloading, stopping, a line of status, and that the loops still turn.

The watchdog is fed by progress of the loops, not by a timer of its own: a process that answers
but plans nothing is as dead as one that hangs. Outside systemd every call does nothing.
"""

import asyncio
import os
import time
from dataclasses import dataclass

import sdnotify

from batcher.api.health import Health

#: Taken out of the environment, so that no child can speak for the daemon.
_VARIABLES = ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID")


class Notifier:
    """
    The line to the service manager.

    Parameters
    ----------
    socket
        The manager's notification socket; none: nobody listens.
    watchdog_s
        Within how many seconds the manager wants to hear from us, again and again; none: never.
    """

    def __init__(self, socket: sdnotify.SystemdNotifier | None, watchdog_s: float | None) -> None:
        self._socket = socket
        self.watchdog_s = watchdog_s

    def ready(self, status: str) -> None:
        """Say that start-up, or a reload, is over."""
        self._send("READY=1", _status(status))

    def reloading(self, status: str) -> None:
        """Say that a reload has begun; `ready` ends it."""
        self._send("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}", _status(status))

    def stopping(self, status: str) -> None:
        """Say that the process is on its way out."""
        self._send("STOPPING=1", _status(status))

    def status(self, status: str) -> None:
        """Set the line that `systemctl status` shows."""
        self._send(_status(status))

    def alive(self) -> None:
        """Feed the watchdog once."""
        self._send("WATCHDOG=1")

    def close(self) -> None:
        """Hang up."""
        if self._socket is not None and self._socket.socket is not None:
            self._socket.socket.close()
        self._socket = None

    def _send(self, *lines: str) -> None:
        if self._socket is not None:
            self._socket.notify("\n".join(lines))  # type: ignore[no-untyped-call] # a library without types


def take_notifier() -> Notifier:
    """Return the line to the manager that started us, and take it out of the environment of our children."""
    address, watchdog_us, watchdog_pid = (os.environ.get(name) for name in _VARIABLES)
    socket = sdnotify.SystemdNotifier() if address else None  # type: ignore[no-untyped-call] # likewise
    for name in _VARIABLES:
        os.environ.pop(name, None)
    ours = watchdog_pid is None or watchdog_pid == str(os.getpid())
    wanted = watchdog_us if ours and watchdog_us and watchdog_us.isdecimal() else None
    return Notifier(socket, int(wanted) / 1_000_000 if wanted else None)


@dataclass(frozen=True)
class Watchdog:
    """Feeds the manager's watchdog as long as every loop makes progress within its own budget."""

    notifier: Notifier
    health: Health

    def look(self) -> bool:
        """Feed the watchdog if all loops turn, else say which does not; return whether it was fed."""
        stale = self.health.stale_loops()
        if stale:
            self.notifier.status("; ".join(map(str, stale)))
            return False
        self.notifier.alive()
        return True

    async def run(self, stop: asyncio.Event) -> None:
        """Look twice in each of the manager's intervals until `stop`; return at once when it has none."""
        if self.notifier.watchdog_s is None:
            return
        while not stop.is_set():
            self.look()
            try:
                await asyncio.wait_for(stop.wait(), self.notifier.watchdog_s / 2)
            except TimeoutError:
                continue


def _status(text: str) -> str:
    # one line, and ASCII: the library encodes as Latin-1 and drops what it cannot
    return "STATUS=" + " ".join(text.split()).encode("ascii", "replace").decode("ascii")
