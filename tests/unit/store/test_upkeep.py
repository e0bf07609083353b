"""The write-ahead log of a SQLite file stays short, whoever reads."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import event, text

from batcher.store import upkeep
from batcher.store.engine import make_engine, sqlite_file, writing
from batcher.store.session import Store
from batcher.store.upkeep import LOG_BYTES, Upkeep
from tests.builders_store import lay_empty_database

_WRITTEN = 2**20


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store.open(lay_empty_database(tmp_path), exclusive=True, durable=False)
    with opened.write() as s:
        s.execute(text("CREATE TABLE scrap (content BLOB)"))
        s.execute(text("INSERT INTO scrap VALUES (NULL)"))
    yield opened
    opened.close()


def _write_a_megabyte(store: Store) -> int:
    """Write, and return how long the log is then."""
    with store.write() as s:
        s.execute(text(f"UPDATE scrap SET content = randomblob({_WRITTEN})"))
    return store.log_bytes


@contextmanager
def _reading(store: Store) -> Iterator[None]:
    with store.read() as s:
        s.execute(text("SELECT count(*) FROM scrap")).all()
        yield


@contextmanager
def _always_somebody_reading(store: Store) -> Iterator[None]:
    """Have two threads read in turns, each beginning before the other ends, while the block lasts."""
    stop = threading.Event()
    begun = [threading.Semaphore(0), threading.Semaphore(0)]

    def read(mine: int) -> None:
        while not stop.is_set():
            with _reading(store):
                begun[mine].release()
                begun[1 - mine].acquire()

    readers = [threading.Thread(target=read, args=(mine,)) for mine in range(2)]
    for reader in readers:
        reader.start()
    try:
        yield
    finally:
        stop.set()
        for semaphore in begun:
            semaphore.release()
        for reader in readers:
            reader.join()


def test_the_log_stays_short_though_somebody_is_always_reading(store: Store) -> None:
    with _always_somebody_reading(store):
        lengths = [_write_a_megabyte(store) for _ in range(30)]
    assert max(lengths) < LOG_BYTES + 2 * _WRITTEN


def test_a_reader_who_does_not_end_stops_no_writer_and_the_log_is_short_again_when_he_has(store: Store) -> None:
    with _reading(store):
        long = [_write_a_megabyte(store) for _ in range(20)][-1]
    later = [_write_a_megabyte(store) for _ in range(3)]
    assert long > LOG_BYTES
    assert later[-1] < LOG_BYTES


def test_writers_wait_for_a_reader_who_does_not_end_each_time_that_the_log_has_doubled(tmp_path: Path) -> None:
    said: list[str] = []
    engine = make_engine(lay_empty_database(tmp_path), durable=False)
    event.listen(engine, "connect", lambda connection, _: connection.set_trace_callback(said.append))
    upkeep = Upkeep(engine, sqlite_file(str(engine.url)))
    with writing(engine).begin() as connection:
        connection.execute(text("CREATE TABLE scrap (content BLOB)"))
    with engine.connect() as reader:
        reader.execute(text("SELECT count(*) FROM scrap")).all()
        for _ in range(40):
            with writing(engine).begin() as connection:
                connection.execute(text(f"INSERT INTO scrap VALUES (randomblob({2 * _WRITTEN}))"))
            upkeep.keep_log_short()
    assert upkeep.log_bytes > 4 * LOG_BYTES
    assert said.count("PRAGMA wal_checkpoint(TRUNCATE)") == 3
    engine.dispose()


def test_an_emptied_log_is_empty(store: Store) -> None:
    for tidy in (store.checkpoint, store.compact):
        assert _write_a_megabyte(store) > _WRITTEN
        assert tidy()
        assert store.log_bytes == 0


def test_what_was_to_be_forgotten_leaves_the_log_with_the_first_write_after_its_last_reader(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upkeep, "BUSY_TIMEOUT_MS", 100)
    _write(store, "'to Zoe with love'")
    with _reading(store):
        _write(store, "NULL")
        assert not store.checkpoint()
        _write(store, "NULL")
        assert _anywhere(store, b"to Zoe")
    _write(store, "NULL")
    assert not _anywhere(store, b"to Zoe")


def _write(store: Store, content: str) -> None:
    with store.write() as s:
        s.execute(text(f"UPDATE scrap SET content = {content}"))


def _anywhere(store: Store, content: bytes) -> bool:
    """Tell whether something stands in any file of the database."""
    assert store.path is not None
    return any(content in path.read_bytes() for path in store.path.parent.glob(f"{store.path.name}*"))
