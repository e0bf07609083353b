"""Ids of our own making: sortable by time, safe in file names, never taken from input."""

import hashlib
import secrets
import time

#: Crockford's base 32: no I, L, O, U.
_BASE32 = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
#: No vowels and no look-alikes: a code read aloud on a loud floor stays one code.
_CHECK_ALPHABET = "BCDFGHJKLMNPQRSTVWXZ2456789"


def new_id() -> str:
    """Return a fresh ULID: 48 bits of wall-clock milliseconds, 80 of randomness, 26 characters."""
    number = int(time.time() * 1000) << 80 | secrets.randbits(80)
    return "".join(_BASE32[number >> shift & 31] for shift in range(125, -1, -5))


def check_code(text: str) -> str:
    """Return four characters that a person can compare between a ticket and a piece."""
    number = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
    letters = []
    for _ in range(4):
        number, digit = divmod(number, len(_CHECK_ALPHABET))
        letters.append(_CHECK_ALPHABET[digit])
    return "".join(letters)
