"""A PostgreSQL of our own: made in a new directory, without durability unless it is asked for, gone afterwards."""

import contextlib
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

_LIBRARY = Path("/usr/lib/postgresql")


def server_binaries() -> Path | None:
    found = sorted(_LIBRARY.glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    return found[-1].parent if found else None


class PostgresServer:
    """A server on a directory of its own, which a test may stop and start."""

    def __init__(self, binaries: Path, home: Path, user: str | None, *, durable: bool) -> None:
        self._user, self._home, self._durable = user, home, durable
        self._control: list[str | Path] = [binaries / "pg_ctl", "-D", home / "data", "-w", "-l", home / "log"]
        self.url = f"postgresql://batcher@/postgres?host={home}"
        self.socket = str(home / ".s.PGSQL.5432")

    def start(self) -> None:
        where = f"-c listen_addresses='' -c unix_socket_directories={self._home}"
        options = where if self._durable else f"{where} -c fsync=off -c full_page_writes=off"
        _run([*self._control, "-o", options, "start"], self._user, self._home)

    def stop(self, mode: str = "immediate") -> None:
        """Stop as by a power cut, or `fast`: open transactions are rolled back."""
        _run([*self._control, "-m", mode, "stop"], self._user, self._home)


@contextlib.contextmanager
def running_server(binaries: Path, *, durable: bool = False, directory: Path | None = None) -> Iterator[PostgresServer]:
    """Yield a running server, gone afterwards with all that was in it; its files lie in a new part of `directory`."""
    # PostgreSQL refuses to run as root
    user = _unprivileged_user() if os.geteuid() == 0 else None
    home = Path(tempfile.mkdtemp(prefix="batcher-pg-", dir=directory))
    try:
        if user is not None:
            os.chown(home, pwd.getpwnam(user).pw_uid, pwd.getpwnam(user).pw_gid)
        data = home / "data"
        _run([binaries / "initdb", "--no-sync", "-A", "trust", "-U", "batcher", "-E", "UTF8", "-D", data], user, home)
        server = PostgresServer(binaries, home, user, durable=durable)
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _run(command: list[str | Path], user: str | None, home: Path) -> None:
    subprocess.run(command, check=True, user=user, cwd=home, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL)


def _unprivileged_user() -> str:
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"
