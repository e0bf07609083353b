"""
Engines: how a connection is opened and how its transactions begin.

SQLite's defaults are wrong for us (no foreign keys, no write-ahead log, transactions that upgrade and fail), so each
connection is set up here and checked. Locks between processes are in `lock`, sessions in `session`.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import (
    ArgumentError,
    DBAPIError,
    IntegrityError,
    InterfaceError,
    NoSuchModuleError,
    OperationalError,
    SQLAlchemyError,
    StatementError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from batcher.errors import (
    BatcherError,
    InvariantError,
    SettingsError,
    StorageFullError,
    StoreError,
    StoreUnavailableError,
)
from batcher.store.json_text import from_json_text, json_text

#: How long a statement waits for another process's write.
BUSY_TIMEOUT_MS = 5_000
#: How long a unit of work may stand still between two statements, on a server, and how long others wait for it there.
_IDLE_TIMEOUT_MS, _LOCK_TIMEOUT_MS = 5_000, 8_000
#: What the write-ahead log is cut back to where SQLite begins it anew; how long it gets at the most is in `upkeep`.
_LOG_BYTES = 8 * 2**20
_Pragmas = tuple[tuple[str, str, object], ...]
_PRAGMAS: _Pragmas = (
    # name, value to set, value to read back
    ("busy_timeout", str(BUSY_TIMEOUT_MS), BUSY_TIMEOUT_MS),
    ("journal_mode", "WAL", "wal"),
    ("synchronous", "FULL", 2),
    ("foreign_keys", "ON", 1),
    ("journal_size_limit", str(_LOG_BYTES), _LOG_BYTES),
    ("secure_delete", "ON", 1),  # what is forgotten is overwritten, not only unlinked
)
_PASSING: _Pragmas = (*_PRAGMAS, ("synchronous", "OFF", 0))
#: Names our writers' advisory lock on PostgreSQL ("batcher" in hexadecimal, cut to 63 bits).
_WRITER_LOCK = 0x6261_7463_6865_72
_WRITES = "batcher_writes"
#: A server that has gone without a word is noticed within some ten seconds, not within the system's two hours.
_SERVER = {
    "connect_timeout": 5,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}


def parse_url(url: str) -> URL:
    """
    Return a database URL, PostgreSQL always with the psycopg 3 driver.

    Raises
    ------
    SettingsError
        When it is neither a SQLite file nor PostgreSQL.
    """
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() == "postgresql":
            return parsed.set(drivername="postgresql+psycopg")
    except (ArgumentError, NoSuchModuleError) as error:
        raise SettingsError("database_url is not a URL such as sqlite:////var/lib/batcher/batcher.db") from error
    if parsed.get_backend_name() != "sqlite" or parsed.database in (None, "", ":memory:"):
        raise SettingsError("database_url must be sqlite:////path/to/file or postgresql://…")
    return parsed


def sqlite_file(url: str) -> Path | None:
    """Return the database file of a SQLite URL; none for PostgreSQL."""
    parsed = parse_url(url)
    return Path(str(parsed.database)) if parsed.get_backend_name() == "sqlite" else None


def make_engine(url: str, *, durable: bool = True) -> Engine:
    """
    Return an engine for reading whose transactions see one moment; `writing` makes one that may write.

    Parameters
    ----------
    durable
        Wait until a commit is on the medium; a database that nobody wants after a power cut need not.
    """
    parsed = parse_url(url)
    # a connection to a file cannot go stale, one to a server can
    ping = parsed.get_backend_name() != "sqlite"
    arguments = _SERVER if ping else {}
    # parameters hold what people had engraved: they belong in no error message and no log
    engine = create_engine(
        parsed, hide_parameters=True, pool_pre_ping=ping, pool_size=8, max_overflow=24, connect_args=arguments,
        json_serializer=json_text, json_deserializer=from_json_text,
    )  # fmt: skip
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _set_up_sqlite if durable else _set_up_passing_sqlite)
    event.listen(engine, "begin", _begin)
    return engine


def writing(engine: Engine) -> Engine:
    """Return the same engine with transactions that take the one write lock of the database as they begin."""
    return engine.execution_options(**{_WRITES: True})


def _set_up_sqlite(connection: Any, _record: object, pragmas: _Pragmas = _PRAGMAS) -> None:
    # the driver's own idea of transactions skips SELECT and DDL; `_begin` says BEGIN instead
    connection.isolation_level = None
    for name, value, expected in pragmas:
        connection.execute(f"PRAGMA {name}={value}")
        found = connection.execute(f"PRAGMA {name}").fetchone()[0]
        if found != expected:
            raise StoreError(f"SQLite refuses PRAGMA {name}={value} (it says {found}); is the file on a network share?")


def _set_up_passing_sqlite(connection: Any, record: object) -> None:
    _set_up_sqlite(connection, record, _PASSING)


def _begin(connection: Connection) -> None:
    writes = bool(connection.get_execution_options().get(_WRITES))
    if connection.dialect.name == "sqlite":
        # a reader that upgrades fails at once when another has written: writers ask for the lock first
        connection.exec_driver_sql(f"PRAGMA query_only={'OFF' if writes else 'ON'}")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
    elif writes:
        # one writer at a time, as on SQLite: events then ascend in the order of commits. One that is paused, or cut
        # off, in the middle of its work must not keep the others out: the server ends its transaction
        connection.exec_driver_sql(
            f"SELECT set_config('lock_timeout', '{_LOCK_TIMEOUT_MS}ms', true),"
            f" set_config('idle_in_transaction_session_timeout', '{_IDLE_TIMEOUT_MS}ms', true)"
        )
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_WRITER_LOCK})")
    else:
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")


@contextmanager
def translated() -> Iterator[None]:
    """
    Turn the database library's errors into ours.

    Where the library tells the row that was refused, ours stands alone: what people had engraved belongs in no log.
    """
    try:
        yield
    except (OperationalError, InterfaceError, PoolTimeoutError) as error:
        if _is_full(error):
            raise StorageFullError(f"the database has no room: {_cause(error)}") from error
        raise StoreUnavailableError(f"the database does not answer: {_cause(error)}") from error
    except IntegrityError as error:
        raise InvariantError(f"the database refused a row: {_cause(error)}") from None
    except StatementError as error:
        if isinstance(error.orig, BatcherError):
            raise error.orig from None
        raise StoreError(f"the database refused: {_cause(error)}") from None
    except SQLAlchemyError as error:
        raise StoreError(f"the database refused: {_cause(error)}") from error


def _is_full(error: SQLAlchemyError) -> bool:
    """Tell whether there is no room on the disk; PostgreSQL calls that class 53, disk_full 53100."""
    original = error.orig if isinstance(error, DBAPIError) else None
    return (
        getattr(original, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL
        or getattr(original, "sqlstate", None) == "53100"
    )


def _cause(error: SQLAlchemyError) -> str:
    text = str(error.orig) if isinstance(error, DBAPIError | StatementError) else str(error)
    return text.strip().splitlines()[0] if text.strip() else type(error).__name__
