"""Waiting for what other processes do: they tell nobody when they have, so it is looked for again and again."""

import time
from collections.abc import Callable

_AGAIN_S = 0.05


def wait_for(what: Callable[[], object], seconds: float = 60, *, told: Callable[[], str] = str) -> object:
    """Return what there is once there is something; when it does not come in time, fail with what is told."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        found = what()
        if found:
            return found
        time.sleep(_AGAIN_S)
    raise AssertionError(f"did not come in {seconds} s\n{told()}")
