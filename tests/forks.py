"""Work in a fork of one small process that may be killed in the middle of it."""

import os
import sys
from collections.abc import Callable

#: The exit code of a fork that was killed on purpose.
KILLED = 9


def in_a_fork(work: Callable[[], None]) -> bool:
    """Run something in a process of its own; false when it was killed."""
    pid = os.fork()
    if pid == 0:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - a fork must never return into the loop
            print(f"unexpected: {error!r}", file=sys.stderr)
            os._exit(1)
        os._exit(0)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    assert status in (0, KILLED), status
    return status == 0
