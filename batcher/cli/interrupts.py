"""Ctrl-C and SIGTERM as a wish to end early with what there is, for commands that have something to show for it."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from types import FrameType


@contextmanager
def wish_to_end() -> Iterator[Connection]:
    """
    Yield a pipe that can be read from as soon as somebody asks the process to end: once politely.

    The same signal a second time does what it always does, at once.
    """
    reader, writer = Pipe(duplex=False)
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def tell(number: int, _: FrameType | None) -> None:
        signal.signal(number, before[signal.Signals(number)])
        writer.send_bytes(b"end")

    for number in before:
        signal.signal(number, tell)
    try:
        yield reader
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        writer.close()
