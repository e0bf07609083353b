"""A database set back to the schema of some versions ago, with all it holds, as it was before an upgrade."""

import sqlite3
import zlib
from pathlib import Path

from alembic import command
from sqlalchemy import create_engine

from batcher.store import migrate

#: So many migrations are to be made anew.
_BACK = 3


def make_older(path: Path) -> None:
    """Make an empty database of some versions ago."""
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        command.upgrade(migrate._config(connection), f"{int(migrate.head()) - _BACK:04}")
    engine.dispose()


def set_back(database: Path, older: Path) -> None:
    """
    Give a database that nobody has open the older schema; what that has no place for is gone.

    One whose making was cut off has no schema yet, and stays as it is.
    """
    if not _has_schema(database):
        return
    made = database.with_suffix(".older")
    made.write_bytes(older.read_bytes())
    connection = sqlite3.connect(made, isolation_level=None)
    connection.create_function("unpacked", 1, lambda content: zlib.decompress(content).decode())
    connection.execute("ATTACH ? AS new", (str(database),))
    connection.execute("BEGIN")
    for (table,) in connection.execute("SELECT name FROM main.sqlite_schema WHERE type = 'table'").fetchall():
        if table != "alembic_version":
            taken = _columns(connection, table)
            connection.execute(f"DELETE FROM main.{table}")
            connection.execute(
                f"INSERT INTO main.{table} ({', '.join(taken)}) SELECT {', '.join(taken.values())} FROM new.{table}"
            )
    connection.execute("COMMIT")
    connection.close()
    for suffix in ("", "-wal", "-shm"):
        database.with_name(database.name + suffix).unlink(missing_ok=True)
    made.rename(database)


def _columns(connection: sqlite3.Connection, table: str) -> dict[str, str]:
    """Return the older columns of a table, and how each comes out of the newer ones."""
    kinds = {row[1]: row[2] for row in connection.execute(f"PRAGMA new.table_info({table})")}
    return {
        f'"{name}"': f'unpacked("{name}")' if (kind, kinds[name]) == ("JSON", "BLOB") else f'"{name}"'
        for _, name, kind, *_ in connection.execute(f"PRAGMA main.table_info({table})")
    }


def _has_schema(database: Path) -> bool:
    connection = sqlite3.connect(database, isolation_level=None)
    try:
        return connection.execute("SELECT name FROM sqlite_schema").fetchone() is not None
    finally:
        connection.close()
