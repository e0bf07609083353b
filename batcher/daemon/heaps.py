"""
Few heaps for the C library, whatever the number of threads.

glibc gives threads heaps of their own, up to eight a core, and each keeps what is freed in it: with fifty threads that
take turns, memory that nobody uses grows from day to day. Threads that hold one interpreter's lock gain nothing by it.
"""

import ctypes

#: glibc's number for the parameter, from its malloc.h, and how many heaps are enough.
_M_ARENA_MAX, _HEAPS = -8, 2


def share_heaps() -> bool:
    """Let all threads that begin from now on share a few heaps; tell whether the C library knows how."""
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return False
    return bool(mallopt(_M_ARENA_MAX, _HEAPS))
