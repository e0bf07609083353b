"""Who takes part: two daemons, stations in two processes, clients, a server, and what each is told at its start."""

import json
import random
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from batcher.errors import StoreError
from batcher.rules.schema import load_rules
from batcher.simulate.processes import FloorProcesses
from batcher.store.leadership import Leader
from batcher.store.session import Store
from tests.chaos.actors import Actor
from tests.chaos.proxy import Proxy
from tests.postgres_server import PostgresServer

ROOT = Path(__file__).parents[2]
MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
LEASE_S = 3.0
_SPEED = 1200.0
_CLIENTS, _ORDERS_A_SECOND = 2, 1.0
_FAIL_RATE = 0.03


@dataclass
class Floor:
    """Everything that takes part."""

    home: Path
    server: PostgresServer
    database_url: str
    chance: random.Random
    daemons: dict[str, Actor] = field(default_factory=dict)
    others: list[Actor] = field(default_factory=list)
    proxies: dict[str, Proxy] = field(default_factory=dict)

    @property
    def actors(self) -> list[Actor]:
        return [*self.daemons.values(), *self.others]

    @property
    def clients(self) -> list[Actor]:
        return [actor for actor in self.others if actor.name.startswith("client")]

    @property
    def journals(self) -> list[Path]:
        return sorted(self.home.glob("client-*.jsonl"))

    @property
    def rules(self) -> Path:
        return self.home / "rules"

    @property
    def state(self) -> Path:
        return self.home / "state"

    def leader(self) -> Leader | None:
        """Return who leads and listens; none while nobody does, or it cannot be asked."""
        try:
            found = Store.leader_of(self.database_url)
        except StoreError:
            return None
        return found if found is not None and found.address else None

    def name_of(self, leader: Leader) -> str | None:
        """Return which of the daemons leads."""
        for name, daemon in self.daemons.items():
            if daemon.process is not None and leader.name.endswith(f":{daemon.process.pid}"):
                return name
        return None

    def stands_by(self, name: str) -> bool:
        """Tell whether a daemon lives and waits for the lead."""
        events = [line for line in _log_lines(self.state / f"{name}.log") if line.get("event")]
        return self.daemons[name].lives and bool(events) and events[-1]["event"] == "standby"

    def tick(self) -> None:
        for actor in self.actors:
            actor.tick(time.monotonic())

    def close(self) -> None:
        for actor in [*self.clients, *self.actors]:
            actor.end()
        for proxy in self.proxies.values():
            proxy.close()


def make_floor(home: Path, server: PostgresServer, database_url: str, seed: int) -> Floor:
    """Return a floor on which nobody has started yet."""
    floor = Floor(home, server, database_url, random.Random(seed))
    floor.state.mkdir(parents=True)
    _write_rules(floor.rules)
    anchor_at = datetime.now(UTC)

    def processes(database: str) -> FloorProcesses:
        return FloorProcesses(
            floor.state, floor.rules, MONDAY, anchor_at, _SPEED, seed=seed, fail_rate=_FAIL_RATE, plan_s=2 * _SPEED,
            solver_workers=1, database_url=database, lease_s=LEASE_S,
            others={"hold_after": 0},  # nobody is there who would let such an order go
        )  # fmt: skip

    for name in ("daemon-a", "daemon-b"):
        proxy = floor.proxies[name] = Proxy(server.socket)
        how = processes(_through(database_url, proxy))
        floor.daemons[name] = Actor(name, partial(how.start_standby, name), floor.chance)
    ids = sorted(load_rules(floor.rules).stations)
    for number, some in enumerate((ids[::2], ids[1::2]), start=1):
        name, how = f"stations-{number}", processes("")
        floor.others.append(Actor(name, partial(how.start_stations, *some), floor.chance))
    clock = f"{MONDAY.isoformat()}@{anchor_at.isoformat()}@{_SPEED}"
    for number in range(1, _CLIENTS + 1):
        command = [
            sys.executable, "-m", "tests.chaos.client", str(home / f"client-{number}.jsonl"),
            str(floor.state / "address"), clock, str(_ORDERS_A_SECOND), str(seed),
        ]  # fmt: skip
        floor.others.append(Actor(f"client-{number}", partial(_started, command), floor.chance))
    return floor


def _started(command: list[str]) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(command, cwd=ROOT)


def _write_rules(directory: Path) -> None:
    """Copy the demonstration floor's rules, for machines that nobody attends and batches that do not wait long."""
    shutil.copytree(ROOT / "config" / "floor", directory)
    stations = directory / "stations.yaml"
    lines = stations.read_text().splitlines(keepends=True)
    stations.write_text("".join(line for line in lines if not line.strip().startswith(("attended:", "magazine:"))))
    release = directory / "release.yaml"
    told = (
        release.read_text()
        .replace("budget: 5 s", "budget: 1 s")
        .replace("release:\n", "release:\n  max_wait: 30 min\n")
    )
    release.write_text(told)


def _through(database_url: str, proxy: Proxy) -> str:
    """Return the address of a database with the proxy in between."""
    name = database_url.partition("?")[0].rpartition("/")[2]
    return f"postgresql://batcher@127.0.0.1:{proxy.port}/{name}?sslmode=disable&gssencmode=disable"


def _log_lines(path: Path) -> list[dict[str, object]]:
    """Return the last lines of a daemon's log."""
    if not path.exists():
        return []
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 4000))
        lines = file.read().splitlines()
    return [json.loads(line) for line in lines if line.startswith(b"{") and line.endswith(b"}")]
