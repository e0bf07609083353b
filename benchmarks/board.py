"""
The board of a large floor: what a look costs, when a browser has painted it, how soon a change is on the screen.

The floor is the shipped one with each of its stations several times over, planned once by the quick planner. The
daemon's loops are left out, so that what is measured is the board.

    python -m benchmarks.board --orders 20000 --stations 60
"""

import argparse
import logging
import re
import shutil
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

import structlog
from playwright.sync_api import Page, sync_playwright
from prometheus_client import CollectorRegistry

from batcher.api.board.looks import templates
from batcher.api.board.parts import Painter
from batcher.api.board.readers import Readers, TimeAsked
from batcher.api.health import Health
from batcher.domain.clock import Clock
from batcher.metrics import Metrics
from batcher.planning.plan import PlanResult
from batcher.planning.problem import Problem
from batcher.planning.quick import quick_plan
from batcher.rules.schema import load_rules
from batcher.services import actions
from batcher.services.context import Floor, RulesBox
from batcher.services.cycle import plan_cycle
from batcher.services.housekeeping import housekeep
from batcher.services.intake import take_orders
from batcher.services.outlook_watch import watch_outlooks
from batcher.services.releasing import release_due
from batcher.settings import Settings
from batcher.simulate.generator import orders
from batcher.store import migrate, stations
from batcher.store.session import Store
from tests.browser.served import keep_picture
from tests.builders_floor import made_by
from tests.served_floor import served

_RULES = Path(__file__).parent.parent / "config" / "floor"
_NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
_AT_ONCE = 500
_VIEWS = {"floor": "/", "timeline": "/timeline?hours=12", "trouble": "/trouble", "wall": "/wall"}
#: Waits for the first paint, and tells when it was.
_PAINTED = """() => new Promise(told => new PerformanceObserver((list, watching) => {
  watching.disconnect(); told(list.getEntries()[0].startTime);
}).observe({ type: "paint", buffered: true }))"""


def main() -> int:
    """Build the floor, measure, and print a table."""
    args = _arguments()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    with TemporaryDirectory() as directory, _floor(Path(directory), args.stations, args.orders) as floor:
        print(f"{len(floor.rules.current.stations)} stations, {args.orders:,} open orders", flush=True)
        print("\n| what | median | worst |\n| --- | --- | --- |", flush=True)
        _measure_looks(floor, args.times)
        _measure_pages(floor, args.times, args.pictures)
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--orders", type=int, default=20_000)
    parser.add_argument("--stations", type=int, default=60)
    parser.add_argument("--times", type=int, default=5, help="how often each thing is measured")
    parser.add_argument("--pictures", type=Path, help="a directory for pictures of what was painted")
    return parser.parse_args()


@contextmanager
def _floor(home: Path, wanted: int, count: int) -> Iterator[Floor]:
    """Return a floor with so many stations and open orders, planned, with its first batches released."""
    rules = load_rules(_many_stations(home / "rules", wanted))
    settings = Settings(state_dir=home, rules=home / "rules", port=0)
    migrate.upgrade(settings.store_url)
    store = Store.open(settings.store_url, exclusive=True, durable=False)
    clock = Clock(floor_at=_NOW, anchor_at=datetime.now(UTC))
    floor = Floor(store, RulesBox(rules, _NOW), Metrics(CollectorRegistry()), clock, settings)
    try:
        with store.write() as session:
            stations.ensure_stations(session, list(rules.stations), _NOW)
        stream = orders(rules, seed=1, start_at=_NOW - timedelta(hours=14), rate_per_day=count * 24 / 14)
        while documents := list(islice(stream, min(_AT_ONCE, count))):
            take_orders(floor, documents, "shop")
            count -= len(documents)
            if not count:
                break
        plan_cycle(floor, made_by(floor, _greedily))
        release_due(floor)
        housekeep(floor)
        watch_outlooks(floor)
        yield floor
    finally:
        store.close()


def _many_stations(directory: Path, wanted: int) -> Path:
    """Copy the shipped rules, each station again and again under another number until there are enough."""
    shutil.copytree(_RULES, directory)
    path = directory / "stations.yaml"
    head, _, text = path.read_text(encoding="utf-8").partition("\nstations:\n")
    blocks = [block for block in re.split(r"(?m)^(?=  [a-z0-9-]+:$)", text) if re.match(r"  [a-z0-9-]+:$", block, re.M)]
    made = [
        block if turn == 0 else re.sub(r"\A  ([a-z0-9-]+):", rf"  \g<1>-{turn}:", block)
        for turn in range(1 + wanted // len(blocks))
        for block in blocks
    ]
    path.write_text(head + "\nstations:\n" + "".join(made[:wanted]), encoding="utf-8")
    return directory


def _greedily(problem: Problem, **_: object) -> PlanResult:
    return quick_plan(problem)


def _measure_looks(floor: Floor, times: int) -> None:
    """Measure one look of each view, as it is shared by all who watch: the first, and those after it."""
    readers, pages = Readers(floor, Health()), templates()
    for name, read in {
        "floor": lambda: readers.floor(None),
        "timeline, 12 h": lambda: readers.timeline(TimeAsked(12, 0)),
        "trouble": lambda: readers.trouble(None),
        "wall": lambda: readers.wall(None),
    }.items():
        painter = Painter(pages, floor, read)
        _tell(f"{name}: first look", [_seconds(painter.paint)])
        _tell(f"{name}: look", [_seconds(painter.paint) for _ in range(times)])


def _measure_pages(floor: Floor, times: int, pictures: Path | None) -> None:
    """Measure in a browser when a page is painted, and when a change has reached it."""
    with served(floor) as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1920, "height": 1080})
        for name, path in _VIEWS.items():
            _tell(f"{name}: first paint", [_painted(page, url + path) for _ in range(times)])
            if pictures is not None:
                keep_picture(page, pictures / f"{name}.png")
        _tell("floor: from an action to the screen", [_change(floor, page, url) for _ in range(times)])
        browser.close()


def _painted(page: Page, url: str) -> float:
    page.goto(url)
    return float(page.evaluate(_PAINTED)) / 1000


def _change(floor: Floor, page: Page, url: str) -> float:
    """Take a station down and up; return the seconds until the browser shows that it is down."""
    page.goto(url)
    page.wait_for_selector("#station-uv-1:not(.down)", timeout=60_000)
    began = time.perf_counter()
    actions.set_station(floor, "uv-1", up=False, reason="measured", who="benchmark")
    page.wait_for_selector("#station-uv-1.down", timeout=60_000)
    took = time.perf_counter() - began
    actions.set_station(floor, "uv-1", up=True, reason="", who="benchmark")
    return took


def _seconds(what: Callable[[], object]) -> float:
    began = time.perf_counter()
    what()
    return time.perf_counter() - began


def _tell(what: str, taken: list[float]) -> None:
    print(f"| {what} | {statistics.median(taken) * 1000:,.0f} ms | {max(taken) * 1000:,.0f} ms |", flush=True)


if __name__ == "__main__":
    sys.exit(main())
