"""Several daemons on one PostgreSQL: killed, paused or stopped, one leads at a time and nothing is made twice."""

import json
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from batcher.cli.station import machine_folders
from batcher.domain.clock import Clock
from batcher.errors import StoreError
from batcher.rules.schema import load_rules
from batcher.simulate.checker import FloorCheck, check_floor
from batcher.simulate.processes import FloorProcesses, stop
from batcher.store import migrate
from batcher.store.leadership import Leader
from batcher.store.session import Store
from batcher.store.whole import read_whole
from tests.builders_floor import order_document
from tests.waiting import wait_for

pytestmark = pytest.mark.proof

ROOT = Path(__file__).parent.parent.parent
MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
LEASE_S = 3.0


@dataclass
class Daemons:
    """Daemons that share a database and the stations' folders."""

    how: FloorProcesses
    running: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)

    def start(self, name: str) -> None:
        self.running[name] = self.how.start_standby(name)

    def leader(self) -> Leader | None:
        try:
            return Store.leader_of(self.how.database_url)
        except StoreError:  # not made yet, or just not there
            return None

    def led_by(self, name: str) -> Leader | None:
        found = self.leader()
        listens = found is not None and found.address and found.name.endswith(f":{self.running[name].pid}")
        return found if listens else None

    def wait_for(self, what: Callable[[], object], seconds: float = 150) -> object:
        return wait_for(what, seconds, told=lambda: "\n".join(map(self.last_words, self.running)))

    def last_words(self, name: str) -> str:
        return f"--- {name}\n" + self.how.log(name).read_text()[-2000:]

    def events(self, name: str) -> list[str]:
        lines = self.how.log(name).read_text().splitlines()
        return [json.loads(line)["event"] for line in lines if line.startswith("{")]

    def post(self, count: int) -> None:
        found = self.leader()
        assert found is not None
        placed_at = Clock(self.how.speed, self.how.floor_at, self.how.anchor_at).now().isoformat()
        documents = [order_document(placed_at=placed_at) for _ in range(count)]
        assert httpx.post(f"{found.address}/v1/orders", json=documents, trust_env=False, timeout=30).is_success

    def something_was_made(self) -> bool:
        check, _ = self.check()
        return check.items_made > 0

    def check(self) -> tuple[FloorCheck, list[str]]:
        """Compare what the stations have written with the database; also tell the tickets that a station refused."""
        rules = load_rules(self.how.rules)
        machines = [machine_folders(self.how.state_dir, station) for station in rules.stations.values()]
        store = Store.open(self.how.database_url, exclusive=False)
        with store.read() as session:
            whole = read_whole(session)
        store.close()
        refused = [path.name for machine in machines for path in machine.refused.iterdir()]
        return check_floor(whole, rules, machines, finished=False), refused


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    found = tmp_path / "rules"
    shutil.copytree(ROOT / "config" / "floor", found)
    release = found / "release.yaml"
    release.write_text(release.read_text().replace("budget: 5 s", "budget: 1 s"))
    return found


@pytest.fixture
def daemons(postgres_url: str, rules: Path, tmp_path: Path) -> Iterator[Daemons]:
    state = tmp_path / "state"
    state.mkdir()
    how = FloorProcesses(
        state,
        rules,
        MONDAY,
        datetime.now(UTC),
        speed=1200,
        solver_workers=1,
        database_url=postgres_url,
        lease_s=LEASE_S,
    )
    found = Daemons(how)
    yield found
    for process in found.running.values():
        process.send_signal(signal.SIGCONT)
        stop(process)


def test_leaders_that_are_paused_killed_and_stopped_are_followed_and_nothing_is_made_twice(daemons: Daemons) -> None:
    daemons.start("a")
    daemons.wait_for(lambda: daemons.led_by("a"))
    daemons.start("b")
    daemons.wait_for(lambda: "standby" in daemons.events("b"))
    daemons.running["stations"] = daemons.how.start_stations()
    daemons.post(15)

    daemons.running["a"].send_signal(signal.SIGSTOP)
    paused = daemons.wait_for(lambda: daemons.led_by("b"))
    assert isinstance(paused, Leader)
    assert paused.epoch == 2
    daemons.running["a"].send_signal(signal.SIGCONT)
    assert daemons.running["a"].wait(60) == 75  # systemd starts it again, as a standby
    assert "leadership_lost" in daemons.events("a")

    daemons.start("c")
    daemons.wait_for(lambda: "standby" in daemons.events("c"))
    daemons.post(5)
    daemons.running["b"].kill()
    daemons.wait_for(lambda: daemons.led_by("c"))

    daemons.start("d")
    daemons.wait_for(lambda: "standby" in daemons.events("d"))
    daemons.running["c"].send_signal(signal.SIGTERM)
    assert daemons.running["c"].wait(60) == 0
    daemons.wait_for(lambda: daemons.led_by("d"))

    daemons.wait_for(daemons.something_was_made)
    check, refused = daemons.check()
    assert (check.made_twice, check.lost, check.unexpected, refused) == ([], [], [], [])
    assert migrate.check(daemons.how.database_url) == []
