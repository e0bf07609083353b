"""How many heaps a process with many threads has."""

import subprocess
import sys

_FILL = """
import ctypes, sys, threading
from batcher.daemon.heaps import share_heaps

if sys.argv[1] == "shared":
    assert share_heaps()

malloc = ctypes.CDLL(None).malloc
malloc.restype = ctypes.c_void_p
together = threading.Barrier(12)


def fill():
    together.wait()
    for _ in range(200):
        malloc(ctypes.c_size_t(64))


threads = [threading.Thread(target=fill) for _ in range(12)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
ctypes.CDLL(None).malloc_stats()
"""


def _heaps(how: str) -> int:
    """Return how many heaps a process has whose threads have asked for memory, as the C library itself tells."""
    told = subprocess.run([sys.executable, "-c", _FILL, how], check=True, capture_output=True, text=True)
    return told.stderr.count("Arena ")


def test_threads_share_a_few_heaps() -> None:
    assert _heaps("shared") <= 2 < _heaps("each its own")
