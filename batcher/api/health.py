"""
Whether the process does its work: each loop says when it got somewhere, and anyone may ask which did not.

Fed by the daemon's loops; read by `/healthz`, `/readyz` and the systemd watchdog. What is done about a
loop that stands still is theirs to decide.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Stale:
    """A loop that has made no progress within its budget."""

    loop: str
    silent_s: float
    budget_s: float

    def __str__(self) -> str:
        return f"loop {self.loop} made no progress for {self.silent_s:.0f} s (allowed {self.budget_s:.0f} s)"


class Health:
    """
    Progress of every loop, by a clock that never steps; safe to use from any thread.

    Parameters
    ----------
    monotonic
        Seconds of a clock that only goes forward.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._budgets: dict[str, float] = {}
        self._beats: dict[str, float] = {}
        self._not_ready = "starting"

    def register(self, loop: str, budget_s: float) -> None:
        """Expect progress of a loop every `budget_s` real seconds from now on."""
        with self._lock:
            self._budgets[loop] = budget_s
            self._beats[loop] = self._monotonic()

    def beat(self, loop: str) -> None:
        """Note that a registered loop got somewhere; failing is progress too, hanging is not."""
        with self._lock:
            if loop not in self._budgets:
                raise KeyError(loop)
            self._beats[loop] = self._monotonic()

    def stale_loops(self) -> list[Stale]:
        """Return the loops past their budget, by name."""
        with self._lock:
            now = self._monotonic()
            silent = {loop: now - at for loop, at in self._beats.items()}
            return [
                Stale(loop, silent[loop], budget)
                for loop, budget in sorted(self._budgets.items())
                if silent[loop] > budget
            ]

    @property
    def ready(self) -> bool:
        """Tell whether requests should be sent here."""
        return not self._not_ready

    @property
    def not_ready_reason(self) -> str:
        """Return why not, in a word or two; empty when ready."""
        return self._not_ready

    def set_ready(self) -> None:
        """Say that everything is up."""
        self._not_ready = ""

    def set_not_ready(self, reason: str) -> None:
        """Say that no requests should come, and why: starting, stopping."""
        self._not_ready = reason
