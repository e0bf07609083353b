"""
Floors that live, die and are drained: ``python -m tests.crash --kills 1000 --seed 1`` prints what came of them.

A floor has a seed: ``--seed S --floors 1`` plays one alone. Every floor is judged from outside, by what its clients
were told and its stations saw.
"""

import argparse
import json
import logging
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import structlog

from batcher.store import migrate
from tests.crash.faults import PARTS, Counts, Fault
from tests.crash.floor import Empty, Outcome, count_a_life, one_floor
from tests.crash.life import rules
from tests.crash.older import make_older
from tests.forks import in_a_fork

#: Where a file costs no disk, if the machine has it: processes are killed here, and no power is cut.
_MEMORY = Path("/dev/shm")
_Numbers = dict[str, dict[str, int]]


def play(args: argparse.Namespace, directory: Path) -> dict[str, object]:
    """Play floors until enough daemons were killed, or the time is over; return what came of them."""
    began, played = time.monotonic(), list[Outcome]()
    empty = _empty(directory)
    counts = count_a_life(directory / "count", empty)
    counts = {key: count for key, count in counts.items() if args.part in (None, key[0])}
    kills = 0
    while (kills < args.kills) if args.floors is None else (len(played) < args.floors):
        if time.monotonic() - began > args.seconds:
            break
        home = directory / str(len(played))
        outcome = one_floor(home, args.seed + len(played), empty, counts)
        played.append(outcome)
        kills += len(outcome.kills)
        if outcome.broken:
            print(f"seed {outcome.seed}: {outcome.deaths}\n  " + "\n  ".join(outcome.broken), file=sys.stderr)
        else:
            shutil.rmtree(home)
        print(f"{len(played)} floors, {kills} kills, {time.monotonic() - began:.0f} s", file=sys.stderr)
    return _told(played, counts) | {"seconds": round(time.monotonic() - began)}


def _empty(directory: Path) -> Empty:
    """Make the databases that floors begin with, in a fork: this process opens none."""
    empty = Empty(directory / "now.db", directory / "older.db")
    assert in_a_fork(lambda: migrate.upgrade(f"sqlite:///{empty.now}"))
    assert in_a_fork(lambda: make_older(empty.older))
    return empty


def _told(played: list[Outcome], counts: Counts) -> dict[str, object]:
    kills = [fault for outcome in played for fault in outcome.kills]
    verdicts = [outcome.verdict for outcome in played if outcome.verdict is not None]
    broken = [outcome.seed for outcome in played if outcome.broken]
    return {
        "floors": len(played),
        "lives": sum(len(outcome.deaths) + 1 for outcome in played),
        "kills": len(kills),
        "kills_by_part": _by_part(kills),
        "failed_calls_by_part": _by_part(d.fault for o in played for d in o.deaths if d.fault.error),
        "lives_ended": Counter(death.how for outcome in played for death in outcome.deaths),
        "different_boundaries_killed_at": len({(f.part, f.call, f.first) for f in kills}),
        "boundaries_in_a_life": sum(counts.values()),
        "lost": sum(len(verdict.lost) for verdict in verdicts),
        "duplicated": sum(len(verdict.duplicated) for verdict in verdicts),
        "unexpected": sum(len(verdict.unexpected) for verdict in verdicts),
        "half_tickets": sum(len(verdict.partial) for verdict in verdicts),
        "recovered": sum(outcome.recovered for outcome in played),
        "broken": broken,
        "bound_95": None if broken or not kills else round(3 / len(kills), 5),
    }


def _by_part(faults: Iterable[Fault]) -> _Numbers:
    """Return how many fell in each part of the work, and at each kind of call in it."""
    found: _Numbers = {}
    for (part, call), number in sorted(Counter((fault.part, fault.call) for fault in faults).items()):
        found.setdefault(part, {})[call] = number
    return {part: calls | {"all": sum(calls.values())} for part, calls in found.items()}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=1000, help="stop once so many daemons were killed")
    parser.add_argument("--seed", type=int, default=1, help="of the first floor; the others follow")
    parser.add_argument("--floors", type=int, help="stop after so many floors instead")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="stop after so long in any case")
    parser.add_argument("--part", choices=PARTS, help="strike in this part of the work only")
    args = parser.parse_args()
    memory = _MEMORY if _MEMORY.is_dir() else None
    with tempfile.TemporaryDirectory(prefix="batcher-crash-", dir=memory) as directory:
        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
        rules()
        told = play(args, Path(directory))
    print(json.dumps(told, indent=2))
    return 1 if told["broken"] else 0


if __name__ == "__main__":
    sys.exit(main())
