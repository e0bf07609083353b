"""What was last read of tokens, so that not every request has to ask the database who it is."""

import threading
import time
from collections.abc import Callable

from batcher.domain.access import Token

#: Whoever leads since may have changed a token: what was read is believed for so long.
_BELIEVED_S = 1.0
#: Tokens that are remembered; more than any floor has.
_MOST = 1000


class TokenBox:
    """
    Tokens by digest, until one is made or revoked here, and for a second at most.

    Parameters
    ----------
    monotonic
        Seconds of a clock that only goes forward.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._known: dict[str, tuple[Token, float]] = {}
        self._changes = 0

    @property
    def changes(self) -> int:
        """Return how often tokens have changed; to be taken before one is read that is then kept."""
        return self._changes

    def get(self, digest: str) -> Token | None:
        """Return a token that was read a moment ago; none: it must be looked up."""
        token, until = self._known.get(digest, (None, 0.0))
        return token if self._monotonic() < until else None

    def keep(self, digest: str, token: Token, changes: int) -> None:
        """Keep a token that has been read, unless tokens have changed since."""
        with self._lock:
            if changes == self._changes:
                if len(self._known) >= _MOST:
                    self._known.clear()
                self._known[digest] = (token, self._monotonic() + _BELIEVED_S)

    def forget(self) -> None:
        """Look every token up again: one was made or revoked."""
        with self._lock:
            self._changes += 1
            self._known.clear()
