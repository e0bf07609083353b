"""
Who leads the floor: one row that carries an epoch, taken when its lease is over and renewed by who holds it.

Every take-over counts the epoch up, and no epoch comes twice. A unit of work looks at the row first, under the one
write lock of the database: what a leader of an earlier epoch still wants to write is refused, whatever it believes of
itself. The database's own clock judges leases, so that the clocks of several machines need not agree.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, func, insert, inspect, select, update
from sqlmodel import Session

from batcher.errors import LeadershipLostError, StoreLockedError
from batcher.store import tables
from batcher.store.rows import columns

_l = tables.leadership
#: There is one floor, and one row.
_ONLY = 1
_EPOCH = select(_l.c.epoch).where(_l.c.id == _ONLY)


@dataclass(frozen=True)
class Leader:
    """Who leads, or led last."""

    epoch: int  #: counts take-overs; no two leaders share one
    name: str  #: host and process
    address: str  #: where its API listens; empty when it serves none
    since: datetime
    renewed_at: datetime
    until: datetime  #: others wait so long, unless it renews; all three by the database's clock


_LEADER = select(*columns(_l, Leader)).where(_l.c.id == _ONLY)
_OURS = update(_l).where(_l.c.id == _ONLY)


def take(s: Session, name: str, lease_s: float, *, at_once: bool) -> int:
    """
    Take the lead, and return the epoch that begins with it.

    Parameters
    ----------
    at_once
        Do not wait for the lease of the one before: something else, a lock file, says that it is gone.

    Raises
    ------
    StoreLockedError
        Another leads, and its lease is not over.
    """
    before, now = latest(s), database_time(s)
    if before is not None and before.until > now and not at_once:
        raise StoreLockedError(_leads(before))
    epoch = 1 if before is None else before.epoch + 1
    lease = {"renewed_at": now, "until": now + timedelta(seconds=lease_s)}
    values = {"epoch": epoch, "name": name, "address": "", "since": now, **lease}
    s.execute(insert(_l).values(id=_ONLY, **values) if before is None else _OURS.values(**values))
    return epoch


def refuse_while_led(connection: Connection) -> None:
    """
    Refuse to change a database under its leader.

    Raises
    ------
    StoreLockedError
        Somebody leads, and its lease is not over.
    """
    if inspect(connection).has_table(_l.name):
        found = leading(Session(connection))
        if found is not None:
            raise StoreLockedError(_leads(found))


def check(s: Session, epoch: int) -> None:
    """
    Refuse to go on when the epoch is over.

    Raises
    ------
    LeadershipLostError
        Another has taken the lead since.
    """
    found = s.execute(_EPOCH).scalar_one_or_none()
    if found != epoch:
        raise LeadershipLostError(f"epoch {epoch} is over; the database is in epoch {found or 'none'}")


def move_on(s: Session, epoch: int) -> None:
    """Count the epoch of who leads up to a later one."""
    s.execute(_OURS.values(epoch=epoch))


def renew(s: Session, lease_s: float) -> None:
    """Extend the lease of who leads: the session's own unit of work has been checked already."""
    now = database_time(s)
    s.execute(_OURS.values(renewed_at=now, until=now + timedelta(seconds=lease_s)))


def announce(s: Session, address: str) -> None:
    """Note where the leader's API listens."""
    s.execute(_OURS.values(address=address))


def resign(s: Session) -> None:
    """Let the lease end now, so that another need not wait for it."""
    s.execute(_OURS.values(until=database_time(s)))


def latest(s: Session) -> Leader | None:
    """Return who leads or led last; none when nobody ever did."""
    row = s.execute(_LEADER).one_or_none()
    return None if row is None else Leader(*row)


def leading(s: Session) -> Leader | None:
    """Return who leads, as far as its lease goes."""
    found = latest(s)
    return found if found is not None and found.until > database_time(s) else None


def database_time(s: Session) -> datetime:
    """Return the time by the database's clock, aware UTC; within a transaction it goes on."""
    if s.get_bind().dialect.name == "postgresql":
        told: datetime = s.execute(select(func.clock_timestamp())).scalar_one()
        return told.astimezone(UTC)
    # SQLite's clock is the machine's, and stands still within a statement only
    text: str = s.execute(select(func.strftime("%Y-%m-%d %H:%M:%f", "now"))).scalar_one()
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def _leads(leader: Leader) -> str:
    return f"{leader.name} leads, in epoch {leader.epoch}"
