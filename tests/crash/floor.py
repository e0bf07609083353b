"""
One floor: from its seed come its orders, what its stations do, and at which calls its daemon dies, again and again.

Each life of the daemon is a fork, to which the clients bring new work; the last is left alone to finish. What is around
it knows only what is published.
"""

import json
import os
import random
import select
import shutil
import signal
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from batcher.errors import BatcherError
from batcher.store import migrate
from tests.crash.checker import Verdict, judge
from tests.crash.faults import Counts, Fault, count_anew, count_calls, some_fault
from tests.crash.life import Home, live
from tests.crash.older import set_back
from tests.crash.world import Client, FileWriter, History, Station

#: All that any life's rules may have.
STATIONS = ("press-1", *(f"print-{number}" for number in range(1, 40)))
_LONGEST_S = 300.0
_LOOK_S = 0.004
#: How long a daemon lives on a disk that fails for good.
_SPELL_S = 2.0
_GAVE_UP, _BUG = 75, 99
#: New orders of each life, by request and by file.
_ORDERS, _FILES = 2, 1
#: Of so many floors one begins without a database.
_FROM_NOTHING = 4


@dataclass(frozen=True)
class Empty:
    """Databases that a floor may begin with: of this version, and of one some versions ago."""

    now: Path
    older: Path


@dataclass(frozen=True)
class Death:
    """What became of a life that a fault was planted in."""

    fault: Fault
    how: str  #: killed, gave up, ended on a broken disk, or came to its own end


@dataclass
class Outcome:
    """What came of one floor."""

    seed: int
    deaths: list[Death] = field(default_factory=list)
    verdict: Verdict | None = None
    audit: list[str] = field(default_factory=list)
    replayed: int = 0  #: orders that were sent again and had been kept
    stuck: str = ""  #: why it could not be judged

    @property
    def kills(self) -> list[Fault]:
        """The calls at which the daemon was killed."""
        return [death.fault for death in self.deaths if death.how == "killed"]

    @property
    def recovered(self) -> int:
        """How many orders were asked for, not answered, and kept all the same, as it turned out."""
        return self.replayed + (0 if self.verdict is None else len(self.verdict.recovered))

    @property
    def broken(self) -> list[str]:
        return [self.stuck] if self.verdict is None else self.verdict.faults + self.audit


def one_floor(home: Path, seed: int, empty: Empty, counts: Counts) -> Outcome:
    """
    Let a floor live and die.

    Parameters
    ----------
    counts
        How often each call comes in a life that nobody ends, by the parts in which this floor may be struck.
    """
    chance = random.Random(seed)
    from_nothing = chance.randrange(_FROM_NOTHING) == 0
    outcome, world = Outcome(seed), World(home, chance, None if from_nothing else empty.now)
    try:
        for _ in range(chance.randint(4, 8)):
            fault = some_fault(chance, counts)
            if fault.part == "migration" and world.home.database.exists():
                _in_a_fork(partial(set_back, world.home.database, empty.older))
            outcome.deaths.append(Death(fault, world.one_life(fault)))
        assert world.one_life() == "ended"
    except AssertionError as error:
        outcome.stuck = str(error)
        return outcome
    outcome.replayed = sum(told.get("outcome") == "replayed" for _, _, told in world.history.entries)
    outcome.verdict = judge(world.history, world.home.database)
    outcome.audit = json.loads(_in_a_fork(partial(_audited, world.home)))
    return outcome


def count_a_life(home: Path, empty: Empty) -> Counts:
    """Return how often each call comes in the life of a floor that is migrated and that nobody ends."""
    counted = home.with_suffix(".json")

    def count_at_the_end() -> None:
        counted.write_text(json.dumps([[*key, count] for key, count in count_calls().items()]))

    world = World(home, random.Random(0), empty.now)
    assert world.one_life() == "ended"
    _in_a_fork(partial(set_back, world.home.database, empty.older))
    assert world.one_life(at_end=count_at_the_end) == "ended"
    return {(part, call): count for part, call, count in json.loads(counted.read_text()) if part != "between"}


def _nothing() -> None:
    """Happen."""


class World:
    """A floor's folders, and who lives around its daemon."""

    def __init__(self, home: Path, chance: random.Random, database: Path | None) -> None:
        self.home, self.chance, self.history = Home(home), chance, History()
        self.home.create()
        if database is not None:
            shutil.copyfile(database, self.home.database)
        self._client = Client(chance, self.history)
        self._files = FileWriter(self.home.settings().orders_dir, self._client, self.history)
        self._stations = [Station(home, name, chance, self.history) for name in STATIONS]

    def one_life(self, fault: Fault | None = None, *, at_end: Callable[[], None] = _nothing) -> str:
        """Let a daemon live among its clients and stations, who bring new work; tell how it ended."""
        self._bring_work()
        requests, to_daemon = os.pipe()
        from_daemon, answers = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(to_daemon)
            os.close(from_daemon)
            _be_born(self.home, fault, partial(live, self.home, requests, answers), at_end)
        os.close(requests)
        os.close(answers)
        try:
            return self._surround(pid, to_daemon, from_daemon, fault)
        finally:
            os.close(from_daemon)
            self._client.forget()
            self.home = replace(self.home, life=self.home.life + 1)

    def _bring_work(self) -> None:
        placed_at = self.home.begins_at
        self._client.plan_orders(_ORDERS, placed_at)
        self._client.plan_reload(self._write_rules)
        self._files.plan_files(_FILES, placed_at)

    def _write_rules(self) -> None:
        """Have another printer, and change what fits on a bed."""
        stations, products = self.home.rules / "stations.yaml", self.home.rules / "products.yaml"
        told = stations.read_text()
        another = f"  print-{told.count('  print-') + 1}: {{process: print, cost_per_hour_minor: 900}}\n"
        told = told.replace("  press-1", f"{another}  press-1")
        changed = products.read_text().replace("print, capacity: 3", "print, capacity: X")
        changed = changed.replace("print, capacity: 4", "print, capacity: 3").replace("X", "4")
        for path, text in ((stations, told), (products, changed)):
            part = path.with_suffix(".part")
            part.write_text(text)
            part.rename(path)

    def _surround(self, pid: int, to_daemon: int, from_daemon: int, fault: Fault | None) -> str:
        """Ask, listen and make until the daemon is gone; tell how it ended."""
        spell = fault is not None and fault.for_good
        line, until = (
            _Line(self._client, to_daemon, from_daemon),
            time.monotonic() + (_SPELL_S if spell else _LONGEST_S),
        )
        try:
            while time.monotonic() < until:
                gone, status = os.waitpid(pid, os.WNOHANG)
                line.ask()
                line.hear(0.0 if gone else _LOOK_S)  # what it said last is still in the pipe
                self._files.step()
                if self._client.ended and self._files.ended:
                    line.hang_up()
                for station in self._stations:
                    station.step()
                if gone:
                    return self._ended(os.waitstatus_to_exitcode(status))
        finally:
            line.hang_up()
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        if spell:
            return "ended on a broken disk"
        raise AssertionError(f"the floor in {self.home.path} did not come to rest: something is stuck")

    def _ended(self, code: int) -> str:
        ends = {0: "ended", _GAVE_UP: "gave up", -signal.SIGKILL: "killed"}
        if code not in ends:
            raise AssertionError(f"the daemon ended with {code}:\n{self.home.log.read_text()[-4000:]}")
        return ends[code]


def _be_born(home: Home, fault: Fault | None, life: Callable[[], None], at_end: Callable[[], None]) -> None:
    """Live as a child; never return."""
    code = _BUG
    try:
        out = os.open(home.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(out, 1)
        os.dup2(out, 2)
        count_anew()
        if fault is not None:
            fault.arm()
        life()
        at_end()
        code = 0
    except (BatcherError, OSError) as error:  # such a daemon ends, and is started again
        code = _GAVE_UP
        with suppress(OSError):  # its log may lie on the broken disk too
            print(f"ended by {error!r}", flush=True)
    finally:
        if code == _BUG:
            traceback.print_exc()
        os._exit(code)


class _Line:
    """The line between the clients and the daemon."""

    def __init__(self, client: Client, to_daemon: int, from_daemon: int) -> None:
        self._client, self._from_daemon, self._heard = client, from_daemon, b""
        self._to_daemon: int | None = to_daemon

    def ask(self) -> None:
        request = self._client.next_request()
        if request is not None and self._to_daemon is not None:
            with suppress(BrokenPipeError):  # it has just died
                os.write(self._to_daemon, request)

    def hear(self, wait_s: float) -> None:
        while select.select([self._from_daemon], [], [], wait_s)[0]:
            got = os.read(self._from_daemon, 65536)
            *answers, self._heard = (self._heard + got).split(b"\n")
            for answer in answers:
                self._client.hear(answer)
            if not got or wait_s:
                return

    def hang_up(self) -> None:
        if self._to_daemon is not None:
            os.close(self._to_daemon)
            self._to_daemon = None


def _audited(home: Home) -> str:
    return json.dumps(migrate.check(home.settings().store_url))


def _in_a_fork(work: Callable[[], Any]) -> bytes:
    """Do something with a database in a process of its own, and return what it tells: one that forks opens none."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            os.write(write, str(work() or "").encode())
            code = 0
        finally:
            if code:
                traceback.print_exc()
            os._exit(code)
    os.close(write)
    with os.fdopen(read, "rb") as told:
        found = told.read()
    assert os.waitpid(pid, 0)[1] == 0
    return found
