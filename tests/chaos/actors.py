"""Processes that die, stand still, and are started again, as by a service manager."""

import random
import signal
import subprocess
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

Start = Callable[[], "subprocess.Popen[bytes]"]


@dataclass
class Actor:
    """
    One process and those that follow it.

    Parameters
    ----------
    restart_s
        Seconds, at least and at most, until a process that has ended is followed by another.
    """

    name: str
    start: Start
    chance: random.Random
    restart_s: tuple[float, float] = (0.2, 3.0)
    process: "subprocess.Popen[bytes] | None" = None
    started_at: float = 0.0
    ends: Counter[int] = field(default_factory=Counter)
    _start_at: float = 0.0
    _go_on_at: float | None = None

    @property
    def lives(self) -> bool:
        """Tell whether there is a process that does not stand still."""
        return self.process is not None and self.process.poll() is None and self._go_on_at is None

    def tick(self, now: float) -> None:
        """Do what is due: let one go on that stands still, follow one that has ended."""
        if self._go_on_at is not None and now >= self._go_on_at:
            self._signal(signal.SIGCONT)
            self._go_on_at = None
        if self.process is not None and self.process.poll() is not None:
            self.ends[self.process.returncode] += 1
            self.process, self._start_at = None, now + self.chance.uniform(*self.restart_s)
        if self.process is None and now >= self._start_at:
            self.process, self.started_at = self.start(), now

    def kill(self) -> None:
        """End it at once."""
        self._signal(signal.SIGKILL)
        self._go_on_at = None

    def ask_to_end(self) -> None:
        """Tell it to come to an end."""
        self._signal(signal.SIGTERM)

    def pause(self, until: float) -> None:
        """Let it stand still until a moment."""
        self._signal(signal.SIGSTOP)
        self._go_on_at = until

    def end(self) -> None:
        """Go on, end, and stay so."""
        self._signal(signal.SIGCONT)
        self._signal(signal.SIGTERM)
        if self.process is not None:
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def _signal(self, number: signal.Signals) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(number)
