"""Loops on the real scheduler, with a clock of health that a test moves."""

import asyncio
import threading
from collections.abc import Callable

import pytest
from prometheus_client import CollectorRegistry

from batcher.api.health import Health
from batcher.daemon.loops import Loop, Loops
from batcher.metrics import Metrics


class _Seconds:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def while_it_runs(may_last_s: float, ask: Callable[[Health, _Seconds], object]) -> object:
    """Ask something of the health of a loop's process while its first run is under way."""
    seconds = _Seconds()
    health, began, end = Health(seconds), threading.Event(), threading.Event()

    def run() -> None:
        began.set()
        end.wait(30)

    async def scenario() -> object:
        loops = Loops([Loop("plan", 15, run, lambda: may_last_s)], health, Metrics(CollectorRegistry()))
        loops.start()
        try:
            assert await asyncio.to_thread(began.wait, 30)
            return ask(health, seconds)
        finally:
            end.set()
            assert await loops.stop(30)

    return asyncio.run(scenario())


def _after_three_minutes(health: Health, seconds: _Seconds) -> object:
    seconds.now += 180
    return [stale.loop for stale in health.stale_loops()]


@pytest.mark.parametrize(("may_last_s", "stale"), [(5, ["plan"]), (120, [])])
def test_a_run_that_may_take_long_is_given_that_long(may_last_s: float, stale: list[str]) -> None:
    assert while_it_runs(may_last_s, _after_three_minutes) == stale


def test_a_loop_that_fails_is_counted_and_runs_again() -> None:
    metrics, again = Metrics(CollectorRegistry()), threading.Event()
    runs: list[int] = []

    def fail() -> None:
        runs.append(1)
        if len(runs) > 1:
            again.set()
        raise ZeroDivisionError

    async def scenario() -> None:
        loops = Loops([Loop("poll", 0, fail)], Health(), metrics)
        loops.start()
        assert await asyncio.to_thread(again.wait, 30)
        assert await loops.stop(30)

    asyncio.run(scenario())
    counted = metrics.registry.get_sample_value("batcher_loop_failures_total", {"loop": "poll", "code": "bug"})
    assert counted is not None
    assert counted >= 2
