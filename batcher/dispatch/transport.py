"""
How a ticket gets to a station: the steps every transport offers to the outbox.

The outbox commits what it is about to do before it does it: `stage`, commit *sending*, `note`, `publish`, commit
*delivered*.
After a crash in *sending* it calls `publish` again: what is still staged is published then, what is gone was.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol


class Transport(Protocol):
    """One station's transport; every method raises `DispatchError` when the station cannot be reached."""

    def place(self, name: str, file: Path) -> None:
        """Put a file that a ticket names where the station finds it, before the ticket; may be called again."""

    def stage(self, ticket_id: str, content: bytes) -> None:
        """Prepare a ticket durably where the station cannot see it; what an earlier try left is replaced."""

    def publish(self, ticket_id: str, staged_in: int | None = None) -> None:
        """Make what was staged in an epoch, ours or one before, visible, at most once; may be called again."""

    def note(self, documents: Sequence[Mapping[str, object]]) -> None:
        """Keep durably, outside the database, which tickets are about to be published."""

    def discard(self, ticket_id: str) -> None:
        """Throw away a staged ticket that was taken back before it was sent; nothing happens when there is none."""
