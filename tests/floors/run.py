"""
Many short floors: ``python -m tests.floors.run --floors 2000 --seed 1`` prints what came of them.

A floor that breaks is named by its seed; the same seed plays it again.
"""

import argparse
import json
import logging
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import structlog

from tests.floors.play import opened_ground, play

#: Where a file costs no disk, if the machine has it.
_MEMORY = Path("/dev/shm")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--floors", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1, help="of the first floor; the others follow")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="stop after so long in any case")
    args = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    began, played, broken, struck = time.monotonic(), 0, list[int](), Counter[str]()
    memory = _MEMORY if _MEMORY.is_dir() else None
    with (
        tempfile.TemporaryDirectory(prefix="batcher-floors-", dir=memory) as directory,
        opened_ground(Path(directory)) as ground,
    ):
        while played < args.floors and time.monotonic() - began < args.seconds:
            seed = args.seed + played
            found = play(ground, seed)
            played, struck = played + 1, struck + found.struck
            if found.wrong:
                broken.append(seed)
                print(f"seed {seed}: " + "\n  ".join(found.wrong), file=sys.stderr)
    report = {
        "floors": played,
        "broken": broken,
        "bound_95": None if broken or not played else round(3 / played, 5),
        "faults": dict(sorted(struck.items())),
        "seconds": round(time.monotonic() - began),
    }
    print(json.dumps(report, indent=2))
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
