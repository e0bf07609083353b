"""Going through values with rests leaves none out."""

import time
from collections.abc import Iterator

from batcher.services.giving_way import giving_way


def slowly(count: int) -> Iterator[int]:
    for number in range(count):
        until_s = time.thread_time() + 0.0005
        while time.thread_time() < until_s:
            pass
        yield number


def test_values_come_in_their_order_however_fast_they_are_gone_through() -> None:
    assert list(giving_way(slowly(20))) == list(range(20))
    assert list(giving_way([])) == []
