"""
Floors that live, die and are drained: ``python -m tests.crash.run --kills 1000 --seed 1`` prints what came of them.

A floor has a seed: from it come its orders, what its stations do, and at which calls its daemon dies, one to four
times, before it is left alone to finish. Every floor is judged from outside.
"""

import argparse
import json
import os
import random
import select
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from batcher.errors import BatcherError
from batcher.store import migrate
from tests.crash.checker import Verdict, judge
from tests.crash.faults import Fault, count_calls, is_preloaded, some_fault, with_faults
from tests.crash.life import live, rules
from tests.crash.world import Client, History, Station

_ORDERS = 6
_LONGEST_S = 120.0
_LOOK_S = 0.002
#: How long a daemon lives on a disk that fails for good.
_SPELL_S = 2.0
_GAVE_UP, _BUG = 75, 99


@dataclass
class Outcome:
    """What came of one floor."""

    seed: int
    faults: list[Fault] = field(default_factory=list)
    kills: int = 0  #: lives that did not come to their own end
    verdict: Verdict | None = None
    audit: list[str] = field(default_factory=list)

    @property
    def broken(self) -> list[str]:
        return [] if self.verdict is None else self.verdict.faults + self.audit


def one_floor(home: Path, seed: int, counts: dict[str, int]) -> Outcome:
    """Let a floor live and die; `counts` says how often each call comes in a life that nobody ends."""
    outcome, world = Outcome(seed), _World(home, seed)
    for _ in range(world.chance.randint(1, 4)):
        fault = some_fault(world.chance, counts)
        died = not world.one_life(fault.arm, spell_s=_SPELL_S if fault.for_good else None)
        outcome.faults.append(fault)
        outcome.kills += died
        if not died:
            break
    else:
        assert world.one_life(_nothing)
    database = home / "batcher.db"
    outcome.verdict = judge(world.history, database)
    outcome.audit = _audited(database)
    return outcome


def count_a_life(home: Path) -> dict[str, int]:
    """Return how often each call comes in the life of a floor that nobody ends."""
    counted = home.with_suffix(".json")

    before = count_calls()

    def count_at_the_end() -> None:
        counted.write_text(json.dumps({call: count - before[call] for call, count in count_calls().items()}))

    assert _World(home, 0).one_life(_nothing, count_at_the_end)
    found: dict[str, int] = json.loads(counted.read_text())
    return found


def _nothing() -> None:
    """Happen."""


class _World:
    """A floor's folders, and who lives around its daemon."""

    def __init__(self, home: Path, seed: int) -> None:
        home.mkdir()
        self.home, self.chance, self.history = home, random.Random(seed), History()
        self._client = Client(self.chance, self.history, _ORDERS)
        self._stations = [Station(home, name, self.chance, self.history) for name in rules().stations]
        self._anchor_at = datetime.now(UTC)

    def one_life(
        self, at_birth: Callable[[], None], at_end: Callable[[], None] = _nothing, *, spell_s: float | None = None
    ) -> bool:
        """
        Let a daemon live among its clients and stations; tell whether it came to its own end.

        Parameters
        ----------
        spell_s
            Seconds after which one that is still there is killed, as its disk will do nothing for it any more.
        """
        requests, to_daemon = os.pipe()
        from_daemon, answers = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(to_daemon)
            os.close(from_daemon)
            _be_born(
                self.home / "daemon.log", at_birth, partial(live, self.home, self._anchor_at, requests, answers), at_end
            )
        os.close(requests)
        os.close(answers)
        try:
            return _surround(pid, self._client, self._stations, to_daemon, from_daemon, spell_s)
        finally:
            os.close(from_daemon)
            self._client.forget()


def _be_born(log: Path, at_birth: Callable[[], None], life: Callable[[], None], at_end: Callable[[], None]) -> None:
    """Live as a child; never return."""
    code = _BUG
    try:
        out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(out, 1)
        os.dup2(out, 2)
        at_birth()
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


def _surround(
    pid: int, client: Client, made_at: list[Station], to_daemon: int, from_daemon: int, spell_s: float | None
) -> bool:
    """Ask, listen and make until the daemon is gone; tell whether it came to its own end."""
    line, until = _Line(client, to_daemon, from_daemon), time.monotonic() + (spell_s or _LONGEST_S)
    try:
        while time.monotonic() < until:
            gone, status = os.waitpid(pid, os.WNOHANG)
            line.ask()
            line.hear(0.0 if gone else _LOOK_S)  # what it said last is still in the pipe
            for station in made_at:
                station.step()
            if gone:
                return _ended(os.waitstatus_to_exitcode(status))
    finally:
        line.hang_up()
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    if spell_s is not None:
        return False
    raise AssertionError("the floor did not come to rest: something is stuck")


def _ended(code: int) -> bool:
    """Tell whether a daemon came to its own end; one that was killed, or gave up, is started again."""
    if code not in (0, _GAVE_UP, -signal.SIGKILL):
        raise AssertionError(f"the daemon ended with {code}: its log tells why")
    return code == 0


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
        if self._client.ended:
            self.hang_up()

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


def _audited(database: Path) -> list[str]:
    """Ask the daemon's own audit, in a process of its own: this one forks, and must open no database."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.write(write, json.dumps(migrate.check(f"sqlite:///{database}")).encode())
        os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as told:
        found: list[str] = json.loads(told.read())
    os.waitpid(pid, 0)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=1000, help="stop once so many daemons were killed")
    parser.add_argument("--seed", type=int, default=1, help="of the first floor; the others follow")
    parser.add_argument("--floors", type=int, help="stop after so many floors instead")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="stop after so long in any case")
    args = parser.parse_args()
    if not is_preloaded():
        with tempfile.TemporaryDirectory(prefix="batcher-crash-") as directory:
            return subprocess.run(with_faults("tests.crash.run", Path(directory), sys.argv[1:]), check=False).returncode
    rules()
    began, killed, at = time.monotonic(), 0, Counter[str]()
    floors = recovered = 0
    broken: list[Outcome] = []
    with tempfile.TemporaryDirectory(prefix="batcher-crash-") as directory:
        counts = count_a_life(Path(directory) / "count")
        while (killed < args.kills) if args.floors is None else (floors < args.floors):
            if time.monotonic() - began > args.seconds:
                break
            outcome = one_floor(Path(directory) / str(floors), args.seed + floors, counts)
            floors, killed = floors + 1, killed + outcome.kills
            at.update(f"{fault.call} {'error' if fault.error else 'kill'}" for fault in outcome.faults)
            recovered += len(outcome.verdict.recovered) if outcome.verdict else 0
            if outcome.broken:
                broken.append(outcome)
                print(f"seed {outcome.seed}: {outcome.faults}\n  " + "\n  ".join(outcome.broken), file=sys.stderr)
    print(
        json.dumps(
            {
                "floors": floors,
                "kills": killed,
                "at": dict(sorted(at.items())),
                "calls_in_a_life": counts,
                "broken": [outcome.seed for outcome in broken],
                "recovered": recovered,
                "bound_95": None if broken or not killed else round(3 / killed, 5),
                "seconds": round(time.monotonic() - began),
            },
            indent=2,
        )
    )
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
