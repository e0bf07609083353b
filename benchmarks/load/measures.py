"""
What is measured: each a function of a directory and a database, giving lines of the table.

A measure starts a daemon of its own, puts the promised load on it and looks from outside at what came of it.
"""

import itertools
import json
import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from batcher.rules.schema import load_rules
from batcher.simulate import generator
from benchmarks.load import floors, folder_stations
from benchmarks.load.floors import Running
from benchmarks.load.http_client import Request
from benchmarks.load.machine import cpu_s, fsync_ms, memory_mb
from benchmarks.load.open_loop import Answers, send

#: Orders in one list.
_LIST = 100
#: The most tickets that a station may have.
_DEPTH = 50
_KINDS = ("accepted", "running", "done")
#: Seconds in which a daemon takes its first order, also with half of the backlog open.
_START_S = 10.0


@dataclass(frozen=True)
class Line:
    """One line of the table."""

    measure: str
    database: str
    goal_per_s: float
    per_s: float
    p50_ms: float | None
    p99_ms: float | None
    most_ms: float | None
    failed: int
    cpu_ms_each: float  #: of the daemon
    memory_mb: float
    plans: int  #: made while it was measured
    fsync_ms: float
    open_orders: int = 0  #: when it began
    goal_p99_ms: float | None = None

    @property
    def met(self) -> bool:
        """Tell whether what is promised was seen, within the two per cent that a run's edges cost."""
        quick = self.goal_p99_ms is None or (self.p99_ms is not None and self.p99_ms <= self.goal_p99_ms)
        return not self.failed and quick and self.per_s >= 0.98 * self.goal_per_s


@dataclass(frozen=True)
class Where:
    """Where a measure is taken, and for how long."""

    directory: Path
    database: str
    seconds: float
    open_orders: int
    factor: float  #: of the promised rates


def singles(where: Where) -> Iterator[Line]:
    """Yield what single orders take, on an empty floor."""
    with _floor(where) as floor:
        _warm_up(floor)
        yield _singles(where, floor, "single orders", 0)


def backlog(where: Where) -> Iterator[Line]:
    """Yield what single orders take on an empty floor and on one with a backlog; the goal is 1.2 of the empty floor."""
    with _floor(where) as floor:
        _warm_up(floor)
        empty = _singles(where, floor, "single orders, empty floor", 0)
        yield empty
        _fill(floor, where.open_orders)
        floors.wait_for_plans(floor, 2, seconds=900)
        full = _singles(where, floor, "single orders, backlog", where.open_orders)
        limit = None if empty.p99_ms is None else 1.2 * empty.p99_ms
        yield Line(**{**vars(full), "goal_p99_ms": limit})


def bulk(where: Where) -> Iterator[Line]:
    """Yield what lists of orders take."""
    per_s = 3000 * where.factor
    with _floor(where) as floor:
        _warm_up(floor)
        documents = itertools.islice(_documents(), round(per_s * where.seconds))
        lists = iter(lambda: list(itertools.islice(documents, _LIST)), [])
        requests = [Request.post("/v1/orders", json.dumps(one).encode(), floor.token) for one in lists]
        with _watched(where, floor, "orders in lists of 100", 3000) as told:
            told.answered(send(floor.url, requests, per_s / _LIST), each=_LIST)
        yield told.line()


def reports(where: Where) -> Iterator[Line]:
    """Yield what reports take that stations post, and those that they leave in their folders."""
    per_s = 1000 * where.factor
    tickets = round(per_s * where.seconds / len(_KINDS))
    # so many that all of them may be live at a time
    stations = [f"stamp-{number}" for number in range(1, math.ceil(1.05 * tickets / _DEPTH) + 1)]
    with _quick_floor(where, stations) as floor:
        posted = [one for ticket in _tickets(floor, stations, tickets) for one in _told(*ticket)]
        requests = [Request.post("/v1/reports", json.dumps(one).encode(), floor.token) for one in _mixed(posted)]
        with _watched(where, floor, "reports, posted", 1000) as told:
            told.answered(send(floor.url, requests, per_s))
        yield told.line()
        left = [one for ticket in _tickets(floor, stations, tickets) for one in _told(*ticket)]
        with _watched(where, floor, "reports, in folders", 1000) as told:
            told.done(len(left), folder_stations.report_all(floor.state_dir, _mixed(left), per_s))
        yield told.line()


def tickets(where: Where) -> Iterator[Line]:
    """Yield how fast tickets reach hot folders while stations take them, make them and report."""
    count = round(200 * where.factor * where.seconds)
    with (
        _quick_floor(where, floors.QUICK_STATIONS) as floor,
        folder_stations.working(floor.state_dir, floors.QUICK_STATIONS) as stations,
    ):
        _order(floor, count)
        stations.wait_for(1)
        with _watched(where, floor, "tickets to hot folders", 200) as told:
            told.done(count, stations.wait_for(count))
        yield told.line()


def start(where: Where) -> Iterator[Line]:
    """Yield how soon a daemon that finds a backlog takes its first order; `open_orders` halved is what is promised."""
    count = where.open_orders // 2
    with floors.home(where.directory) as home, floors.database(where.database, home) as url:
        with floors.running(home / "state", url, plan_s=20) as before:
            _fill(before, count)
        fsync, began = fsync_ms(home / "state"), time.perf_counter()
        with floors.running(home / "state", url, plan_s=20, token=before.token) as floor:
            _fill(floor, 1)
            took_ms = 1000 * (time.perf_counter() - began)
            yield Line(
                "start", where.database, count / _START_S, 1000 * count / took_ms, took_ms, took_ms, took_ms, 0,
                1000 * cpu_s(floor.pid) / count, memory_mb(floor.pid), 0, fsync, count,
            )  # fmt: skip


MEASURES: dict[str, Callable[[Where], Iterator[Line]]] = {
    "singles": singles, "bulk": bulk, "reports": reports, "tickets": tickets, "start": start, "backlog": backlog,
}  # fmt: skip


def _singles(where: Where, floor: Running, name: str, open_orders: int) -> Line:
    per_s = 300 * where.factor
    requests = [
        Request.post("/v1/orders", json.dumps(one).encode(), floor.token)
        for one in itertools.islice(_documents(), round(per_s * where.seconds))
    ]
    with _watched(where, floor, name, 300, open_orders, goal_p99_ms=100) as told:
        told.answered(send(floor.url, requests, per_s))
    return told.line()


def _warm_up(floor: Running) -> None:
    """Have everything loaded that is loaded once, and a plan made."""
    _fill(floor, 500)
    floors.wait_for_plans(floor)


def _fill(floor: Running, orders: int) -> None:
    documents = itertools.islice(_documents(), orders)
    for one in iter(lambda: list(itertools.islice(documents, 500)), []):
        floors.post_json(floor, "/v1/orders", one)


_series = itertools.count(1)


def _documents() -> Iterator[dict[str, Any]]:
    """Yield orders of the demonstration floor as its customers place them, none of which was sent before."""
    rules, series = load_rules(Path("config/floor")), next(_series)
    start_at = datetime.now(UTC) - timedelta(hours=1)
    for document in generator.orders(rules, seed=series, start_at=start_at, rate_per_day=10_000_000):
        yield {**document, "order_id": f"{series}-{document['order_id']}"}


def _order(floor: Running, count: int) -> None:
    """Order so many stamps."""
    series, placed_at = next(_series), datetime.now(UTC).isoformat()
    lines = [{"sku": floors.QUICK_SKU, "quantity": 1}]
    for start in range(0, count, 500):
        wanted = range(start, min(count, start + 500))
        same = {"placed_at": placed_at, "service": "next-day", "lines": lines}
        floors.post_json(floor, "/v1/orders", [{"order_id": f"{series}-{k}", **same} for k in wanted])


def _tickets(floor: Running, stations: Sequence[str], count: int) -> list[tuple[str, str]]:
    """Have so many tickets made, and return station and id of each once it lies in its folder."""
    _order(floor, count)
    return folder_stations.collect(floor.state_dir, stations, count)


def _told(station: str, ticket: str) -> list[dict[str, Any]]:
    """Return what a station tells of a ticket, in its order."""
    at = datetime.now(UTC).isoformat()
    same = {"format": "batcher-report/1", "station": station, "ticket_id": ticket, "at": at}
    return [{**same, "report_id": f"{ticket}-{kind}", "kind": kind} for kind in _KINDS]


def _mixed(reports: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the reports of all tickets with the first of each first: stations work side by side."""
    return sorted(reports, key=lambda report: _KINDS.index(report["kind"]))


@contextmanager
def _floor(where: Where) -> Iterator[Running]:
    with (
        floors.home(where.directory) as home,
        floors.database(where.database, home) as url,
        floors.running(home / "state", url, plan_s=20) as floor,
    ):
        yield floor


@contextmanager
def _quick_floor(where: Where, stations: Sequence[str]) -> Iterator[Running]:
    with floors.home(where.directory) as home, floors.database(where.database, home) as url:
        rules = floors.quick_rules(home / "rules", _DEPTH, names=stations)
        with floors.running(home / "state", url, rules=rules, plan_s=20) as floor:
            yield floor


class _Told:
    """What is seen while a load is put on, as a line of the table."""

    def __init__(self, where: Where, floor: Running, fixed: dict[str, Any]) -> None:
        self._floor = floor
        self._line: dict[str, Any] = {
            **fixed, "database": where.database, "fsync_ms": fsync_ms(floor.state_dir), "p50_ms": None, "p99_ms": None,
            "most_ms": None, "failed": 0,
        }  # fmt: skip
        self._cpu_s, self._plans = cpu_s(floor.pid), floors.metric(floor, "batcher_plans_total")

    def answered(self, answers: Answers, *, each: int = 1) -> None:
        """Note what came back; every answer stands for `each` orders."""
        for name, percent in (("p50_ms", 50), ("p99_ms", 99), ("most_ms", 100)):
            self._line[name] = answers.percentile_ms(percent)
        self._line["failed"] = answers.failed
        self._count, self._line["per_s"] = len(answers.latencies_s) * each, answers.per_s * each

    def done(self, count: int, seconds: float) -> None:
        """Note that so much was done in so many seconds."""
        self._count, self._line["per_s"] = count, count / seconds

    def line(self) -> Line:
        """Return the line."""
        return Line(**self._line)

    def ended(self) -> None:
        """Note what it took."""
        self._line["cpu_ms_each"] = 1000 * (cpu_s(self._floor.pid) - self._cpu_s) / self._count
        self._line["plans"] = int(floors.metric(self._floor, "batcher_plans_total") - self._plans)
        self._line["memory_mb"] = memory_mb(self._floor.pid)


@contextmanager
def _watched(
    where: Where, floor: Running, name: str, goal: float, open_orders: int = 0, goal_p99_ms: float | None = None
) -> Iterator[_Told]:
    told = _Told(
        where, floor, {"measure": name, "goal_per_s": goal, "open_orders": open_orders, "goal_p99_ms": goal_p99_ms}
    )
    time.sleep(0.5)  # what was done before has its loops' turns
    yield told
    told.ended()
