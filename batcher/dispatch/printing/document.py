"""What is printed of a batch: its ticket, with the outlines that only the rules know. Read by `sheet` and `labels`."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from batcher.dispatch.ticket import TicketDocument, TicketItem

#: Stands for a text on paper for somebody who may see the floor and no orders.
_WITHHELD = "(not for those who may see no orders)"


@dataclass(frozen=True)
class Room:
    """How much room a piece takes: slots of a bed, or width and height on a sheet in mm; none: not known any more."""

    slots: int = 1
    width_mm: int | None = None
    height_mm: int | None = None


@dataclass(frozen=True)
class Printed:
    """
    One batch for paper.

    Parameters
    ----------
    rooms
        By job id.
    zone
        In which its times are told.
    """

    ticket: TicketDocument
    rooms: Mapping[str, Room]
    zone: ZoneInfo

    @property
    def pieces(self) -> list[TicketItem]:
        """The pieces by their number on the bed or sheet."""
        return sorted(self.ticket.items, key=lambda item: (item.slot, item.job_id))

    def local(self, instant: datetime) -> str:
        """Return a moment in the site's time, to the minute."""
        return f"{instant.astimezone(self.zone):%a %d %b %H:%M}"


def read_printed(
    document: Mapping[str, object], room_of: Callable[[TicketItem], Room], zone: ZoneInfo, *, texts: bool
) -> Printed:
    """Return a stored ticket for paper, with or without what customers wrote."""
    ticket = TicketDocument.model_validate_json(json.dumps(document))
    if not texts:
        items = tuple(item.model_copy(update={"text": _WITHHELD}) for item in ticket.items)
        ticket = ticket.model_copy(update={"items": items})
    return Printed(ticket, {item.job_id: room_of(item) for item in ticket.items}, zone)
