"""A PostgreSQL that is away for a moment: who starts waits for it, and who led goes on leading."""

import threading
from collections.abc import Callable

import pytest

from batcher.daemon.leader import patiently, wait_to_lead
from batcher.daemon.notify import Notifier
from batcher.errors import StoreUnavailableError
from batcher.store import leadership, migrate
from batcher.store.session import Store
from tests.postgres_server import PostgresServer
from tests.waiting import wait_for

LEASE_S = 4.0


class Manager(Notifier):
    """A service manager that does something when it hears from a daemon."""

    def __init__(self, when_ready: Callable[[], None], when_alive: Callable[[], None]) -> None:
        super().__init__(None, None)
        self._when_ready, self._when_alive = when_ready, when_alive

    def ready(self, status: str) -> None:
        self._when_ready()

    def alive(self) -> None:
        self._when_alive()


def nothing() -> None:
    """Do nothing."""


def once(what: Callable[[], None]) -> Callable[[], None]:
    """Return something that does it the first time."""
    todo = [what]
    return lambda: todo.pop()() if todo else None


def test_a_daemon_that_starts_while_its_server_restarts_waits_for_it(own_postgres_server: PostgresServer) -> None:
    own_postgres_server.stop()
    manager = Manager(nothing, once(own_postgres_server.start))
    store, stood_by = wait_to_lead(own_postgres_server.url, LEASE_S, manager)
    assert not stood_by
    own_postgres_server.stop()
    manager = Manager(nothing, once(own_postgres_server.start))
    patiently(own_postgres_server.url, manager, lambda: store.announce("http://here"))
    found = Store.leader_of(own_postgres_server.url)
    store.close()
    assert found is not None
    assert found.address == "http://here"


def test_a_leader_that_could_not_renew_while_the_server_was_away_is_not_followed(
    own_postgres_server: PostgresServer,
) -> None:
    url = own_postgres_server.url
    migrate.upgrade(url)
    leader = Store.open(url, exclusive=True, lease_s=LEASE_S)
    looked, away = threading.Event(), threading.Event()
    trouble: list[BaseException] = []

    def renew() -> None:
        try:
            leader.renew()
        except StoreUnavailableError:  # connections of before
            leader.renew()

    def lose_the_server() -> None:
        """Have it away for longer than the lease, and the standby look before the leader can renew."""
        try:
            away.wait()
            own_postgres_server.stop()
            threading.Event().wait(LEASE_S)  # nothing happens but that the lease runs out
            own_postgres_server.start()
            looked.clear()
            wait_for(looked.is_set)
            renew()
            with leader.read() as session:
                found = leadership.leading(session)
            assert found is not None
            assert found.epoch == 1
        except BaseException as error:
            trouble.append(error)
            raise
        finally:
            leader.close()

    server = threading.Thread(target=lose_the_server)
    server.start()
    store, stood_by = wait_to_lead(url, LEASE_S, Manager(away.set, looked.set))
    server.join()
    store.close()
    assert trouble == []
    assert stood_by


@pytest.mark.parametrize("url", ["sqlite:////nowhere/batcher.db"])
def test_a_file_that_does_not_answer_is_not_waited_for(url: str) -> None:
    def fails() -> None:
        raise StoreUnavailableError("locked")

    with pytest.raises(StoreUnavailableError):
        patiently(url, Manager(nothing, nothing), fails)
