"""
A token for the command line on this machine, new at every start: who may read the state directory may act.

It lies in a file for the daemon's own user alone, and is worth nothing once the daemon has ended.
"""

import os

from batcher.services.access import digest_of, new_secret
from batcher.settings import Settings


def leave_token(settings: Settings) -> str:
    """Write a fresh token where the command line finds it, and return its digest."""
    secret, path = new_secret(), settings.operator_token
    path.unlink(missing_ok=True)
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(fd, "w", encoding="ascii") as file:
        file.write(secret + "\n")
    return digest_of(secret)
