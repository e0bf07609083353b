"""A PostgreSQL of our own for tests: made in a new directory, without durability, gone afterwards."""

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


@contextlib.contextmanager
def running_server(binaries: Path) -> Iterator[str]:
    """Yield the URL of a running server's `postgres` database."""
    # PostgreSQL refuses to run as root
    user = _unprivileged_user() if os.geteuid() == 0 else None
    home = Path(tempfile.mkdtemp(prefix="batcher-pg-"))
    data = home / "data"
    try:
        if user is not None:
            os.chown(home, pwd.getpwnam(user).pw_uid, pwd.getpwnam(user).pw_gid)
        _run([binaries / "initdb", "--no-sync", "-A", "trust", "-U", "batcher", "-E", "UTF8", "-D", data], user, home)
        options = f"-c listen_addresses='' -c unix_socket_directories={home} -c fsync=off -c full_page_writes=off"
        control: list[str | Path] = [binaries / "pg_ctl", "-D", data, "-w", "-l", home / "log"]
        _run([*control, "-o", options, "start"], user, home)
        try:
            yield f"postgresql://batcher@/postgres?host={home}"
        finally:
            _run([*control, "-m", "immediate", "stop"], user, home)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _run(command: list[str | Path], user: str | None, home: Path) -> None:
    subprocess.run(command, check=True, user=user, cwd=home, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL)


def _unprivileged_user() -> str:
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"
