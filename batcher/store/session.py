"""
The store: one database, opened for reading and writing by every thread of a process.

Writers queue behind one lock; readers have their own connections and see one moment each. What is read and
written is in the other files here, as plain functions that take the session.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine
from sqlmodel import Session

from batcher.errors import InvariantError, SchemaVersionError
from batcher.store import lock
from batcher.store.engine import make_engine, sqlite_file, translated, writing
from batcher.store.schema import HEAD, revision_of

__all__ = ["Session", "Store"]


class Store:
    """An open database; make one with `Store.open`, and `close` it."""

    def __init__(self, engine: Engine, file_lock: lock.FileLock | None) -> None:
        self._reading = engine
        self._writing = writing(engine)
        self._file_lock = file_lock
        self._writer = threading.Lock()
        self._writer_thread: int | None = None

    @classmethod
    def open(cls, url: str, *, exclusive: bool, durable: bool = True) -> "Store":
        """
        Open a database that has been brought up to date by `migrate.upgrade`.

        Parameters
        ----------
        exclusive
            Hold the lock file beside a SQLite database until `close`: what a daemon does. Others may still read.
        durable
            Wait until each commit is on the medium; false only for what nobody wants after a power cut.

        Raises
        ------
        StoreLockedError
            Another process holds it; the message names its pid.
        SchemaVersionError
            There is no schema yet, or that of another version.
        """
        database = sqlite_file(url)
        if database is not None and not database.exists():
            raise SchemaVersionError(f"there is no database at {database}; `batcher db upgrade` makes one")
        file_lock = lock.FileLock(lock.lock_path(database)) if exclusive and database is not None else None
        engine = make_engine(url, durable=durable)
        try:
            _check_schema(engine)
        except BaseException:
            engine.dispose()
            if file_lock is not None:
                file_lock.release()
            raise
        return cls(engine, file_lock)

    @staticmethod
    def locked_by(url: str) -> int | None:
        """Return the pid of the process that has a SQLite database open exclusively; none when nobody has."""
        database = sqlite_file(url)
        return None if database is None else lock.holder(lock.lock_path(database))

    @property
    def path(self) -> Path | None:
        """The database file; none on PostgreSQL."""
        return sqlite_file(self._reading.url.render_as_string(hide_password=False))

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Read one moment of the database; a write in here is refused."""
        with translated(), Session(self._reading) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """Do one unit of work: committed whole when the block ends, gone when it raises. Keep it short."""
        if self._writer_thread == threading.get_ident():
            raise InvariantError("a write within a write: pass the session down instead")
        with self._writer:
            self._writer_thread = threading.get_ident()
            try:
                with translated(), Session(self._writing) as session, session.begin():
                    yield session
            finally:
                self._writer_thread = None

    def close(self) -> None:
        """Close all connections and let go of the lock."""
        self._reading.dispose()
        if self._file_lock is not None:
            self._file_lock.release()
            self._file_lock = None


def _check_schema(engine: Engine) -> None:
    with translated(), engine.connect() as connection:
        found = revision_of(connection)
    if found != HEAD:
        raise SchemaVersionError(
            f"the database has schema {found or 'none'}, this version works with {HEAD}; "
            + ("`batcher db upgrade` brings it up to date" if found is None or found < HEAD else "use a newer batcher")
        )
