"""
How long a quote takes beside a long queue: the real daemon, asked over HTTP while it plans.

A floor as long as the demonstration floor is wide, with so many orders open; then one question after the other, each
for every service, with the lines of an order that somebody might place.

    python -m benchmarks.quotes --open 20000 --quotes 400
"""

import argparse
import dataclasses
import json
import logging
import shutil
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import httpx
import structlog
from prometheus_client import CollectorRegistry
from ruamel.yaml import YAML

from batcher.domain.clock import Clock
from batcher.metrics import Metrics
from batcher.rules.ruleset import RuleSet
from batcher.rules.schema import load_rules
from batcher.services.context import Floor, RulesBox
from batcher.services.intake import take_orders
from batcher.settings import Settings
from batcher.simulate.generator import orders
from batcher.simulate.processes import FloorProcesses, stop
from batcher.store import migrate, stations
from batcher.store.session import Store

#: A Wednesday afternoon on the floor.
_FLOOR_AT = datetime(2026, 11, 18, 14, 0, tzinfo=UTC)
#: In so long the orders that are open have come in; they are what nobody has begun yet.
_CAME_WITHIN = timedelta(hours=20)
_CHUNK = 1000
#: The first plan of a long queue, and the room for quotes after it, must be there by then.
_LONGEST_START_S = 900.0


@dataclasses.dataclass(frozen=True)
class Asked:
    """One answer: how long it took, and what it said."""

    seconds: float
    offers: list[dict[str, Any]]


def main() -> int:
    """Fill a floor, ask it, print a table; exit 0 when the 95th percentile is within `--limit-ms`."""
    args = _arguments()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    home = args.state_dir.absolute()
    shutil.rmtree(home, ignore_errors=True)
    rules_dir = _wider_floor(home / "rules", args.stations)
    rules = load_rules(rules_dir)
    anchor = datetime.now(UTC)
    _fill(home, rules, args.open, args.seed)
    floor = FloorProcesses(
        state_dir=home, rules=rules_dir, floor_at=_FLOOR_AT, anchor_at=anchor, speed=1.0, seed=args.seed
    )
    daemon = floor.start_daemon()
    try:
        with httpx.Client(base_url=floor.url(), timeout=120, trust_env=False) as client:
            waited_s = _wait_for_plan(client, rules)
            asked = list(_ask(client, rules, args.quotes, args.pause, args.seed + 1))
            open_orders = _open_orders(client)
    finally:
        stop(daemon)
    report = _report(asked, open_orders, waited_s)
    print(json.dumps(report, indent=2))
    return 0 if report["p95_ms"] <= args.limit_ms else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--open", type=int, default=20_000, help="orders that are open")
    parser.add_argument("--quotes", type=int, default=400, help="questions asked")
    parser.add_argument("--pause", type=float, default=0.2, help="seconds between two questions")
    parser.add_argument("--stations", type=int, default=6, help="how many there are of each of the floor's stations")
    parser.add_argument("--limit-ms", type=float, default=300, help="what the 95th percentile is held to")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--state-dir", type=Path, default=Path("build/quotes"))
    return parser.parse_args()


def _wider_floor(directory: Path, times: int) -> Path:
    """Copy the demonstration floor's rules with so many of each station."""
    shutil.copytree("config/floor", directory)
    path = directory / "stations.yaml"
    yaml = YAML()
    sections = yaml.load(path)
    sections["stations"] = {
        f"{name}-{number}": deepcopy(station)
        for name, station in sections["stations"].items()
        for number in range(times)
    }
    with path.open("w", encoding="utf-8") as file:
        yaml.dump(sections, file)
    return directory


def _fill(home: Path, rules: RuleSet, count: int, seed: int) -> None:
    """Keep orders in a database that the daemon will find."""
    clock = Clock(speed=1.0, floor_at=_FLOOR_AT, anchor_at=datetime.now(UTC))
    settings = Settings(state_dir=home, database_url="")
    migrate.upgrade(settings.store_url)
    store = Store.open(settings.store_url, exclusive=True, durable=False)
    floor = Floor(store, RulesBox(rules, clock.now()), Metrics(CollectorRegistry()), clock, settings)
    per_day = count / (_CAME_WITHIN / timedelta(days=1))
    came = islice(orders(rules, seed=seed, start_at=_FLOOR_AT - _CAME_WITHIN, rate_per_day=per_day), count)
    try:
        with store.write() as session:
            stations.ensure_stations(session, list(rules.stations), clock.now())
        while chunk := list(islice(came, _CHUNK)):
            take_orders(floor, chunk, "shop")
    finally:
        store.close()


def _wait_for_plan(client: httpx.Client, rules: RuleSet) -> float:
    """Ask until there is an answer; return how long that took."""
    began = time.monotonic()
    body = next(_questions(rules, 0))
    while time.monotonic() - began < _LONGEST_START_S:
        if client.post("/v1/quotes", json=body).is_success:
            return time.monotonic() - began
        time.sleep(1.0)
    raise TimeoutError(f"no plan in {_LONGEST_START_S:.0f} s")


def _ask(client: httpx.Client, rules: RuleSet, count: int, pause_s: float, seed: int) -> Iterator[Asked]:
    for body in islice(_questions(rules, seed), count):
        began = time.perf_counter()
        answer = client.post("/v1/quotes", json=body)
        seconds = time.perf_counter() - began
        answer.raise_for_status()
        yield Asked(seconds, answer.json()["offers"])
        time.sleep(pause_s)


def _questions(rules: RuleSet, seed: int) -> Iterator[dict[str, Any]]:
    """Yield what somebody who fills a basket asks: its lines, and every service."""
    for order in orders(rules, seed=seed, start_at=_FLOOR_AT, rate_per_day=1000):
        yield {"lines": order["lines"], "tier": order["tier"], "channel": order["channel"]}


def _open_orders(client: httpx.Client) -> int:
    counts = client.get("/v1/status").raise_for_status().json()["orders"]
    return int(counts["waiting"] + counts["in_production"])


def _report(asked: Sequence[Asked], open_orders: int, waited_s: float) -> dict[str, Any]:
    times = sorted(one.seconds * 1000 for one in asked)
    offers = [offer for one in asked for offer in one.offers]
    return {
        "open_orders": open_orders,
        "quotes": len(asked),
        "first_answer_after_s": round(waited_s, 1),
        **{f"p{share}_ms": round(times[min(len(times) - 1, len(times) * share // 100)], 1) for share in (50, 95, 99)},
        "max_ms": round(times[-1], 1),
        "with_a_date": round(sum(offer["leave_by_at"] is not None for offer in offers) / len(offers), 4),
        "bound_by": dict(Counter(offer["binding"]["code"] for offer in offers).most_common()),
    }


if __name__ == "__main__":
    sys.exit(main())
