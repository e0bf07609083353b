"""
What a virtual machine reads in a job ticket.

Written from `docs/tickets.md` alone, as the maker of a machine would: it shares no code with the side that writes
tickets, so that a fault there cannot hide here.
"""

import hashlib
import json
from dataclasses import dataclass

from batcher.errors import DocumentError, Fault


@dataclass(frozen=True)
class MachineTicket:
    """As much of a ticket as a machine acts on."""

    ticket_id: str
    sequence: int
    station: str
    batch_id: str
    setup_state: str
    changeover_s: int
    run_s: int
    unattended_ok: bool
    jobs: dict[str, str]  #: by item id
    orders: dict[str, str]  #: order id by item id


def read_ticket(content: bytes) -> MachineTicket:
    """
    Read a ticket file.

    Raises
    ------
    DocumentError
        When it is not a whole ticket or its content does not match its hash.
    """
    try:
        document = json.loads(content.decode())
        if document["format"] != "batcher-ticket/1":
            raise _refused("/format", f"is {document['format']!r}, this machine reads batcher-ticket/1")
        if document["sha256"] != _hash(document):
            raise _refused("/sha256", "does not match the content")
        return MachineTicket(
            ticket_id=document["ticket_id"],
            sequence=document["sequence"],
            station=document["station"],
            batch_id=document["batch_id"],
            setup_state=document["setup_state"],
            changeover_s=document["changeover"]["seconds"],
            run_s=document["run_seconds"],
            unattended_ok=document["unattended_ok"],
            jobs={item["item_id"]: item["job_id"] for item in document["items"]},
            orders={item["item_id"]: item["order_id"] for item in document["items"]},
        )
    except (ValueError, KeyError, TypeError) as error:
        raise _refused("/", f"is not a whole ticket: {error!r}") from error


def _hash(document: dict[str, object]) -> str:
    rest = {name: value for name, value in document.items() if name != "sha256"}
    text = json.dumps(rest, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _refused(where: str, message: str) -> DocumentError:
    return DocumentError((Fault(where, message),))
