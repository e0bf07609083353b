"""
Long work in a thread that nobody waits for, done so that those who are waited for hardly notice.

All threads share one interpreter, and whoever wants it waits for each that computes. One that rests more than it works
takes longer, and keeps the others back a fraction as much.
"""

import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")

#: Seconds of work in one go at least, and of rest after it at most.
_WORK_S, _LONGEST_S = 0.001, 0.25
#: How many times as long as it works a thread rests that may take its time.
_TIMES = 30.0


def giving_way(values: Iterable[T], /, times: float = _TIMES) -> Iterator[T]:
    """
    Yield values with rests in between.

    Parameters
    ----------
    times
        How many times as long it rests as this thread has worked since the last rest; waiting is no work.
    """
    began_s = time.thread_time()
    for value in values:
        yield value
        worked_s = time.thread_time() - began_s
        if worked_s > _WORK_S:
            time.sleep(min(_LONGEST_S, times * worked_s))
            began_s = time.thread_time()
