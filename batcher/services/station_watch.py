"""
Stations that go wrong again and again: taken down by themselves, and tried with one ticket when they are back.

One whose tickets fail in a row stays down until a person has looked. One that cannot be reached comes back as soon as
it can. What either was not sent is planned elsewhere; what it has in hand stays with it.
"""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from enum import StrEnum

import structlog

from batcher.domain.states import StationState, TicketState
from batcher.services import actions
from batcher.services.context import Floor
from batcher.store import batches, stations
from batcher.store.stations import StationRow

log = structlog.get_logger()

_WHO = "batcher"
#: How a ticket ended, and when.
_Ended = tuple[TicketState, datetime]


class Quarantine(StrEnum):
    """For what a station was taken down by itself."""

    FAILING = "failing"  #: its tickets failed, one after the other
    UNREACHABLE = "unreachable"  #: tickets could not be handed over, or reports not be read, time and again


def watch_stations(floor: Floor, reachable: Callable[[str], bool], cut_off: Collection[str] = ()) -> None:
    """
    Take stations into quarantine, and let them out of it.

    Parameters
    ----------
    reachable
        Whether a ticket could be handed to a station now, and its reports be read.
    cut_off
        Stations whose folders could not be used for so long that they are given nothing more.
    """
    limit = floor.settings.quarantine_after
    if limit == 0:
        return
    with floor.store.read() as session:
        rows = stations.all_stations(session)
        stuck = {t.station for t in batches.tickets(session, states=(TicketState.RELEASED,)) if t.attempts >= limit}
        known = [rows[sid] for sid in floor.rules.current.stations if sid in rows]
        # each by itself: of all stations at once PostgreSQL would weigh every ticket against each
        ended = {row.id: batches.last_ended(session, row.id, limit) for row in known}
    away = stuck.union(cut_off)
    found = {row.id: _judged(row, ended[row.id], limit, away) for row in known if row.state is StationState.UP}
    for row in known:
        if row.state is StationState.DOWN:
            if row.quarantine == Quarantine.UNREACHABLE and reachable(row.id):
                actions.set_station(floor, row.id, up=True, reason="can be reached again", who=_WHO)
        elif (why := found[row.id]) is not None:
            _take_down(floor, row.id, why, limit)
        elif row.quarantine is not None and _has_made_one(row, ended[row.id]):
            with floor.store.write() as session:
                stations.set_quarantine(session, row.id, None)
            log.info("station_trusted", station=row.id)


def _judged(row: StationRow, ended: Sequence[_Ended], limit: int, away: Collection[str]) -> Quarantine | None:
    """Return why a station that is up must go down; none when it may stay. What was before it came up is settled."""
    wanted = 1 if row.quarantine == Quarantine.FAILING else limit
    if sum(state is TicketState.FAILED and at > row.since for state, at in ended[:wanted]) == wanted:
        return Quarantine.FAILING
    return Quarantine.UNREACHABLE if row.id in away else None


def _has_made_one(row: StationRow, ended: Sequence[_Ended]) -> bool:
    return any(state is TicketState.DONE and at > row.since for state, at in ended[:1])


def _take_down(floor: Floor, station: str, why: Quarantine, limit: int) -> None:
    told = {
        Quarantine.FAILING: f"quarantined: {limit} tickets failed in a row; look at it, then take it up",
        Quarantine.UNREACHABLE: "quarantined: its folders cannot be used; it comes back when they can",
    }
    with floor.store.write() as session:
        stations.set_quarantine(session, station, why)
    actions.set_station(floor, station, up=False, reason=told[why], who=_WHO)
    log.error("station_quarantined", station=station, why=why.value)
