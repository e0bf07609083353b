"""
The schema brought up to date, told, copied and checked.

Alembic runs from the files in this package over one connection and inside one transaction, so that a crash leaves
the old schema or the new one. What a sound database is, is in `audit`.
"""

import os
import sqlite3
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine

from batcher.errors import SchemaVersionError, StoreError, StoreUnavailableError
from batcher.store import audit, leadership, lock
from batcher.store.engine import make_engine, sqlite_file, translated, writing
from batcher.store.schema import HEAD, revision_of

#: Why a copy is in safe mode.
_COPY = "the database is a backup"
_SCRIPTS = Path(__file__).parent / "migrations"


def head() -> str:
    """Return the newest revision there is a migration for."""
    return str(ScriptDirectory.from_config(_config()).get_current_head())


def current(url: str) -> str | None:
    """Return the schema revision of a database; none when there is no database or no schema yet."""
    database = sqlite_file(url)
    if database is not None and not database.exists():
        return None
    engine = make_engine(url)
    try:
        with translated(), engine.connect() as connection:
            return revision_of(connection)
    finally:
        engine.dispose()


def is_file(url: str) -> bool:
    """Tell whether a database is a SQLite file of this machine."""
    return sqlite_file(url) is not None


def upgrade(url: str) -> None:
    """
    Bring a database up to date, making it when there is none.

    Raises
    ------
    StoreLockedError
        A daemon works with it.
    SchemaVersionError
        It was made by a newer version.
    """
    found = current(url)
    if found == HEAD:
        return
    if found is not None and found > HEAD:
        raise SchemaVersionError(f"the database has schema {found}, newer than {HEAD}: use a newer batcher")
    database = sqlite_file(url)
    if database is not None:
        database.parent.mkdir(parents=True, exist_ok=True)
    file_lock = None if database is None else lock.FileLock(lock.lock_path(database))
    engine = make_engine(url)
    try:
        with translated(), writing(engine).begin() as connection:
            if file_lock is None and found is not None:
                leadership.refuse_while_led(connection)
            command.upgrade(_config(connection), HEAD)
    finally:
        engine.dispose()
        if file_lock is not None:
            file_lock.release()


def backup(url: str, path: Path) -> None:
    """
    Copy a SQLite database as of one moment, while others go on working with it.

    Raises
    ------
    StoreError
        The target exists, its folder does not, or the database is not SQLite.
    """
    database = sqlite_file(url)
    if database is None:
        raise StoreError("a PostgreSQL database is backed up with pg_dump")
    if not database.exists():
        raise StoreError(f"there is no database at {database}")
    if path.exists():
        raise StoreError(f"{path} exists; a backup never overwrites one")
    if not path.parent.is_dir():
        raise StoreError(f"there is no folder {path.parent} for a backup")
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    part.unlink(missing_ok=True)
    engine = make_engine(url)
    try:
        _copy(engine, part)
        os.link(part, path)
        _sync(path.parent)
    except OSError as error:
        raise StoreError(f"{path} cannot be written: {error.strerror}") from error
    finally:
        part.unlink(missing_ok=True)
        engine.dispose()


def check(url: str) -> list[str]:
    """Return everything that is wrong inside a database, in plain words; empty when it is sound."""
    found = current(url)
    if found != HEAD:
        return [f"the schema is {found or 'missing'}, this version works with {HEAD}"]
    engine = make_engine(url)
    try:
        with translated(), engine.connect() as connection:
            return audit.problems(connection)
    finally:
        engine.dispose()


def _copy(engine: Engine, target: Path) -> None:
    # VACUUM cannot run inside a transaction: it goes to the driver's connection directly
    raw = engine.raw_connection()
    try:
        raw.cursor().execute("VACUUM INTO ?", (str(target),))
    except sqlite3.Error as error:
        raise StoreUnavailableError(f"the database cannot be copied: {error}") from error
    finally:
        raw.close()
    _mark_as_copy(target)
    _sync(target)


def _mark_as_copy(target: Path) -> None:
    """Have whoever runs on the copy begin in safe mode: it will know nothing of what was sent since."""
    connection = sqlite3.connect(target, isolation_level=None)
    try:
        connection.execute(
            "INSERT OR IGNORE INTO safe_mode VALUES (1, ?, strftime('%Y-%m-%d %H:%M:%f', 'now'))", (_COPY,)
        )
    finally:
        connection.close()


def _sync(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    # Config reads % as the start of a reference
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config
