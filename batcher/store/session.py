"""
The store: one database, opened for reading and writing by every thread of a process.

Writers queue behind one lock; readers have their own connections and see one moment each. What is read and
written is in the other files here, as plain functions that take the session.
"""

import os
import socket
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, CursorResult, Engine, Executable
from sqlmodel import Session

from batcher.errors import InvariantError, LeadershipLostError, SchemaVersionError, StoreError
from batcher.store import leadership, lock
from batcher.store.engine import make_engine, sqlite_file, translated, writing
from batcher.store.schema import HEAD, revision_of
from batcher.store.upkeep import Upkeep

__all__ = ["Session", "Store"]

#: Parameters of one execution, or of many.
_Given = Mapping[str, Any] | Sequence[Mapping[str, Any]] | None
#: How long others wait for a leader that is not heard, unless it is told otherwise.
LEASE_S = 15.0


class _Rows(Session):
    """A session of rows alone: its statements pass by what looks after objects, which there are none of here."""

    _direct: Connection | None = None

    def execute(  # type: ignore[override]  # none of what objects take besides is taken
        self, statement: Executable, params: _Given = None
    ) -> CursorResult[Any]:
        """Run a statement on the one connection of this session's one transaction."""
        if self._direct is None:
            self._direct = self.connection()
        return self._direct.execute(statement, params)


class Store:
    """
    An open database; make one with `Store.open`, and `close` it.

    Parameters
    ----------
    file_lock
        Held until `close`; none when the database is not ours, or is no file.
    lease_s
        How long others wait for us when we are not heard; 0 when we only read.
    """

    def __init__(self, engine: Engine, file_lock: lock.FileLock | None, lease_s: float) -> None:
        self._reading = engine
        self._writing = writing(engine)
        self._file_lock = file_lock
        self.lease_s = lease_s
        self._epoch: int | None = None
        self._path = sqlite_file(engine.url.render_as_string(hide_password=False))
        self._file = _identity(self._path)
        self._upkeep = Upkeep(engine, self._path)
        self._writer = threading.Lock()
        self._writer_thread: int | None = None
        self._on_failure: Callable[[str], None] | None = None

    @classmethod
    def open(cls, url: str, *, exclusive: bool, durable: bool = True, lease_s: float = LEASE_S) -> "Store":
        """
        Open a database that has been brought up to date by `migrate.upgrade`.

        Parameters
        ----------
        exclusive
            Lead: hold the lock file beside a SQLite database until `close`, begin a new epoch, and write. Others may
            still read.
        durable
            Wait until each commit is on the medium; false only for what nobody wants after a power cut.
        lease_s
            How long others must wait for us from the last `renew` on; on SQLite the lock file tells them sooner.

        Raises
        ------
        StoreLockedError
            Another process leads; the message names it.
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
            store = cls(engine, file_lock, lease_s if exclusive else 0.0)
            if exclusive:
                store._lead()
        except BaseException:
            engine.dispose()
            if file_lock is not None:
                file_lock.release()
            raise
        return store

    @staticmethod
    def locked_by(url: str) -> int | None:
        """Return the pid of the process that has a SQLite database open exclusively; none when nobody has."""
        database = sqlite_file(url)
        return None if database is None else lock.holder(lock.lock_path(database))

    @staticmethod
    def leader_of(url: str) -> leadership.Leader | None:
        """Return who leads on a server's database, as far as its lease goes; none on SQLite, whose lock file tells."""
        if sqlite_file(url) is not None:
            return None
        store = Store.open(url, exclusive=False)
        try:
            with store.read() as session:
                return leadership.leading(session)
        finally:
            store.close()

    @property
    def path(self) -> Path | None:
        """The database file; none on PostgreSQL."""
        return self._path

    @property
    def epoch(self) -> int:
        """The epoch that began when we took the lead; 0 when we only read."""
        return self._epoch or 0

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Read one moment of the database; a write in here is refused."""
        with self._told(), _Rows(self._reading) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """
        Do one unit of work: committed whole when the block ends, gone when it raises. Keep it short.

        Raises
        ------
        LeadershipLostError
            Another leads since, or the database file is no longer the one that was opened: nothing was written.
        """
        if self._epoch is None:
            raise InvariantError("a store that was opened for reading does not write")
        with self._unit_of_work() as session:
            leadership.check(session, self._epoch)
            if _identity(self._path) != self._file:
                raise LeadershipLostError(f"{self._path} was removed, or replaced by another file")
            session.info["epoch"] = self._epoch
            yield session

    def tell_failures(self, to: Callable[[str], None]) -> None:
        """Tell the code of every failure of the database from now on, beside raising it."""
        self._on_failure = to

    def renew(self) -> None:
        """
        Extend the lease, and learn whether we still lead.

        Raises
        ------
        LeadershipLostError
            We do not.
        """
        with self.write() as session:
            leadership.renew(session, self.lease_s)

    def begin_epoch(self, epoch: int) -> None:
        """
        Go on leading in a later epoch: what the database comes to know of was written in one that it had not reached.

        Raises
        ------
        LeadershipLostError
            We do not lead.
        """
        with self.write() as session:
            leadership.move_on(session, epoch)
            self._epoch = epoch  # nobody else writes before this is committed

    def announce(self, address: str) -> None:
        """Tell others where our API listens."""
        with self.write() as session:
            leadership.announce(session, address)

    @property
    def log_bytes(self) -> int:
        """How long the write-ahead log of a SQLite file is; 0 on a server."""
        return self._upkeep.log_bytes

    def checkpoint(self) -> bool:
        """Bring the write-ahead log of a SQLite file into it and empty it; tell whether no reader kept a part back."""
        with self._writer:
            return self._upkeep.empty_log()

    def compact(self) -> bool:
        """Write a SQLite file anew, without what was deleted from it, and empty its log, as `checkpoint` does."""
        with self._writer:
            return self._upkeep.compact()

    def close(self) -> None:
        """Step down, close all connections and let go of the lock."""
        if self._epoch is not None:
            with suppress(StoreError), self.write() as session:
                leadership.resign(session)
            self._epoch = None
        self._reading.dispose()
        if self._file_lock is not None:
            self._file_lock.release()
            self._file_lock = None

    def _lead(self) -> None:
        name = f"{socket.gethostname()}:{os.getpid()}"
        with self._unit_of_work() as session:
            epoch = leadership.take(session, name, self.lease_s, at_once=self._file_lock is not None)
        self._epoch = epoch

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            with translated():
                yield
        except StoreError as error:
            if self._on_failure is not None:
                self._on_failure(error.code)
            raise

    @contextmanager
    def _unit_of_work(self) -> Iterator[Session]:
        if self._writer_thread == threading.get_ident():
            raise InvariantError("a write within a write: pass the session down instead")
        with self._writer:
            self._writer_thread = threading.get_ident()
            try:
                with self._told(), _Rows(self._writing) as session, session.begin():
                    yield session
            finally:
                self._writer_thread = None
            with suppress(StoreError), self._told():  # what was to be done is committed, whatever becomes of the log
                self._upkeep.keep_log_short()


def _identity(path: Path | None) -> tuple[int, int] | None:
    """Return which file a path means now; none when there is none, or no path."""
    try:
        found = None if path is None else path.stat()
    except OSError:
        return None
    return None if found is None else (found.st_dev, found.st_ino)


def _check_schema(engine: Engine) -> None:
    with translated(), engine.connect() as connection:
        found = revision_of(connection)
    if found != HEAD:
        raise SchemaVersionError(
            f"the database has schema {found or 'none'}, this version works with {HEAD}; "
            + ("`batcher db upgrade` brings it up to date" if found is None or found < HEAD else "use a newer batcher")
        )
