"""The door of a station whose folder cannot be known now: whatever is to be done there fails, as looking there did."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NoReturn

from batcher.errors import DispatchError


class ShutDoor:
    """
    A `transport.Transport` that hands over nothing.

    A token in a folder that may be another one, or in which our epoch has not begun, would say later what is not true:
    that a ticket was published which no station ever had.

    Parameters
    ----------
    error
        What came of looking.
    """

    def __init__(self, error: DispatchError) -> None:
        self._error = error

    def place(self, name: str, file: Path) -> None:  # noqa: ARG002 - a transport's
        """Fail."""
        self._fail(f"the artwork {name} could not be placed")

    def stage(self, ticket_id: str, content: bytes) -> None:  # noqa: ARG002 - a transport's
        """Fail."""
        self._fail(f"ticket {ticket_id} could not be staged")

    def publish(self, ticket_id: str, staged_in: int | None = None) -> None:  # noqa: ARG002 - a transport's
        """Fail."""
        self._fail(f"ticket {ticket_id} could not be published")

    def note(self, documents: Sequence[Mapping[str, object]]) -> None:  # noqa: ARG002 - a transport's
        """Fail."""
        self._fail("tickets could not be noted")

    def discard(self, ticket_id: str) -> None:
        """Fail."""
        self._fail(f"staged ticket {ticket_id} could not be thrown away")

    def _fail(self, what: str) -> NoReturn:
        raise DispatchError(f"{what}: {self._error}", reason=self._error.reason)
