"""
Chaos on PostgreSQL, judged from outside: ``python -m tests.chaos.run --minutes 30 --seed 1`` prints what came of it.

Two daemons share a database and the stations' folders. For so long, daemons, stations, clients and the server are
killed, paused, cut off and restarted at random; then all are left alone, until everything that was ordered is made.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from batcher.errors import StoreError
from batcher.simulate.checker import FloorCheck
from tests.chaos.client import read_journal
from tests.chaos.faults import Chaos, Seen
from tests.chaos.floor import LEASE_S, Floor, make_floor
from tests.chaos.judging import judged, open_orders
from tests.crash.checker import Verdict
from tests.postgres_fixtures import new_database
from tests.postgres_server import running_server, server_binaries
from tests.waiting import wait_for

#: Seconds within which everything that was ordered is made once nothing is struck any more.
_DRAINED_S = 900.0
_LOOK_S = 0.5
#: What is promised: another leads so long after the leader's last sign, orders are taken so long after a restart.
TAKE_OVER_S, RECOVERED_S = LEASE_S + 5, 30.0


@dataclass(frozen=True)
class Outcome:
    """What came of it."""

    seed: int
    seen: Seen
    verdict: Verdict
    check: FloorCheck
    exits: dict[str, dict[int, int]]
    recovered_s: list[float]  #: from a stretch of restarts to the first answer to something asked since, for each
    drained_s: float

    @property
    def unsound(self) -> list[str]:
        """Return what was lost, made twice, or otherwise not as it should be."""
        kinds = ("made_twice", "lost", "unexpected")
        return self.verdict.faults + [f"{kind}: {one}" for kind in kinds for one in getattr(self.check, kind)]

    @property
    def broken(self) -> list[str]:
        """Return what should not have been, and what took too long."""
        late = [f"taken over in {s:.1f} s: {how}" for how, s in self.seen.take_overs_s if s > TAKE_OVER_S]
        slow = [f"recovered in {s:.1f} s" for s in self.recovered_s if s > RECOVERED_S]
        return self.unsound + late + slow


def run_chaos(home: Path, seconds: float, seed: int) -> Outcome:
    """Strike a new floor for so long, drain it, and judge it."""
    binaries = server_binaries()
    assert binaries is not None, "there is no PostgreSQL"
    with running_server(binaries) as server, new_database(server.url) as url:
        floor = make_floor(home, server, url, seed)
        try:
            return _struck(floor, seconds, seed)
        finally:
            floor.close()


def _struck(floor: Floor, seconds: float, seed: int) -> Outcome:
    chaos = Chaos(floor)
    _until(floor, lambda: floor.leader() is not None and _answered(floor, 0.0), 180)
    chaos.run(seconds)
    chaos.end()
    began, ended = time.monotonic(), time.time()
    _until(floor, lambda: _answered(floor, ended), _DRAINED_S)
    recovered_s = [_answered(floor, restarted) - restarted for restarted in chaos.seen.restarted]
    for client in floor.clients:
        client.restart_s = (float("inf"), float("inf"))
        client.ask_to_end()
    _until(floor, lambda: not any(client.lives for client in floor.clients) and _drained(floor), _DRAINED_S)
    verdict, check = judged(floor)
    exits = {actor.name: dict(actor.ends) for actor in floor.actors}
    return Outcome(seed, chaos.seen, verdict, check, exits, recovered_s, time.monotonic() - began)


def _until(floor: Floor, what: Callable[[], object], seconds: float) -> None:
    look_at = 0.0

    def looked() -> object:
        nonlocal look_at
        floor.tick()
        if time.monotonic() < look_at:
            return None
        look_at = time.monotonic() + _LOOK_S
        return what()

    wait_for(looked, seconds, told=lambda: f"state in {floor.home}")


def _answered(floor: Floor, since: float) -> float:
    """Return when the first thing was answered that was asked since a moment of the wall clock; 0: none was."""
    first = []
    for path in floor.journals:
        entries = read_journal(path)
        asked = {entry["order_id"]: entry["at"] for entry in entries if entry["what"] == "asked"}
        first += [e["at"] for e in entries if e["what"] == "answered" and asked[e["order_id"]] >= since]
    return min(first, default=0.0)


def _drained(floor: Floor) -> bool:
    try:
        return open_orders(floor) == 0
    except StoreError:
        return False


def main() -> int:
    """Run it from the command line; 0 when nothing was broken."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="where to leave what was written")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="batcher-chaos-") as scratch:
        outcome = run_chaos((args.keep or Path(scratch)) / "floor", 60 * args.minutes, args.seed)
    print(json.dumps(_told(outcome), indent=2, default=str))
    return 1 if outcome.broken else 0


def _told(outcome: Outcome) -> dict[str, object]:
    verdict, check = outcome.verdict, outcome.check
    by_kind: dict[str, list[float]] = {}
    for how, seconds in outcome.seen.take_overs_s:
        by_kind.setdefault(how, []).append(round(seconds, 1))
    return {
        "seed": outcome.seed,
        "orders": check.orders,
        "complete": check.complete,
        "held": len(check.held),
        "pieces made": check.items_made,
        "remakes": check.remakes,
        "lost": len(verdict.lost) + len(check.lost),
        "duplicated": len(verdict.duplicated) + len(check.made_twice),
        "unexpected": len(verdict.unexpected) + len(check.unexpected),
        "half tickets": len(verdict.partial),
        "not answered and done all the same": len(verdict.recovered),
        "faults": outcome.seen.faults,
        "exits": outcome.exits,
        "taken over in, s": {how: f"{len(s)} times, at most {max(s)}" for how, s in by_kind.items()},
        "recovered in, s": [round(s, 1) for s in outcome.recovered_s],
        "drained in, s": round(outcome.drained_s),
        "broken": outcome.broken,
    }


if __name__ == "__main__":
    sys.exit(main())
