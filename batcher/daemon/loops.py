"""
The daemon's loops: poll, plan, dispatch, reports, housekeeping, each driven by APScheduler.

A loop runs in a worker thread, never twice at once; a failure is logged and counted, and the next run tries again.
What each of them does is in `services`.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from batcher.api.health import Health
from batcher.errors import BatcherError
from batcher.metrics import Metrics

log = structlog.get_logger()

#: However fast the floor's clock runs, a loop rests so long on the wall clock.
_LEAST_INTERVAL_S = 0.1
#: A loop that makes no progress for so many of its intervals, and for so long, is stuck.
_BUDGET_INTERVALS, _LEAST_BUDGET_S = 5.0, 60.0


def _at_once() -> float:
    return 0.0


@dataclass(frozen=True)
class Loop:
    """
    One loop.

    Parameters
    ----------
    interval_s
        On the wall clock.
    may_last_s
        Asked before each run: how many seconds the run may rightly take beside its interval.
    """

    name: str
    interval_s: float
    run: Callable[[], object]
    may_last_s: Callable[[], float] = _at_once

    def rests_s(self) -> float:
        """Return the seconds between two runs."""
        return max(_LEAST_INTERVAL_S, self.interval_s)

    def budget_s(self) -> float:
        """Return within how many seconds from now it must have got somewhere."""
        return max(_LEAST_BUDGET_S, _BUDGET_INTERVALS * self.rests_s()) + self.may_last_s()


class Loops:
    """All loops of one daemon, started and stopped together."""

    def __init__(self, loops: list[Loop], health: Health, metrics: Metrics) -> None:
        self._loops, self._health, self._metrics = loops, health, metrics
        self._scheduler = AsyncIOScheduler(
            timezone=UTC, job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        )
        self._running: set[str] = set()
        self._stopping = False
        for loop in loops:
            metrics.loop_stalled.labels(loop=loop.name).set_function(partial(self._stalled, loop.name))

    def start(self) -> None:
        """Start every loop; each runs for the first time at once."""
        first = datetime.now(UTC)
        for k, loop in enumerate(self._loops):
            self._health.register(loop.name, loop.budget_s())
            self._scheduler.add_job(
                self._turn,
                "interval",
                args=[loop],
                id=loop.name,
                seconds=loop.rests_s(),
                next_run_time=first + timedelta(milliseconds=10 * k),
            )
        self._scheduler.start()

    async def stop(self, drain_s: float) -> bool:
        """Let what runs come to its end, start nothing new; return whether all ended in time."""
        self._stopping = True
        self._scheduler.pause()
        until = time.monotonic() + drain_s
        while self._running and time.monotonic() < until:  # noqa: ASYNC110 - threads set no event of this loop
            await asyncio.sleep(0.02)
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)
        return not self._running

    def _stalled(self, name: str) -> float:
        return float(any(stale.loop == name for stale in self._health.stale_loops()))

    async def _turn(self, loop: Loop) -> None:
        if self._stopping:
            return
        began = time.monotonic()
        self._running.add(loop.name)
        self._health.register(loop.name, loop.budget_s())
        try:
            await asyncio.to_thread(loop.run)
        except Exception as error:
            code = error.code if isinstance(error, BatcherError) else "bug"
            self._metrics.loop_failures.labels(loop=loop.name, code=code).inc()
            log.exception("loop_failed", loop=loop.name, code=code, exc_info=error)
        else:
            self._metrics.loop_success.labels(loop=loop.name).set(time.time())
        finally:
            self._metrics.loop_seconds.labels(loop=loop.name).observe(time.monotonic() - began)
            self._health.beat(loop.name)
            self._running.discard(loop.name)
