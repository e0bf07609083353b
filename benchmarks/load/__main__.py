"""
How much a daemon bears, on SQLite and on PostgreSQL: a table for people, and JSON.

    python -m benchmarks.load [--databases sqlite,postgresql] [--measures singles,bulk,reports,tickets,start,backlog]
                              [--seconds 20] [--factor 1] [--out build/load]

Exit code 1 when a goal was missed.
"""

import argparse
import dataclasses
import json
import platform
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.load.measures import MEASURES, Line, Where
from benchmarks.load.table import markdown


def main() -> int:
    """Measure, print and keep."""
    args = _arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was started is ended too
    args.out.mkdir(parents=True, exist_ok=True)
    lines: list[Line] = []
    for database in args.databases.split(","):
        for measure in args.measures.split(","):
            where = Where(args.out.absolute(), database, args.seconds, args.open_orders, args.factor)
            for line in MEASURES[measure](where):
                print(markdown([line]).splitlines()[-1], file=sys.stderr, flush=True)
                lines.append(line)
    told = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "kernel": platform.release(),
        "lines": [dataclasses.asdict(line) | {"met": line.met} for line in lines],
    }
    (args.out / "load.json").write_text(json.dumps(told, indent=2) + "\n")
    (args.out / "load.md").write_text(markdown(lines))
    print(markdown(lines))
    return 0 if all(line.met for line in lines) else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--databases", default="sqlite,postgresql")
    parser.add_argument("--measures", default=",".join(MEASURES))
    parser.add_argument("--seconds", type=float, default=20, help="how long each load lasts")
    parser.add_argument("--open-orders", type=int, default=100_000, help="of the backlog")
    parser.add_argument("--factor", type=float, default=1, help="of the promised rates that is offered")
    parser.add_argument("--out", type=Path, default=Path("build/load"), help="where to write, and where databases lie")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
