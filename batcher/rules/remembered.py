"""Answers that are asked for again and again under one set of rules: whoever asks says all that an answer hangs on."""

from collections.abc import Callable, Hashable
from typing import Any, TypeVar

Answer = TypeVar("Answer")

#: Answers kept at the most; a floor has fewer kinds of orders and pieces.
_MOST = 5_000


class Remembered:
    """Answers by what they were given for; safe in several threads, the worst is that one is worked out twice."""

    def __init__(self) -> None:
        self._answers: dict[Hashable, Any] = {}

    def answer(self, asked: Hashable, find: Callable[[], Answer]) -> Answer:
        """Return the answer, found now if it is not known; what `find` raises is not remembered."""
        try:
            found: Answer = self._answers[asked]
        except KeyError:
            found = find()
            if len(self._answers) >= _MOST:
                self._answers = {}
            self._answers[asked] = found
        return found

    def __reduce__(self) -> tuple[type["Remembered"], tuple[()]]:
        return Remembered, ()  # another process finds out for itself
