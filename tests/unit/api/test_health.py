"""Progress of the loops."""

import pytest

from batcher.api.health import Health


class _Seconds:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def silent(health: Health) -> list[str]:
    return [stale.loop for stale in health.stale_loops()]


def test_a_loop_is_stale_only_when_silent_for_longer_than_its_own_budget() -> None:
    seconds = _Seconds()
    health = Health(seconds)
    health.register("plan", 60)
    health.register("dispatch", 10)

    seconds.now += 10
    assert silent(health) == []
    seconds.now += 1
    assert silent(health) == ["dispatch"]
    health.beat("dispatch")
    assert silent(health) == []
    seconds.now += 50
    assert silent(health) == ["dispatch", "plan"]


def test_a_stale_loop_is_told_with_its_silence_and_its_budget() -> None:
    seconds = _Seconds()
    health = Health(seconds)
    health.register("plan", 60)
    seconds.now += 90

    assert [str(stale) for stale in health.stale_loops()] == ["loop plan made no progress for 90 s (allowed 60 s)"]


def test_a_beat_of_a_loop_nobody_registered_is_a_bug() -> None:
    with pytest.raises(KeyError):
        Health().beat("plan")


def test_ready_only_after_being_told_and_with_a_reason_while_not() -> None:
    health = Health()
    told = [(health.ready, health.not_ready_reason)]
    health.set_ready()
    told.append((health.ready, health.not_ready_reason))
    health.set_not_ready("stopping")
    told.append((health.ready, health.not_ready_reason))

    assert told == [(False, "starting"), (True, ""), (False, "stopping")]
