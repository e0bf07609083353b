"""
Leading the floor: waiting until nobody else does, staying the leader, and noticing when another one has taken over.

On SQLite the lock file says who may start; a second daemon is refused. On PostgreSQL it stands by. What refuses the
work of a leader whose time is over is `store.leadership`.
"""

import asyncio
import signal
import time

import structlog

from batcher.daemon.notify import Notifier
from batcher.errors import LeadershipLostError, StoreError, StoreLockedError, StoreUnavailableError
from batcher.metrics import Metrics
from batcher.store import migrate
from batcher.store.session import Store

log = structlog.get_logger()

#: Seconds between two looks of a standby, and between two tries of a leader whose database does not answer.
_LOOK_S = 1.0
#: A leader renews its lease so many times before it is over.
_RENEWALS = 3


def wait_to_lead(url: str, lease_s: float, notifier: Notifier) -> tuple[Store, bool]:
    """
    Open the store as soon as nobody else leads; also tell whether somebody did.

    Raises
    ------
    StoreLockedError
        Another process holds the file of a SQLite database: there is nothing to wait for on this machine.
    StoreError
        The database cannot be used, and could not from the first look on.
    """
    standby = False
    while True:
        try:
            migrate.upgrade(url)
            return Store.open(url, exclusive=True, lease_s=lease_s), standby
        except (StoreLockedError, StoreUnavailableError) as error:
            if migrate.is_file(url) or not (standby or isinstance(error, StoreLockedError)):
                raise
            if not standby:
                signal.signal(signal.SIGHUP, signal.SIG_IGN)  # the rules are read when it leads
                log.info("standby", why=str(error))
                notifier.ready(f"standby: {error}")
                standby = True
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
