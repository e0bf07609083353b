"""
One life of the daemon's core, in a fork: intake, release, hand-over, reports, packing, until everything is made.

All of it is the daemon's own code on a real database and real folders; what is left out is what decides: jobs are
released as they come, without a planner. Requests come in and answers go out as lines, over two pipes.
"""

import json
import os
import select
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry

from batcher.dispatch.ticket import build_ticket
from batcher.domain.batches import BatchJob, NewBatch, Place
from batcher.domain.clock import Clock, SteppedClock
from batcher.domain.ids import check_code, new_id
from batcher.domain.orders import OpenWork
from batcher.domain.states import OrderState
from batcher.errors import BatcherError
from batcher.metrics import Metrics
from batcher.rules.ruleset import RuleSet
from batcher.rules.schema import load_rules
from batcher.services import actions
from batcher.services.context import Floor, RulesBox
from batcher.services.dispatching import StationDoors
from batcher.services.housekeeping import housekeep
from batcher.services.intake import take_orders
from batcher.services.safe_mode import look_for_restore
from batcher.settings import Settings
from batcher.store import batches, events, migrate, orders, stations
from batcher.store.session import Store

RULES = Path(__file__).parent.parent.parent / "config" / "floor"
MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
SOURCE = "shop"
_PER_TICKET, _PER_STATION = 3, 2
_SPEED = 50_000
_IDLE_S = 0.002


@cache
def rules() -> RuleSet:
    return load_rules(RULES, catalogue=None)


def live(home: Path, anchor_at: datetime, requests: int, answers: int) -> None:
    """Live until there is nothing left to do and no request will come any more."""
    settings = Settings(state_dir=home, rules=RULES, port=0)
    migrate.upgrade(settings.store_url)
    store = Store.open(settings.store_url, exclusive=True)
    clock = Clock(_SPEED, MONDAY, anchor_at)
    floor = Floor(store, RulesBox(rules(), clock.now()), Metrics(CollectorRegistry()), clock, settings)
    with store.write() as session:
        stations.ensure_stations(session, list(rules().stations), floor.now())
    doors = StationDoors(floor)
    doors.open()
    look_for_restore(floor)
    assert floor.safe.mode is None, floor.safe.mode
    inbox = _Inbox(requests)
    while not (inbox.ended and _all_done(floor)):
        for request in inbox.read(_IDLE_S):
            os.write(answers, json.dumps(_answer(floor, request)).encode() + b"\n")
        for turn in (lambda: release_waiting(floor), doors.send, doors.read, lambda: housekeep(floor)):
            with suppress(BatcherError):  # a loop that fails tries again at its next turn
                turn()
    store.close()


class _Inbox:
    """Lines from a pipe, as far as they are there."""

    def __init__(self, fd: int) -> None:
        self._fd, self._rest, self.ended = fd, b"", False

    def read(self, wait_s: float) -> list[dict[str, Any]]:
        """Return what has come, at once or, if nothing has, after waiting for it so long."""
        select.select([] if self.ended else [self._fd], [], [], wait_s)
        while not self.ended and select.select([self._fd], [], [], 0)[0]:
            got = os.read(self._fd, 65536)
            self.ended, self._rest = not got, self._rest + got
        *lines, self._rest = self._rest.split(b"\n")
        return [json.loads(line) for line in lines]


def _answer(floor: Floor, request: dict[str, Any]) -> dict[str, Any]:
    """Do what a client wants; when this returns it is committed, or was refused."""
    try:
        return do_request(floor, request)
    except BatcherError as error:
        return {"outcome": "failed", "code": error.code}


def do_request(floor: Floor, request: dict[str, Any]) -> dict[str, Any]:
    if request["op"] == "order":
        # its clock runs fast so that nobody waits; orders are judged as on a Monday morning
        judging = replace(floor, clock=SteppedClock(MONDAY))
        (taken,) = take_orders(judging, [request["document"]], SOURCE)
        return {"outcome": taken.outcome, "held": taken.held_code}
    order = actions.find_order(floor, request["order_id"])
    if order.state is OrderState.COMPLETE:
        return {"outcome": "too_late"}
    if order.state is not OrderState.CANCELLED:
        actions.cancel_order(floor, order.key, "changed their mind", "client")
    with floor.store.read() as session:
        told = events.events_of(session, ident=order.key)
    return {"outcome": "cancelled", "recall": next(e.data["recall"] for e in told if e.after == "cancelled")}


def _all_done(floor: Floor) -> bool:
    with suppress(BatcherError), floor.store.read() as session:
        return not orders.open_orders(session)
    return False


def release_waiting(floor: Floor) -> None:
    with floor.store.read() as session:
        work = [entry for entry in orders.open_work(session) if _is_ready(entry, floor.now())]
        busy = [entry.batch.station for entry in batches.live_batches(session)]
    for station in rules().stations.values():
        mine = [entry for entry in work if entry.job.process == station.process][:_PER_TICKET]
        if mine and busy.count(station.id) < _PER_STATION:
            work = [entry for entry in work if entry not in mine]
            _release(floor, station.id, mine)


def _is_ready(entry: OpenWork, now: datetime) -> bool:
    return entry.job.ready_at is not None and entry.job.ready_at <= now


def _release(floor: Floor, station: str, entries: list[OpenWork]) -> None:
    now, work = floor.now(), {entry.job.id: entry for entry in entries}
    new = NewBatch(
        station=station, process=entries[0].job.process, fixture="bed", setup_state="as-it-is", changeover_s=0,
        rule="as-they-come", family="all", start_at=now, end_at=now + timedelta(minutes=10),
        due_at=min(entry.order.leave_by_at for entry in entries),
        jobs=tuple(BatchJob(job_id, Place(slot)) for slot, job_id in enumerate(work, start=1)),
        fill=1.0, reason="full", cost_minor=1, capacity=_PER_TICKET,
    )  # fmt: skip
    ticket_id, batch_id = new_id(), new_id()
    codes = {job_id: check_code(job_id) for job_id in work}
    with floor.store.write() as session:
        number = batches.next_sequence(session, station)
        document = build_ticket(
            new, work, codes, ticket_id=ticket_id, batch_id=batch_id, sequence=number, rules_hash="crash"
        )
        batches.release(
            session, new, ticket_id=ticket_id, batch_id=batch_id, document=document, check_codes=codes,
            plan_id="none", rules_hash="crash", now=now,
        )  # fmt: skip
