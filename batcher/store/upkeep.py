"""
Upkeep of a SQLite file: its write-ahead log stays short, and what was deleted leaves the file.

SQLite begins its log anew only where a writer finds nobody reading in it. With many short readers that moment may
never come, and each commit makes the log longer. So whoever has written and finds it long waits for the readers of
that moment, while nobody writes: those who come later read the file alone, and once the others have ended the log is
emptied. It is as long as it may be, and twice what is written while one reader lasts, at the most. A server looks
after its own.
"""

import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import Engine

from batcher.errors import StoreUnavailableError
from batcher.store.engine import BUSY_TIMEOUT_MS, translated

#: How long the log may be before it is emptied.
LOG_BYTES = 16 * 2**20
#: How long writers wait for readers that are in the log: for a short one, not for whoever reads all that waits.
_PATIENCE_MS = 50


class Upkeep:
    """
    What one file needs now and then; whoever calls holds the write lock of this process.

    Parameters
    ----------
    engine
        Gives connections to the file.
    path
        None where a server keeps the database: there is nothing to do then.
    """

    def __init__(self, engine: Engine, path: Path | None) -> None:
        self._engine, self._file = engine, path
        self._due_bytes = LOG_BYTES
        self._owed = False  #: somebody was promised that the log is emptied, and a reader kept a part of it back

    @property
    def log_bytes(self) -> int:
        """How long the log is; 0 where there is none."""
        try:
            return 0 if self._file is None else self._file.with_name(f"{self._file.name}-wal").stat().st_size
        except FileNotFoundError:
            return 0

    def keep_log_short(self) -> None:
        """
        Empty the log when it has grown long; where a reader lasts too long, once more when it is twice as long.

        A log that was to be emptied and could not be is tried with every write: what was to be forgotten is in it.

        Raises
        ------
        StoreUnavailableError
            The file cannot be written. Nothing is lost: what was committed is in the log.
        """
        if self._owed:
            self._owed = not self._empty_log(0)
        length = self.log_bytes
        if length < LOG_BYTES:
            self._due_bytes = LOG_BYTES
        elif length >= self._due_bytes:
            self._empty_log(_PATIENCE_MS)
            self._due_bytes = 2 * length

    def empty_log(self) -> bool:
        """Bring the log into the file and empty it; return whether no reader kept a part back, for a while."""
        self._owed = not self._empty_log(BUSY_TIMEOUT_MS)
        return not self._owed

    def compact(self) -> bool:
        """Write the file anew, without what was deleted from it, and empty the log, as `empty_log` does."""
        self._owed = not self._empty_log(BUSY_TIMEOUT_MS, "VACUUM")
        return not self._owed

    def _empty_log(self, wait_ms: int, *before: str) -> bool:
        """Run statements, and empty the log."""
        if self._file is None:
            return True
        # these run outside of transactions: they go to the driver's connection directly
        with translated(), closing(self._engine.raw_connection()) as raw:
            cursor = raw.cursor()
            try:
                cursor.execute(f"PRAGMA busy_timeout={wait_ms}")
                cursor.execute("PRAGMA query_only=OFF")
                for statement in before:
                    cursor.execute(statement)
                kept_back, *_ = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            except sqlite3.Error as error:
                raise StoreUnavailableError(f"the database cannot be tidied: {error}") from error
            finally:
                cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
        return not kept_back
