"""One leader at a time: epochs count up, and what an earlier leader still wants to write is refused."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from batcher.errors import LeadershipLostError, StoreLockedError
from batcher.store import events, leadership, migrate, orders
from batcher.store.engine import make_engine, writing
from batcher.store.leadership import Leader
from batcher.store.session import Store
from tests.builders_store import NOW, add, open_orders, sqlite_url

Open = Callable[[], Store]


@pytest.fixture
def opened(url: str) -> Iterator[Open]:
    """Return what opens one more leader, as if the one before had died and left nothing but its lease."""
    migrate.upgrade(url)
    stores: list[Store] = []

    def open_one_more() -> Store:
        for before in stores:
            if before._file_lock is not None:  # a dead process holds no lock
                before._file_lock.release()
                before._file_lock = None
        stores.append(Store.open(url, exclusive=True))
        return stores[-1]

    yield open_one_more
    for store in stores:
        store.close()


def end_lease(url: str) -> None:
    engine = writing(make_engine(url))
    with engine.begin() as connection:
        connection.execute(text("UPDATE leadership SET until = since"))
    engine.dispose()


def led(store: Store) -> Leader:
    with store.read() as s:
        found = leadership.latest(s)
    assert found is not None
    return found


def test_every_leader_begins_an_epoch_of_its_own(url: str, opened: Open) -> None:
    first = opened()
    assert (first.epoch, led(first).epoch) == (1, 1)
    end_lease(url)
    second = opened()
    assert (second.epoch, led(second).epoch) == (2, 2)


def test_what_a_leader_of_an_earlier_epoch_writes_is_refused_and_leaves_nothing(url: str, opened: Open) -> None:
    first = opened()
    with first.write() as s:
        add(s, "before")
    end_lease(url)
    second = opened()
    with pytest.raises(LeadershipLostError, match="epoch 1 is over"), first.write() as s:
        add(s, "too late")
    with pytest.raises(LeadershipLostError):
        first.renew()
    with second.write() as s:
        add(s, "after")
    with first.read() as s:  # looking is allowed
        assert sorted(order.order_id for order in open_orders(s)) == ["after", "before"]


def test_an_earlier_leader_that_closes_takes_nothing_from_the_one_of_now(url: str, opened: Open) -> None:
    first = opened()
    end_lease(url)
    second = opened()
    until = led(second).until
    first.close()
    assert led(second).until == until
    second.renew()
    assert led(second).until > until


def test_events_tell_in_whose_epoch_they_were_written(url: str, opened: Open) -> None:
    first = opened()
    with first.write() as s:
        key = add(s)
    end_lease(url)
    with opened().write() as s:
        orders.hold_order(s, key, "by_hand", "", NOW)
        told = events.events_of(s, order_key=key)
    assert {event.epoch for event in told if event.before is None} == {1}
    assert [event.epoch for event in told if event.after == "held"] == [2]


def test_where_the_leader_listens_is_told_to_others(url: str, opened: Open) -> None:
    first = opened()
    first.announce("http://127.0.0.1:8080")
    assert led(first).address == "http://127.0.0.1:8080"
    end_lease(url)
    assert led(opened()).address == ""


def test_on_a_server_nobody_leads_before_the_lease_is_over(postgres_url: str) -> None:
    migrate.upgrade(postgres_url)
    first = Store.open(postgres_url, exclusive=True)
    with pytest.raises(StoreLockedError, match="leads, in epoch 1"):
        Store.open(postgres_url, exclusive=True)
    assert Store.leader_of(postgres_url) == led(first)
    first.close()  # who steps down is not waited for
    assert Store.leader_of(postgres_url) is None
    second = Store.open(postgres_url, exclusive=True)
    assert second.epoch == 2
    second.close()


def test_on_a_server_the_schema_is_not_changed_under_a_leader(postgres_url: str) -> None:
    migrate.upgrade(postgres_url)
    leader = Store.open(postgres_url, exclusive=True)
    with leader.write() as s:
        s.execute(text("UPDATE alembic_version SET version_num = '0000'"))
    with pytest.raises(StoreLockedError, match="leads"):
        migrate.upgrade(postgres_url)
    with leader.write() as s:
        s.execute(text("UPDATE alembic_version SET version_num = :head"), {"head": migrate.head()})
    leader.close()


def test_a_leader_whose_database_file_is_gone_or_another_writes_no_more(tmp_path: Path) -> None:
    home = tmp_path / "state"
    home.mkdir()
    migrate.upgrade(sqlite_url(home))
    first = Store.open(sqlite_url(home), exclusive=True)
    shutil.rmtree(home)
    with pytest.raises(LeadershipLostError, match="removed, or replaced"), first.write() as s:
        add(s)
    home.mkdir()
    migrate.upgrade(sqlite_url(home))
    second = Store.open(sqlite_url(home), exclusive=True)
    with pytest.raises(LeadershipLostError, match="removed, or replaced"), first.write() as s:
        add(s)
    with second.write() as s:
        add(s)
    first.close()
    second.close()
