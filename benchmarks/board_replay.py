"""
The board looked at on a running replay of recorded orders: pictures of every view, and what axe-core finds in each.

The daemon and virtual stations, real processes, play the recording up to a moment at high speed; then they are started
again from what they left, slowly enough to look at, and a browser goes through the views at a desk, in the dark, in the
hand and on the wall. A station is taken down and an order held meanwhile, on the board's own pages.

    python -m benchmarks.board_replay ORDERS.jsonl.gz --catalogue CATALOGUE.csv [--at "2 14:40"] [--again]
"""

import argparse
import json
import shutil
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from playwright.sync_api import sync_playwright

from batcher.settings import Settings
from batcher.simulate.processes import FloorProcesses, running
from benchmarks.board_tour import Seen, report, tour
from benchmarks.recorded import ZONE, Feed, demonstration_rules, first_days, first_midnight, settings_of
from tests.browser.served import launch

_DAYS = 6
_AHEAD_S = 8
_SLOWLY = 2.0


def main() -> int:
    """Play up to the moment, look, and say where the pictures are; exit 1 when something serious was seen."""
    args = _arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the processes are ended too
    trace = first_days(args.orders, _DAYS)
    feed, began = Feed(trace), first_midnight(trace)
    moment, home = _moment(began, args.at), (args.out / "state").absolute()
    floor = FloorProcesses(
        state_dir=home, rules=home / "rules", floor_at=began, anchor_at=_soon(), speed=args.speed,
        catalogue=args.catalogue.absolute(), fail_rate=0.01, plan_s=args.speed * 2,
    )  # fmt: skip
    if args.again:
        feed.pass_over(moment)
    else:
        shutil.rmtree(args.out, ignore_errors=True)
        (home / "drop").mkdir(parents=True)
        demonstration_rules(home / "rules", 1)
        with running(floor):
            _play(settings_of(floor), feed, moment)
    seen = _look(replace(floor, floor_at=moment, anchor_at=_soon(), speed=_SLOWLY, plan_s=60.0), feed, args.out)
    (args.out / "accessibility.json").write_text(json.dumps([each.findings for each in seen], indent=1))
    (args.out / "accessibility.md").write_text(report(seen))
    print(report(seen))
    return 1 if any(each.serious or each.complaints for each in seen) else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("orders", type=Path, help="recorded orders, one JSON object a line")
    parser.add_argument("--catalogue", type=Path, required=True, help="what their SKUs are")
    parser.add_argument("--at", default="2 14:40", help="day of the recording, and local time, that is looked at")
    parser.add_argument("--speed", type=float, default=300, help="floor seconds in one real second until then")
    parser.add_argument("--out", type=Path, default=Path("build/board-replay"), help="for pictures, reports and state")
    parser.add_argument("--again", action="store_true", help="look at the floor that an earlier run has left")
    return parser.parse_args()


def _moment(began: datetime, told: str) -> datetime:
    """Return the moment that is told as day of the recording and local time."""
    day, clock = told.split()
    hour, minute = map(int, clock.split(":"))
    local = began.astimezone(ZONE) + timedelta(days=int(day) - 1)
    return local.replace(hour=hour, minute=minute).astimezone(UTC)


def _soon() -> datetime:
    return datetime.now(UTC) + timedelta(seconds=_AHEAD_S)


def _dropper(settings: Settings, feed: Feed) -> Callable[[], datetime]:
    """Return what drops the orders whose time has come, and tells the floor's time."""
    clock = settings.floor_clock(datetime.now(UTC))

    def drop() -> datetime:
        now = clock.now()
        feed.drop_until(settings.orders_dir, now)
        return now

    return drop


def _play(settings: Settings, feed: Feed, until: datetime) -> None:
    """Drop orders as they were placed, until a moment of the floor."""
    drop = _dropper(settings, feed)
    while drop() < until:
        time.sleep(0.1)  # the floor's own time passes


def _look(floor: FloorProcesses, feed: Feed, out: Path) -> list[Seen]:
    """Go through all views of a floor that runs, and return what was seen."""
    with running(floor), sync_playwright() as playwright:
        browser = launch(playwright)
        try:
            return list(tour(browser, floor.url(), out, meanwhile=_dropper(settings_of(floor), feed)))
        finally:
            browser.close()


if __name__ == "__main__":
    sys.exit(main())
