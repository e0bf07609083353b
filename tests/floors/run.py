"""
Many short floors: ``python -m tests.floors.run --floors 2000 --seed 1`` prints what came of them.

A floor that breaks is named by its seed; the same seed plays it again.
"""

import argparse
import json
import logging
import shutil
import sys
import tempfile
import time
from pathlib import Path

import structlog

from batcher.store import migrate
from tests.floors.play import play

#: Where a file costs no disk, if the machine has it.
_MEMORY = Path("/dev/shm")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--floors", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1, help="of the first floor; the others follow")
    args = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    began, broken = time.monotonic(), list[int]()
    with tempfile.TemporaryDirectory(prefix="batcher-floors-", dir=_MEMORY if _MEMORY.is_dir() else None) as directory:
        made = Path(directory) / "empty.db"
        migrate.upgrade(f"sqlite:///{made}")
        empty, home = made.read_bytes(), Path(directory) / "floor"
        for seed in range(args.seed, args.seed + args.floors):
            home.mkdir()
            wrong = play(home, seed, empty)
            shutil.rmtree(home)
            if wrong:
                broken.append(seed)
                print(f"seed {seed}: " + "\n  ".join(wrong), file=sys.stderr)
    report = {
        "floors": args.floors,
        "broken": broken,
        "bound_95": None if broken else round(3 / args.floors, 5),
        "seconds": round(time.monotonic() - began),
    }
    print(json.dumps(report, indent=2))
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
