"""
A database from a backup, reconciled with what stations were sent since.

What a station was sent becomes a ticket again, in doubt; a report that was read since ends the doubt, and where there
is none a person does. Orders whose pieces cannot be found again are held: nothing that may have been made is planned
anew. How single tickets are brought back is in `adopting`.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import structlog

from batcher.dispatch.folder_mark import latest_epoch
from batcher.dispatch.folders import StationFolders, station_folders
from batcher.dispatch.report_folder import archived_reports
from batcher.dispatch.sent_journal import SentJournal
from batcher.domain.batches import StationReport
from batcher.domain.states import OrderState
from batcher.errors import TransitionError
from batcher.intake.accept import SENT_BEFORE
from batcher.services.adopting import SentTicket, Verdict, bring_back, sent_unknown
from batcher.services.context import Floor
from batcher.services.doubt import refresh_doubt
from batcher.services.reports import apply_report
from batcher.services.safe_mode import take_note
from batcher.store import batches, events, orders, reports, restored

log = structlog.get_logger()

_HELD = "pieces of it were sent before the database was restored, on {}; look for them at the station"


@dataclass(frozen=True)
class Reconciliation:
    """What the stations' folders know and the database does not; or, once reconciled, what has become of it."""

    reason: str  #: why the floor is in safe mode
    tickets: tuple[SentTicket, ...]
    reports: int  #: were read before the restore, and count again
    held: tuple[str, ...]  #: orders, by key, that a person must look at
    unknown: tuple[str, ...]  #: orders, as source/id, that the database does not know: held when they come again


def differences(floor: Floor) -> Reconciliation:
    """Return what reconciling would begin with; what is unaccounted for may be found once reports have been read."""
    found = sent_unknown(floor)
    held, unknown = _orders_of(floor, [one for one in found if one.verdict is Verdict.UNACCOUNTED])
    return Reconciliation(_reason(floor), tuple(found), len(_unread(floor)), tuple(held), _named(unknown))


def reconcile(floor: Floor, *, reason: str, who: str) -> Reconciliation:
    """
    Bring the database to what the stations' folders know, and leave safe mode.

    Killed at any moment it is begun again, and finds less to do.

    Raises
    ------
    TransitionError
        The floor is not in safe mode.
    DispatchError
        A station's folder cannot be used: nothing is sent to any before all of them can.
    """
    why = _reason(floor)
    if not why:
        raise TransitionError("floor", "as a whole", "not in safe mode", "reconciled")
    done: dict[str, SentTicket] = {}
    read = _replay(floor)
    while todo := [one for one in sent_unknown(floor) if _can_be_settled(one) and one.ticket_id not in done]:
        for one in todo:
            bring_back(floor, one)
            done[one.ticket_id] = one
        read += _replay(floor)
    lost = [one for one in sent_unknown(floor) if one.ticket_id not in done]
    held, unknown = _orders_of(floor, lost)
    _put_aside(floor, held, unknown)
    _leave(floor)
    log.warning("reconciled", who=who, why=reason, tickets=len(done), unaccounted=len(lost), reports=read)
    return Reconciliation(why, (*done.values(), *lost), read, tuple(held), _named(unknown))


def _reason(floor: Floor) -> str:
    return "" if floor.safe.mode is None else floor.safe.mode.reason


def _can_be_settled(one: SentTicket) -> bool:
    return one.verdict is not Verdict.UNACCOUNTED


def _unread(floor: Floor) -> list[StationReport]:
    """Return reports that were read before the restore, of tickets that are live in the database."""
    with floor.store.read() as session:
        since = events.latest_at(session)
        live = {entry.ticket_id for entry in batches.live_batches(session)}
        return [
            report
            for folders in _folders(floor)
            for report in archived_reports(folders, since)
            if report.ticket_id in live and not reports.find_reports(session, [(report.station, report.report_id)])
        ]


def _replay(floor: Floor) -> int:
    """Apply reports that were read before the restore, each by itself: one that fails keeps no other back."""
    unread = _unread(floor)
    applied = 0
    for report in unread:
        try:
            applied += apply_report(floor, report, in_safe_mode=True).outcome == "applied"
        except TransitionError as error:
            log.warning("report_not_replayed", station=report.station, ticket_id=report.ticket_id, why=str(error))
    return applied


def _orders_of(floor: Floor, lost: Iterable[SentTicket]) -> tuple[dict[str, str], dict[tuple[str, str], str]]:
    """Return the tickets by order: by key of those that are open, by source and id of those that are not known."""
    tickets: dict[tuple[str, str], list[str]] = {}
    for one in lost:
        for order in one.orders:
            tickets.setdefault(order, []).append(f"ticket {one.ticket_id} of {one.station}")
    held: dict[str, str] = {}
    unknown: dict[tuple[str, str], str] = {}
    with floor.store.read() as session:
        for (source, order_id), named in tickets.items():
            known = [order for order in orders.find_orders(session, order_id) if order.source == source]
            if not known:
                unknown[source, order_id] = ", ".join(named)
            elif known[0].state in (OrderState.WAITING, OrderState.IN_PRODUCTION):
                held[known[0].key] = ", ".join(named)
    return held, unknown


def _put_aside(floor: Floor, held: dict[str, str], unknown: dict[tuple[str, str], str]) -> None:
    with floor.store.write() as session:
        for key, tickets in held.items():
            orders.hold_order(session, key, SENT_BEFORE, _HELD.format(tickets), floor.now())
        restored.note_unaccounted(session, unknown)


def _leave(floor: Floor) -> None:
    """Begin an epoch later than any that the folders have seen, close the journals, and go on as always."""
    folders = list(_folders(floor))
    floor.store.begin_epoch(max([floor.store.epoch, *map(latest_epoch, folders)]) + 1)
    floor.metrics.leader_epoch.set(floor.store.epoch)
    for entry in folders:
        SentJournal(entry).close(floor.now())
    with floor.store.write() as session:
        restored.leave_safe_mode(session)
    take_note(floor)
    refresh_doubt(floor)
    floor.replan.set()


def _folders(floor: Floor) -> Iterable[StationFolders]:
    return (station_folders(floor.settings.state_dir, one) for one in floor.rules.current.stations.values())


def _named(unknown: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    return tuple(sorted("/".join(order) for order in unknown))
