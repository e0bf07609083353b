"""
Tickets that stations were sent and a database from a backup does not know: found in the journals, and brought back.

Such a ticket comes back in doubt, under its own id: its station may have made it, or may be making it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from batcher.dispatch.folders import station_folders
from batcher.dispatch.hotfolder import HotFolder
from batcher.dispatch.sent_journal import SentJournal
from batcher.dispatch.ticket import build_ticket
from batcher.domain.batches import BatchJob, NewBatch, Place
from batcher.domain.orders import OpenWork
from batcher.domain.states import TicketState
from batcher.errors import NotFoundError
from batcher.services.context import Floor
from batcher.services.doubt import tell_doubt
from batcher.services.safe_mode import was_sent
from batcher.store import batches, orders
from batcher.store.session import Session

_WHY = "sent before the database was restored from a backup"


class Verdict(StrEnum):
    """What becomes of a ticket that the database does not know to be sent."""

    WITHDRAWN = "withdrawn"  #: it still lies staged: it was never sent, and is thrown away
    IN_DOUBT = "in_doubt"  #: its pieces wait in the database: they are on it again, and nowhere else
    UNACCOUNTED = "unaccounted"  #: some of its pieces are not known, or stand elsewhere


@dataclass(frozen=True)
class SentTicket:
    """A ticket that was sent, or about to be, as its station's journal has it."""

    ticket_id: str
    station: str
    verdict: Verdict
    orders: tuple[tuple[str, str], ...]  #: source and order id
    document: Mapping[str, Any] = field(repr=False)


def sent_unknown(floor: Floor) -> list[SentTicket]:
    """
    Return what stations were sent and the database does not know to be sent, in the order of its release.

    Raises
    ------
    DispatchError
        A station's folder cannot be read.
    """
    found: list[SentTicket] = []
    with floor.store.read() as session:
        for sid in floor.rules.current.stations:
            journal = SentJournal(_hot(floor, sid).folders)
            noted = {str(document["ticket_id"]): document for document in journal.tickets()}
            found += [_judged(floor, session, sid, told) for told in noted.values() if not _knows(session, told)]
    return sorted(found, key=lambda one: str(one.document["planned_start_at"]))


def bring_back(floor: Floor, sent: SentTicket) -> None:
    """
    Do what a ticket's verdict says.

    Raises
    ------
    DispatchError
        What lies staged cannot be thrown away.
    """
    if sent.verdict is Verdict.WITHDRAWN:
        _hot(floor, sent.station).discard(sent.ticket_id)
        return
    with floor.store.write() as session:
        if not _is_there(session, sent.ticket_id):
            _release_again(floor, session, sent.document, floor.now())
        batches.move_ticket(session, sent.ticket_id, TicketState.SENDING, floor.now())
        batches.move_ticket(session, sent.ticket_id, TicketState.IN_DOUBT, floor.now(), error=_WHY)
    tell_doubt(floor, sent.station, [sent.ticket_id], _WHY)


def _judged(floor: Floor, session: Session, station: str, document: Mapping[str, Any]) -> SentTicket:
    ticket_id = str(document["ticket_id"])
    if _hot(floor, station).is_staged(ticket_id):
        verdict = Verdict.WITHDRAWN
    elif _is_there(session, ticket_id) or _waiting(session, document):
        verdict = Verdict.IN_DOUBT
    else:
        verdict = Verdict.UNACCOUNTED
    named = dict.fromkeys((str(item["source"]), str(item["order_id"])) for item in document["items"])
    return SentTicket(ticket_id, station, verdict, tuple(named), document)


def _knows(session: Session, document: Mapping[str, Any]) -> bool:
    return was_sent(session, str(document["ticket_id"]))


def _is_there(session: Session, ticket_id: str) -> bool:
    try:
        batches.get_ticket(session, ticket_id)
    except NotFoundError:
        return False
    return True


def _waiting(session: Session, document: Mapping[str, Any]) -> dict[str, OpenWork]:
    """Return the jobs of a ticket if every one of them waits to be made; else none."""
    wanted = [str(item["job_id"]) for item in document["items"]]
    work = {entry.job.id: entry for entry in orders.work_of(session, wanted) if entry.job.ready_at is not None}
    return work if len(work) == len(wanted) else {}


def _release_again(floor: Floor, session: Session, told: Mapping[str, Any], now: datetime) -> None:
    work, rules = _waiting(session, told), floor.rules.current
    fixture = rules.fixtures.get(told["fixture"])
    codes = {item["job_id"]: item["check_code"] for item in told["items"]}
    batch = _batch(told)
    same = {"ticket_id": told["ticket_id"], "batch_id": told["batch_id"], "rules_hash": told["rules_hash"]}
    document = build_ticket(
        batch, work, codes, sequence=told["sequence"], sheet=None if fixture is None else fixture.sheet, **same
    )
    batches.release(
        session, batch, document=document, check_codes=codes, plan_id="", now=now, sequence=told["sequence"], **same
    )


def _batch(told: Mapping[str, Any]) -> NewBatch:
    """Return the batch of a ticket; what the ticket does not tell, its price and its rule, is not known any more."""
    start_at, end_at, due_at = (
        datetime.fromisoformat(told[name]) for name in ("planned_start_at", "planned_end_at", "due_at")
    )
    items, capacity = told["items"], told["capacity"] or 0
    return NewBatch(
        station=told["station"], process=told["process"], fixture=told["fixture"], setup_state=told["setup_state"],
        changeover_s=told["changeover"]["seconds"], rule="", family="", start_at=start_at, end_at=end_at, due_at=due_at,
        jobs=tuple(
            BatchJob(item["job_id"], Place(item["slot"], item["x_mm"], item["y_mm"], item["rotated"])) for item in items
        ),
        fill=len(items) / capacity if capacity else 1.0, reason="restored", cost_minor=0, capacity=capacity,
        unattended_ok=told["unattended_ok"],
    )  # fmt: skip


def _hot(floor: Floor, station: str) -> HotFolder:
    return HotFolder(station_folders(floor.settings.state_dir, floor.rules.current.stations[station]))
