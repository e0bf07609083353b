"""Stations as they stand: whether they take work, how they are set up, when they were last heard."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, insert, select, update
from sqlmodel import Session

from batcher.domain.states import StationState
from batcher.store import tables
from batcher.store.rows import columns
from batcher.store.steps import STATION, move, subject


@dataclass(frozen=True)
class StationRow:
    """One station."""

    id: str
    state: StationState
    reason: str  #: why it is down; empty when up
    since: datetime
    setup_state: str | None  #: none: not known, the rules' initial state holds
    last_report_at: datetime | None
    folder_id: str | None = None  #: by which its folder is known again; none: no folder was seen yet
    quarantine: str | None = None  #: failing or unreachable: taken down for it, or up again with one ticket at a time


_s = tables.stations
_ALL = select(*columns(_s, StationRow)).order_by(_s.c.id)
_THESE = update(_s).where(_s.c.id.in_(bindparam("these", expanding=True)))
_SET_UP = _THESE.values(setup_state=bindparam("wanted"))
_HEARD = _THESE.values(last_report_at=bindparam("now", type_=_s.c.last_report_at.type))


def ensure_stations(s: Session, ids: Collection[str], now: datetime) -> None:
    """Add the stations that are not known yet, as up."""
    known = set(s.execute(select(tables.stations.c.id)).scalars())
    new = [{"id": ident, "state": StationState.UP, "reason": "", "since": now} for ident in ids if ident not in known]
    if new:
        s.execute(insert(tables.stations), new)


def all_stations(s: Session) -> dict[str, StationRow]:
    """Return every station by id."""
    return {row.id: StationRow(*row) for row in s.execute(_ALL)}


def set_station(s: Session, ident: str, state: StationState, reason: str, now: datetime, who: str = "") -> None:
    """Note that a station takes work or does not; the state it has already only gets the new reason."""
    station = subject(s, STATION, ident)
    if station.state is state:
        s.execute(update(tables.stations).where(tables.stations.c.id == ident).values(reason=reason))
    else:
        data = {"reason": reason, "who": who}
        move(s, STATION, [station], state, now, data=data, values={"reason": reason, "since": now})


def set_setup_state(s: Session, ident: str, setup_state: str) -> None:
    """Note what a station is set up for."""
    set_setup_states(s, {ident: setup_state})


def set_setup_states(s: Session, wanted: Mapping[str, str]) -> None:
    """Note what stations are set up for."""
    by_state: dict[str, list[str]] = {}
    for ident, setup_state in wanted.items():
        by_state.setdefault(setup_state, []).append(ident)
    for setup_state, idents in by_state.items():
        s.connection().execute(_SET_UP, {"these": idents, "wanted": setup_state})


def set_folder(s: Session, ident: str, folder_id: str) -> None:
    """Note which folder is the station's."""
    s.execute(update(_s).where(_s.c.id == ident).values(folder_id=folder_id))


def set_quarantine(s: Session, ident: str, why: str | None) -> None:
    """Note for what a station was taken down by itself; none: it has made a ticket since."""
    s.execute(update(_s).where(_s.c.id == ident).values(quarantine=why))


def touch_reports(s: Session, idents: Collection[str], now: datetime) -> None:
    """Note that stations were heard; one that is not known stays unknown."""
    s.connection().execute(_HEARD, {"these": sorted(idents), "now": now})
