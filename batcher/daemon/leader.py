"""
Leading the floor: waiting until nobody else does, staying the leader, and noticing when another one has taken over.

On SQLite the lock file says who may start; a second daemon is refused. On PostgreSQL it stands by. What refuses the
work of a leader whose time is over is `store.leadership`.
"""

import asyncio
import signal
import time
from collections.abc import Callable
from typing import TypeVar

import structlog

from batcher.daemon.notify import Notifier
from batcher.errors import LeadershipLostError, StoreError, StoreLockedError, StoreUnavailableError
from batcher.metrics import Metrics
from batcher.store import migrate
from batcher.store.session import Store

log = structlog.get_logger()

#: Seconds between two looks of a standby, and between two tries of a leader whose database does not answer.
_LOOK_S = 1.0
#: So long a daemon that starts waits for a server that is away; a service manager would start it again, but slower.
_PATIENCE_S = 30.0
#: A leader renews its lease so many times before it is over.
_RENEWALS = 3

T = TypeVar("T")


def wait_to_lead(url: str, lease_s: float, notifier: Notifier) -> tuple[Store, bool]:
    """
    Open the store as soon as nobody else leads; also tell whether somebody did.

    Raises
    ------
    StoreLockedError
        Another process holds the file of a SQLite database: there is nothing to wait for on this machine.
    StoreError
        The database cannot be used, and could not from the first look on; a server is asked again for a while.
    """
    standby, away, until = False, False, time.monotonic() + _PATIENCE_S
    while True:
        try:
            if standby and away:
                _spare(url, lease_s, notifier)
            migrate.upgrade(url)
            return Store.open(url, exclusive=True, lease_s=lease_s), standby
        except (StoreLockedError, StoreUnavailableError) as error:
            away = isinstance(error, StoreUnavailableError)
            if migrate.is_file(url) or (away and not standby and time.monotonic() > until):
                raise
            if not standby and not away:
                signal.signal(signal.SIGHUP, signal.SIG_IGN)  # the rules are read when it leads
                log.info("standby", why=str(error))
                notifier.ready(f"standby: {error}")
                standby = True
            elif not standby:
                log.warning("database_awaited", why=str(error))
        notifier.alive()
        time.sleep(_LOOK_S)


def _spare(url: str, lease_s: float, notifier: Notifier) -> None:
    """
    Give the leader as long as its lease to be heard again, now that the database is back.

    While it was away nobody could renew: a lease that is over by now says nothing about its leader, and to follow one
    that lives costs its clients the time of a start.

    Raises
    ------
    StoreUnavailableError
        The database has gone again.
    """
    until = None
    while until is None or time.monotonic() < until:
        if Store.leader_of(url) is not None:
            return
        until = until or time.monotonic() + lease_s
        notifier.alive()
        time.sleep(min(_LOOK_S, lease_s / _RENEWALS))


def patiently(url: str, notifier: Notifier, what: Callable[[], T]) -> T:
    """
    Do something with the database that belongs to the start, and ask a server again for a while.

    Ending, and being started anew, would take longer than a server that is being restarted.

    Raises
    ------
    StoreUnavailableError
        It is gone for longer, or is a file.
    """
    until = time.monotonic() + _PATIENCE_S
    while True:
        try:
            return what()
        except StoreUnavailableError as error:
            if migrate.is_file(url) or time.monotonic() > until:
                raise
            log.warning("database_awaited", why=str(error))
        notifier.alive()
        time.sleep(_LOOK_S)


async def keep_lead(store: Store, metrics: Metrics, stop: asyncio.Event) -> LeadershipLostError | None:
    """Renew the lease until told to stop; return early, with why, when another leads."""
    metrics.leader_epoch.set(store.epoch)
    rest_s = store.lease_s / _RENEWALS
    while not stop.is_set():
        pause_s = rest_s
        try:
            await asyncio.to_thread(store.renew)
            metrics.lease_renewed.set(time.time())
        except LeadershipLostError as error:
            log.error("leadership_lost", epoch=store.epoch, why=str(error))  # noqa: TRY400 - the message tells it all
            return error
        except StoreError as error:
            log.warning("lease_not_renewed", why=str(error))
            pause_s = min(_LOOK_S, rest_s)
        await _pause(stop, pause_s)
    return None


async def _pause(stop: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return
