"""A real floor behind a real application: the shipped rules, a fresh database, a clock that stands still."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI
from prometheus_client import CollectorRegistry

from batcher.domain.batches import BatchJob, NewBatch, Place
from batcher.domain.clock import Clock
from batcher.domain.states import TicketState
from batcher.metrics import Metrics
from batcher.rules.ruleset import RuleSet
from batcher.rules.schema import load_rules
from batcher.services.context import Floor, RulesBox
from batcher.settings import Settings
from batcher.store import batches, orders, stations
from batcher.store.packed import Packed
from batcher.store.plans import StoredPlan
from tests.builders_store import fresh_store

#: A Monday morning in winter.
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
RULES = Path(__file__).parent.parent / "config" / "floor"


@cache
def _rules() -> RuleSet:
    return load_rules(RULES, catalogue=None)


@contextmanager
def opened_floor(state_dir: Path) -> Iterator[Floor]:
    """Open a fresh floor at 9 o'clock, and close its database afterwards."""
    settings = Settings(state_dir=state_dir, rules=RULES, port=0)
    store = fresh_store(state_dir)
    rules = _rules()
    clock = Clock(speed=1e-9, floor_at=NOW, anchor_at=datetime.now(UTC))
    with store.write() as session:
        stations.ensure_stations(session, list(rules.stations), NOW)
    try:
        yield Floor(store, RulesBox(rules, NOW), Metrics(CollectorRegistry()), clock, settings)
    finally:
        store.close()


class _InProcess(httpx.BaseTransport):
    """Hands requests to an application as a server would, without a socket."""

    def __init__(self, app: FastAPI) -> None:
        self._app = httpx.ASGITransport(app, raise_app_exceptions=False)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.read()
        return asyncio.run(self._answer(request))

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        answer = await self._app.handle_async_request(request)
        return httpx.Response(answer.status_code, headers=answer.headers, content=await answer.aread())


def client_of(app: FastAPI) -> httpx.Client:
    """Return a client of an application in this process."""
    return httpx.Client(transport=_InProcess(app), base_url="http://batcher")


def order(order_id: Any = "W-1", **changes: Any) -> dict[str, Any]:
    """Return a well-formed order of one tin."""
    document: dict[str, Any] = {
        "order_id": order_id,
        "placed_at": "2026-11-23T08:30:00+00:00",
        "service": "next-day",
        "lines": [{"sku": "TIN-CAK-NATURAL-01", "quantity": 1, "text": "Zsófia"}],
    }
    return document | changes


def send_ticket(floor: Floor, station: str, process: str, *, ticket_id: str = "T1", delivered: bool = True) -> str:
    """Release all waiting work of a process to a station as one ticket."""
    with floor.store.write() as session:
        jobs = [entry.job.id for entry in orders.open_work(session) if entry.job.process == process]
        batch = NewBatch(
            station=station, process=process, fixture="tin-jig", setup_state="tins", changeover_s=0, rule="tins",
            family="tins", start_at=NOW, end_at=NOW + timedelta(minutes=20), due_at=NOW + timedelta(hours=9),
            jobs=tuple(BatchJob(job, Place(slot)) for slot, job in enumerate(jobs, start=1)),
            fill=0.25, reason="latest_start", cost_minor=120, capacity=15,
        )  # fmt: skip
        batches.release(
            session, batch, batch_id=f"B-{ticket_id}", ticket_id=ticket_id, document={}, plan_id="P1", rules_hash="r",
            check_codes=dict.fromkeys(jobs, "BCDF"), now=NOW,
        )  # fmt: skip
        if delivered:
            batches.move_ticket(session, ticket_id, TicketState.SENDING, NOW)
            batches.move_ticket(session, ticket_id, TicketState.DELIVERED, NOW)
    return ticket_id


def save_plan(floor: Floor, station: str, process: str) -> None:
    """Store a plan of one batch that holds all waiting work of a process."""
    with floor.store.write() as session:
        jobs = [entry.job.id for entry in orders.open_work(session) if entry.job.process == process]
        batch = {
            "id": "b1", "station": station, "family": "tins", "rule": "tins", "fixture": "tin-jig",
            "setup_state": "tins", "start_at": (NOW + timedelta(minutes=30)).isoformat(),
            "end_at": (NOW + timedelta(minutes=50)).isoformat(),
            "latest_begin_at": (NOW + timedelta(hours=5)).isoformat(), "fill": 0.4, "capacity": 15, "jobs": jobs,
        }  # fmt: skip
        document: dict[str, object] = {"at": NOW.isoformat(), "batches": [batch], "unplanned": [], "left_out": {}}
        batches.save_plan(
            session,
            StoredPlan("P1", NOW, floor.rules.current.hash, "feasible", 1250.0, 1200.0, 1400.0, 1.5, len(jobs),
                       Packed.of(document), "h"),
        )  # fmt: skip


def report(report_id: str, ticket_id: str, kind: str, station: str = "uv-1", **changes: object) -> dict[str, Any]:
    """Return a station's report."""
    document: dict[str, Any] = {
        "format": "batcher-report/1",
        "report_id": report_id,
        "station": station,
        "ticket_id": ticket_id,
        "kind": kind,
        "at": NOW.isoformat(),
    }
    return document | changes
