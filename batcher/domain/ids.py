"""Ids of our own making: sortable by time, safe in file names, never taken from input."""

import hashlib
import secrets
import threading
import time

#: Crockford's base 32: no I, L, O, U.
_BASE32 = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
#: Two characters at a time: ids are made by the thousand.
_PAIRS = [first + second for first in _BASE32 for second in _BASE32]
#: No vowels and no look-alikes: a code read aloud on a loud floor stays one code.
_CHECK_ALPHABET = "BCDFGHJKLMNPQRSTVWXZ2456789"


class _Ids:
    """Counts up within a millisecond, so that what was made in one go sorts as it was made."""

    def __init__(self) -> None:
        self._lock, self._last = threading.Lock(), 0

    def next(self) -> int:
        fresh = int(time.time() * 1000) << 80 | secrets.randbits(80)
        with self._lock:
            self._last = fresh if fresh >> 80 > self._last >> 80 else self._last + 1
            return self._last


_ids = _Ids()


def new_id() -> str:
    """
    Return a fresh ULID: 48 bits of wall-clock milliseconds and 80 of randomness, as 26 characters.

    Ascending within a process, also when the wall clock steps back.
    """
    number = _ids.next()
    return "".join([_PAIRS[number >> shift & 1023] for shift in range(120, -1, -10)])


def check_code(text: str) -> str:
    """Return four characters that a person can compare between a ticket and a piece."""
    number = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
    letters = []
    for _ in range(4):
        number, digit = divmod(number, len(_CHECK_ALPHABET))
        letters.append(_CHECK_ALPHABET[digit])
    return "".join(letters)
