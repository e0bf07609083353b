"""
The real daemon replays recorded orders on a fast clock: is everything made once, in time, and at what cost?

Real processes: the daemon, the virtual stations with failures, orders dropped as they were placed, and on demand the
daemon killed at random moments. Judged by the stations' own logs against the database (`simulate.checker`).

    python -m benchmarks.replay ORDERS.jsonl.gz --catalogue CATALOGUE.csv --days 3 --speed 300 [--kills-a-day 2]
"""

import argparse
import dataclasses
import json
import random
import shutil
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from batcher.cli.floor_check import checked
from batcher.cli.floors import reading_floor
from batcher.domain.states import OrderState
from batcher.settings import Settings
from batcher.simulate.checker import FloorCheck
from batcher.simulate.processes import FloorProcesses, stop
from batcher.store import orders as stored_orders
from benchmarks.recorded import Feed, demonstration_rules, first_days, first_midnight, settings_of

#: Everything should be made long before; a floor that is not through by then has lost something.
_LONGEST = timedelta(days=14)


def main() -> int:
    """Replay, judge, print, and exit 0 when nothing was lost or doubled and all is complete."""
    args = _arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the processes are ended too
    home = args.state_dir or Path("build") / f"replay-{datetime.now(UTC):%Y%m%d-%H%M%S}"
    shutil.rmtree(home, ignore_errors=True)
    (home / "drop").mkdir(parents=True)
    rules = demonstration_rules(home / "rules", args.budget)
    trace = first_days(args.orders, args.days)
    anchor = datetime.now(UTC) + timedelta(seconds=8)
    floor = FloorProcesses(
        state_dir=home.absolute(), rules=rules.absolute(), floor_at=first_midnight(trace), anchor_at=anchor,
        speed=args.speed, seed=args.seed, fail_rate=args.fail_rate, catalogue=args.catalogue.absolute(),
        plan_s=args.speed * args.plan_every, solver_workers=args.workers,
    )  # fmt: skip
    settings = settings_of(floor)
    kills = _kill_times(args, floor.floor_at)
    began = time.monotonic()
    killed, floor_days = _play(floor, settings, Feed(trace), kills)
    check = checked(settings, finished=True)
    report = _report(args, floor, check, killed, floor_days, time.monotonic() - began)
    (home / "report.json").write_text(json.dumps(report, indent=2))
    if args.out:
        args.out.write_text(json.dumps(report, indent=2))
    _print(report)
    return 0 if check.sound and check.complete == check.orders - len(check.held) else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("orders", type=Path, help="recorded orders, one JSON object a line, oldest first")
    parser.add_argument("--catalogue", type=Path, required=True, help="what their SKUs are")
    parser.add_argument("--days", type=int, default=3, help="how many days of orders")
    parser.add_argument("--speed", type=float, default=300, help="floor seconds in one real second")
    parser.add_argument("--budget", type=int, default=1, help="real seconds for one plan")
    parser.add_argument("--plan-every", type=float, default=2.0, help="real seconds between plans")
    parser.add_argument("--workers", type=int, default=2, help="processes the solver may use")
    parser.add_argument("--fail-rate", type=float, default=0.01, help="share of pieces that fail at a step")
    parser.add_argument("--kills-a-day", type=int, default=0, help="SIGKILLs of the daemon in each day of orders")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--state-dir", type=Path)
    parser.add_argument("--out", type=Path, help="where to write the report as JSON too")
    return parser.parse_args()


def _kill_times(args: argparse.Namespace, floor_at: datetime) -> list[datetime]:
    chance = random.Random(args.seed)
    moments = [day + chance.random() for day in range(args.days) for _ in range(args.kills_a_day)]
    return [floor_at + timedelta(days=moment) for moment in sorted(moments)]


def _play(floor: FloorProcesses, settings: Settings, feed: Feed, kills: list[datetime]) -> tuple[int, float]:
    """Run the floor until every order that is not held is complete; return kills done and floor days it took."""
    clock = settings.floor_clock(datetime.now(UTC))
    daemon = floor.start_daemon()
    stations = floor.start_stations()
    killed = 0
    told = time.monotonic()
    try:
        while clock.now() < floor.floor_at + _LONGEST:
            feed.drop_until(settings.orders_dir, clock.now())
            if kills and clock.now() >= kills[0]:
                kills.pop(0)
                daemon = _kill_and_restart(floor, daemon)
                killed += 1
            if daemon.poll() is not None or stations.poll() is not None:
                raise RuntimeError(f"daemon {daemon.poll()} or stations {stations.poll()} ended; see {floor.state_dir}")
            time.sleep(0.1)
            if time.monotonic() - told > 10:
                told = time.monotonic()
                if _through(settings, clock.now()) and feed.over:
                    break
    finally:
        stop(stations)
        stop(daemon)
    return killed, (clock.now() - floor.floor_at) / timedelta(days=1)


def _kill_and_restart(floor: FloorProcesses, daemon: "subprocess.Popen[bytes]") -> "subprocess.Popen[bytes]":
    daemon.send_signal(signal.SIGKILL)
    daemon.wait()
    return floor.start_daemon()


def _through(settings: Settings, now: datetime) -> bool:
    """Tell whether every order that is not held is complete, and show where the floor stands."""
    with reading_floor(settings) as floor, floor.store.read() as session:
        counts = stored_orders.orders_by_state(session)
    shown = ", ".join(f"{state} {count}" for state, count in counts.items() if count)
    print(f"{now:%a %d %b %H:%M}  {shown}", file=sys.stderr, flush=True)
    open_states = (OrderState.WAITING, OrderState.IN_PRODUCTION)
    return any(counts.values()) and not any(counts.get(state, 0) for state in open_states)


def _report(
    args: argparse.Namespace, floor: FloorProcesses, check: FloorCheck, killed: int, floor_days: float, real_s: float
) -> dict[str, Any]:
    cycles = _plan_seconds(floor.log("daemon"))
    items = max(1, check.items_made)
    return {
        "orders_file": args.orders.name,
        "days": args.days,
        "speed": args.speed,
        "budget_s": args.budget,
        "kills": killed,
        "real_seconds": round(real_s),
        "floor_days": round(floor_days, 2),
        "on_time_share": round(check.on_time_share(), 5),
        "cost_per_item_minor": {part: round(cost / items, 2) for part, cost in check.cost_minor.items()},
        "cost_per_item_total_minor": round(sum(check.cost_minor.values()) / items, 2),
        "cycles": len(cycles),
        "slowest_cycle_s": max(cycles, default=0),
        **{name: value for name, value in dataclasses.asdict(check).items() if name != "cost_minor"},
    }


def _plan_seconds(log: Path) -> list[float]:
    lines = log.read_text(errors="replace").splitlines()
    return [json.loads(line)["seconds"] for line in lines if '"plan_made"' in line]


def _print(report: dict[str, Any]) -> None:
    print(f"\n| replay of {report['orders_file']}, {report['days']} days at {report['speed']:g}x | |\n|---|---|")
    rows = {
        "orders": report["orders"],
        "complete": report["complete"],
        "held": len(report["held"]),
        "on time": f"{report['on_time_share']:.2%} ({len(report['late'])} late)",
        "pieces made, remade": f"{report['items_made']}, {report['remakes']}",
        "made twice, lost, unexpected, untold": ", ".join(
            str(len(report[name])) for name in ("made_twice", "lost", "unexpected", "untold")
        ),
        "daemon killed": report["kills"],
        "cost per piece, pence": f"{report['cost_per_item_total_minor']} = "
        + " + ".join(f"{value} {part}" for part, value in report["cost_per_item_minor"].items()),
        "fill": ", ".join(f"{process} {fill:.0%}" for process, fill in report["fill_by_process"].items()),
        "released because": ", ".join(f"{reason} {count}" for reason, count in report["reasons"].items()),
        "planning cycles, slowest": f"{report['cycles']}, {report['slowest_cycle_s']} s",
        "floor days, real minutes": f"{report['floor_days']}, {report['real_seconds'] / 60:.0f}",
    }
    for name, value in rows.items():
        print(f"| {name} | {value} |")


if __name__ == "__main__":
    sys.exit(main())
