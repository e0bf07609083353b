"""
Long work in a thread that nobody waits for, done so that those who are waited for hardly notice.

All threads share one interpreter, and whoever wants it waits for each that computes. One that rests more than it works
takes longer, and keeps the others back a fraction as much.
"""

import time
from collections.abc import Iterable, Iterator
from typing import Protocol, TypeVar

T = TypeVar("T")

#: Seconds of work in one go, and of rest after them.
_WORK_S, _REST_S = 0.001, 0.003


class Pace(Protocol):
    """How fast many values are gone through."""

    def __call__(self, values: Iterable[T], /) -> Iterable[T]:
        """Return the same values, one after the other."""


def straight_on(values: Iterable[T], /) -> Iterable[T]:
    """Return values as they are: somebody waits for what is made of them."""
    return values


def giving_way(values: Iterable[T], /) -> Iterator[T]:
    """Yield values with a rest after every millisecond."""
    began = time.perf_counter()
    for value in values:
        yield value
        if time.perf_counter() - began > _WORK_S:
            time.sleep(_REST_S)
            began = time.perf_counter()
