"""
A database that comes from a backup is recognised when the daemon starts, and nothing is sent until it is reconciled.

What stations were sent is noted beside their folders: a ticket there that the database does not know to be sent, or an
epoch that it has not reached, says that the database is older than the floor. What follows is in `reconciling`.
"""

from collections.abc import Iterator

import structlog

from batcher.dispatch.folder_mark import latest_epoch
from batcher.dispatch.folders import station_folders
from batcher.dispatch.sent_journal import SentJournal
from batcher.domain.states import TicketState
from batcher.errors import DispatchError, NotFoundError
from batcher.services.context import Floor
from batcher.store import batches, restored
from batcher.store.archive import is_archived_ticket
from batcher.store.session import Session

log = structlog.get_logger()


def look_for_restore(floor: Floor) -> None:
    """Enter safe mode where the stations' folders know more than the database, and stay in it where we were."""
    signs = list(_signs(floor))
    if signs:
        reason = "the database is older than the stations' folders: " + "; ".join(signs)
        with floor.store.write() as session:
            restored.enter_safe_mode(session, reason, floor.now())
    take_note(floor)


def take_note(floor: Floor) -> None:
    """Have the process, its metrics and its log know whether it is in safe mode."""
    with floor.store.read() as session:
        floor.safe.mode = restored.safe_mode(session)
    floor.metrics.safe_mode.set(floor.safe.mode is not None)
    if floor.safe.mode is not None:
        log.error("safe_mode", why=floor.safe.mode.reason, what="nothing is sent; see `batcher reconcile`")


def _signs(floor: Floor) -> Iterator[str]:
    for sid, station in floor.rules.current.stations.items():
        folders = station_folders(floor.settings.state_dir, station)
        try:
            epoch = latest_epoch(folders)
            last = next(SentJournal(folders).tickets(), None)
        except DispatchError:  # a folder that cannot be looked into is its station's trouble; nothing is sent there
            continue
        if epoch >= floor.store.epoch:
            yield f"{sid} was led in epoch {epoch}, the database is in epoch {floor.store.epoch}"
        with floor.store.read() as session:
            if last is not None and not was_sent(session, str(last["ticket_id"])):
                yield f"{sid} was sent ticket {last['ticket_id']}"


def was_sent(session: Session, ticket_id: str) -> bool:
    """Tell whether the database knows that a ticket was sent, be it long ago."""
    try:
        return batches.get_ticket(session, ticket_id).state is not TicketState.RELEASED
    except NotFoundError:
        return is_archived_ticket(session, ticket_id)
