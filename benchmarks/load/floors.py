"""
The floors that load is put on: a real daemon on a fresh database, with the settings of a floor that is in earnest.

Nothing is made cheaper than it will be: commits wait for the disk, callers show a token, plans are made on and on.
"""

import json
import shutil
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from batcher.simulate.processes import FloorProcesses, stop
from tests.postgres_fixtures import new_database
from tests.postgres_server import running_server, server_binaries

_RULES = Path("config/floor")
#: What the quick floor sells, and who makes it there.
QUICK_SKU = "STAMP-01"
QUICK_STATIONS = tuple(f"stamp-{number}" for number in range(1, 101))
_SETTINGS: dict[str, object] = {
    "requests_per_s": 1_000_000,  # one caller stands in for all of them
    "log_level": "info",
}
#: Real seconds between looks.
_OFTEN_S = {
    "reports_s": 0.5,
    "dispatch_s": 0.5,
    "poll_s": 2.0,
    "news_s": 2.0,
    "housekeeping_s": 30.0,
    "archive_s": 60.0,
}


@dataclass(frozen=True)
class Running:
    """A daemon that answers."""

    url: str
    pid: int
    token: str
    state_dir: Path


@contextmanager
def home(directory: Path) -> Iterator[Path]:
    """Yield a new directory for a floor's state and database, gone afterwards."""
    found = Path(tempfile.mkdtemp(prefix="load-", dir=directory))
    found.chmod(0o755)  # PostgreSQL runs as somebody else
    (found / "state").mkdir()
    try:
        yield found
    finally:
        shutil.rmtree(found, ignore_errors=True)


@contextmanager
def database(kind: str, directory: Path) -> Iterator[str]:
    """Yield the URL of a fresh database, durable, on the disk of a directory; empty for SQLite."""
    if kind == "sqlite":
        yield ""
        return
    binaries = server_binaries()
    if binaries is None:
        raise SystemExit("no PostgreSQL in /usr/lib/postgresql")
    with running_server(binaries, durable=True, directory=directory) as server, new_database(server.url) as url:
        yield url


@contextmanager
def running(
    directory: Path, database_url: str, *, plan_s: float, rules: Path = _RULES, speed: float = 1.0, token: str = ""
) -> Iterator[Running]:
    """
    Yield a running daemon whose state lies in a directory; a token is made unless there is one from before.

    However fast the floor's clock runs, the daemon looks as often in real time as it would without.
    """
    now = datetime.now(UTC)
    often = {name: speed * seconds for name, seconds in _OFTEN_S.items()}
    floor = FloorProcesses(
        directory, rules.absolute(), now, now, speed=speed, plan_s=plan_s, database_url=database_url,
        others=_SETTINGS | often,
    )  # fmt: skip
    daemon = floor.start_daemon()
    try:
        yield Running(floor.url(), daemon.pid, token or _token(floor.url()), directory)
    finally:
        stop(daemon)


def quick_rules(
    directory: Path,
    queue_depth: int,
    *,
    capacity: int = 1,
    fixed_s: int = 1,
    names: Sequence[str] = QUICK_STATIONS,
) -> Path:
    """Write the rules of a floor with many stations, whose tickets hold few pieces, and return where."""
    directory.mkdir()
    for name in ("site.yaml", "services.yaml"):
        shutil.copy(_RULES / name, directory)
    stations = {name: {"process": "stamp", "cost_per_hour_minor": 600, "queue_depth": queue_depth} for name in names}
    floor = {
        "processes": {"stamp": {}},
        "stations": stations,
        "fixtures": {"block": {"process": "stamp", "capacity": capacity, "fixed": f"{fixed_s} s", "unattended": True}},
        "products": {"stamp": {"route": [{"fixture": "block"}]}},
        "batch_rules": [{"id": "one-by-one"}],
    }
    (directory / "floor.yaml").write_text(json.dumps(floor, indent=1))  # JSON is YAML too
    (directory / "catalogue.csv").write_text(f"sku,description,product,finish\n{QUICK_SKU},A stamp,stamp,plain\n")
    return directory


def metric(floor: Running, name: str) -> float:
    """Return the sum of a metric over its labels."""
    text = _get(floor, "/metrics").decode()
    lines = [line for line in text.splitlines() if line.startswith((f"{name} ", f"{name}{{"))]
    return sum(float(line.rpartition(" ")[2]) for line in lines)


def wait_for_plans(floor: Running, more: int = 1, seconds: float = 180.0) -> None:
    """Wait until so many more plans have been made."""
    wanted, until = metric(floor, "batcher_plans_total") + more, time.monotonic() + seconds
    while metric(floor, "batcher_plans_total") < wanted:
        if time.monotonic() > until:
            raise TimeoutError(f"no plan in {seconds:.0f} s")
        time.sleep(0.2)


def post_json(floor: Running, path: str, document: object) -> None:
    """Post a document that must be taken."""
    _ask(floor.url + path, floor.token, document)


def _get(floor: Running, path: str) -> bytes:
    return _ask(floor.url + path, floor.token)


def _ask(url: str, token: str = "", document: object = None) -> bytes:
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    body = None if document is None else json.dumps(document).encode()
    with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=120) as answer:
        content: bytes = answer.read()
    return content


def _token(url: str) -> str:
    wanted = {"name": "load", "days": 7, "scopes": ["orders:write", "orders:read", "reports:write", "metrics:read"]}
    secret: str = json.loads(_ask(f"{url}/v1/tokens", "", wanted))["secret"]
    return secret
