"""The store as a whole: transactions, threads, locks, and what it refuses."""

import threading
import traceback
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import insert, text

from batcher.errors import (
    InvariantError,
    SchemaVersionError,
    SettingsError,
    StoreError,
    StoreLockedError,
    StoreUnavailableError,
)
from batcher.store import migrate, orders, stations, tables
from batcher.store.engine import make_engine, writing
from batcher.store.session import Store
from tests.builders_store import NOW, add, fresh_store, open_orders, order_in, piece, promise, sqlite_url


def test_a_unit_of_work_that_fails_leaves_nothing(store: Store) -> None:
    def fail_half_way() -> None:
        with store.write() as s:
            add(s)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_half_way()
    with store.read() as s:
        assert open_orders(s) == []


def test_reading_cannot_write(store: Store) -> None:
    with pytest.raises(StoreError), store.read() as s:
        stations.ensure_stations(s, ["uv-1"], NOW)
    with store.write() as s:
        stations.ensure_stations(s, ["uv-1"], NOW)


def test_a_reader_sees_one_moment_while_others_write(store: Store) -> None:
    with store.read() as reading:
        assert open_orders(reading) == []
        with store.write() as s:
            add(s)
        assert open_orders(reading) == []
    with store.read() as s:
        assert len(open_orders(s)) == 1


def test_threads_write_one_after_another_and_lose_nothing(store: Store) -> None:
    with store.write() as s:
        stations.ensure_stations(s, ["uv-1"], NOW)

    def add_one(number: int) -> None:
        for n in range(5):
            with store.write() as s:
                count = int(stations.all_stations(s)["uv-1"].setup_state or 0)
                stations.set_setup_state(s, "uv-1", str(count + 1))
                add(s, f"A-{number}-{n}")

    threads = [threading.Thread(target=add_one, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with store.read() as s:
        assert stations.all_stations(s)["uv-1"].setup_state == "40"
        assert len(open_orders(s)) == 40


def test_a_write_within_a_write_is_refused_instead_of_waiting_for_itself(store: Store) -> None:
    with store.write(), pytest.raises(InvariantError, match="write within a write"), store.write():
        pass
    with store.write() as s:
        add(s)


def test_a_naive_datetime_is_refused(store: Store) -> None:
    naive = datetime(2026, 11, 23, 9, 0)  # noqa: DTZ001 - what must be refused
    with pytest.raises(InvariantError, match="aware"), store.write() as s:
        orders.add_order(s, order_in(), promise(), [piece()], held=None, now=naive)


@pytest.mark.parametrize(
    ("table", "values"),
    [
        ("orders", {"state": "lost"}),
        ("orders", {"pieces": 0}),
        ("orders", {"late_cost_minor": -1}),
        ("orders", {"held_code": "by_hand"}),
        ("orders", {"completed_at": "2026-11-23"}),
        ("items", {"state": "lost"}),
        ("items", {"order_key": "nobody"}),
        ("jobs", {"state": "lost"}),
        ("jobs", {"step": 3}),
    ],
)
def test_the_database_itself_refuses_what_cannot_be(store: Store, table: str, values: dict[str, object]) -> None:
    with store.write() as s:
        add(s)
    ((column, value),) = values.items()
    with pytest.raises(InvariantError), store.write() as s:
        s.execute(text(f"UPDATE {table} SET {column} = :value"), {"value": value})


def test_personal_text_is_in_no_error(store: Store) -> None:
    with store.write() as s:
        key = add(s)
    row = {
        "id": "x",
        "order_key": key,
        "line_id": "1",
        "sku": "S",
        "product": "mug",
        "finish": "",
        "text": "Secret Zoë",
    }
    with pytest.raises(InvariantError) as caught, store.write() as s:
        s.execute(insert(tables.items), {**row, "artwork": None, "attributes": {}, "state": None})
    assert "Secret" not in "".join(traceback.format_exception(caught.value)).partition("InvariantError:")[2]
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_every_connection_is_durable_and_checks_foreign_keys(tmp_path: Path) -> None:
    store = fresh_store(tmp_path)
    with store.read() as one, store.read() as other, store.write() as writing:
        for s in (one, other, writing):
            told = [
                s.execute(text(f"PRAGMA {name}")).scalar_one()
                for name in ("journal_mode", "synchronous", "foreign_keys")
            ]
            assert told == ["wal", 2, 1]
    store.close()


def test_a_second_daemon_is_refused_and_told_who_has_it(tmp_path: Path) -> None:
    store = fresh_store(tmp_path)
    with pytest.raises(StoreLockedError, match="process"):
        Store.open(sqlite_url(tmp_path), exclusive=True)
    store.close()
    assert Store.locked_by(sqlite_url(tmp_path)) is None
    Store.open(sqlite_url(tmp_path), exclusive=True).close()


def test_others_may_read_while_a_daemon_has_it(tmp_path: Path) -> None:
    store = fresh_store(tmp_path)
    with store.write() as s:
        key = add(s)
    reader = Store.open(sqlite_url(tmp_path), exclusive=False)
    with reader.read() as s:
        assert orders.get_order(s, key).order_id == "A-1"
    reader.close()
    store.close()


def test_a_database_that_is_not_there_is_not_made_by_opening_it(tmp_path: Path) -> None:
    with pytest.raises(SchemaVersionError, match="upgrade"):
        Store.open(sqlite_url(tmp_path), exclusive=True)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("revision", ["0000", "9999"])
def test_another_version_of_the_schema_is_refused(url: str, revision: str) -> None:
    migrate.upgrade(url)
    store = Store.open(url, exclusive=True)
    with store.write() as s:
        s.execute(text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision})
    store.close()
    with pytest.raises(SchemaVersionError, match=revision):
        Store.open(url, exclusive=True)
    if revision == "9999":
        with pytest.raises(SchemaVersionError, match="newer"):
            migrate.upgrade(url)


def test_a_file_that_is_no_database_is_told_as_such(tmp_path: Path) -> None:
    (tmp_path / "batcher.db").write_bytes(b"not a database" * 100)
    with pytest.raises(StoreError):
        Store.open(sqlite_url(tmp_path), exclusive=True)


@pytest.mark.slow
def test_a_writer_elsewhere_makes_us_wait_and_then_say_so(tmp_path: Path) -> None:
    store = fresh_store(tmp_path)
    elsewhere = writing(make_engine(sqlite_url(tmp_path)))
    with elsewhere.begin(), pytest.raises(StoreUnavailableError, match="does not answer"), store.write() as s:
        add(s)
    with store.read() as s:
        assert open_orders(s) == []
    elsewhere.dispose()
    store.close()


def test_who_only_reads_may_not_write(tmp_path: Path) -> None:
    fresh_store(tmp_path).close()
    reader = Store.open(sqlite_url(tmp_path), exclusive=False)
    with pytest.raises(InvariantError, match="for reading"), reader.write() as s:
        add(s)
    reader.close()


@pytest.mark.parametrize("url", ["nonsense", "mysql://localhost/x", "sqlite://", "sqlite:///:memory:"])
def test_a_url_that_is_neither_a_file_nor_postgresql_is_refused(url: str) -> None:
    with pytest.raises(SettingsError):
        Store.open(url, exclusive=False)
