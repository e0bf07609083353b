"""
The gauges of the floor, set from the store and the disk; those of the risk to open orders are `outlook_watch`'s.

What is counted as it happens is counted where it happens. The floor's own time may run faster than the clock on the
wall; what is told as an instant is told on the wall's.
"""

import shutil
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from batcher.domain.states import LIVE_TICKET, OrderState, StationState, TicketState
from batcher.errors import (
    PlanningError,
    PlanRejectedError,
    SolverError,
    StorageFullError,
    StoreError,
    StoreUnavailableError,
)
from batcher.planning.plan import PlanStatus
from batcher.rules.ruleset import RuleSet
from batcher.services.blanks import refresh_blanks
from batcher.services.context import Floor
from batcher.services.doubt import refresh_doubt
from batcher.services.dropping import SOURCE
from batcher.services.quarantine import QUARANTINE_CODES
from batcher.store import batches, hooks, orders, stations
from batcher.store.batches import LiveBatch
from batcher.store.stations import StationRow


def refresh_gauges(floor: Floor, now: datetime) -> None:
    """Set the gauges to what is so now."""
    rules = floor.rules.current
    with floor.store.read() as session:
        by_state = orders.orders_by_state(session)
        waiting = orders.waiting_by_process(session)
        live = batches.live_batches(session)
        rows = stations.all_stations(session)
        oldest = orders.oldest_waiting_at(session)
        quarantined = orders.count_held(session, QUARANTINE_CODES)
        undelivered = hooks.undelivered(session)
    metrics = floor.metrics
    _begin_counters(floor, rules)
    for state in OrderState:
        metrics.orders.labels(state=state.value).set(by_state.get(state, 0))
    metrics.orders_quarantined.set(quarantined)
    metrics.oldest_waiting.set(_age_s(oldest, now))
    for process in rules.processes:
        metrics.jobs_waiting.labels(process=process).set(waiting.get(process, 0))
    _set_tickets(floor, rules, live, now)
    _set_stations(floor, rules, rows, now)
    _set_sources(floor, rules)
    metrics.keep_only("station", rules.stations)
    for word, count in undelivered.counts.items():
        metrics.undelivered.labels(state=word).set(count)
    metrics.oldest_undelivered.set(_age_s(undelivered.oldest_at, now))
    _set_disk(floor)
    refresh_doubt(floor)
    refresh_blanks(floor)


def is_overdue(rules: RuleSet, entry: LiveBatch, now: datetime) -> bool:
    """Tell whether a ticket that was sent has brought no report for longer than its station is given."""
    station = rules.stations.get(entry.batch.station)
    if station is None or entry.state is TicketState.RELEASED:
        return False
    return now > entry.batch.end_at + timedelta(seconds=station.silent_after_s)


def _begin_counters(floor: Floor, rules: RuleSet) -> None:
    """Have counters that alarms go by stand at 0: one that appears as 1 has not risen, as Prometheus sees it."""
    metrics = floor.metrics
    for status in PlanStatus:
        metrics.plans.labels(status=status.value)
    for failure in (PlanningError, SolverError, PlanRejectedError):
        metrics.plan_failures.labels(code=failure.code)
    for trouble in (StoreError, StoreUnavailableError, StorageFullError):
        metrics.database_errors.labels(code=trouble.code)
    for outcome in ("in_time", "late"):
        metrics.orders_completed.labels(outcome=outcome)
    for sid in rules.stations:
        metrics.dispatch_failures.labels(station=sid)
    for process in rules.processes:
        metrics.remakes.labels(process=process)
    for source in (SOURCE, *rules.sources):
        metrics.source_failures.labels(source=source)


def _set_tickets(floor: Floor, rules: RuleSet, live: Iterable[LiveBatch], now: datetime) -> None:
    counts, overdue = Counter[tuple[str, TicketState]](), Counter[str]()
    for entry in live:
        counts[entry.batch.station, entry.state] += 1
        overdue[entry.batch.station] += is_overdue(rules, entry, now)
    for sid in rules.stations:
        for state in LIVE_TICKET:
            floor.metrics.tickets_live.labels(station=sid, state=state.value).set(counts[sid, state])
        floor.metrics.tickets_overdue.labels(station=sid).set(overdue[sid])


def _set_stations(floor: Floor, rules: RuleSet, rows: Mapping[str, StationRow], now: datetime) -> None:
    for sid, row in rows.items():
        if sid not in rules.stations:
            continue
        heard = 0.0
        if row.last_report_at is not None:
            heard = time.time() - floor.clock.real_seconds(_age_s(row.last_report_at, now))
        floor.metrics.station_heard.labels(station=sid).set(heard)
        floor.metrics.station_up.labels(station=sid).set(0 if row.state is StationState.DOWN else 1)


def _set_sources(floor: Floor, rules: RuleSet) -> None:
    """Tell how often each source is asked; without that nobody knows for how long one may be silent."""
    asked_s = {SOURCE: floor.settings.poll_s} | {source.id: source.every_s for source in rules.sources.values()}
    floor.metrics.keep_only("source", asked_s)
    for source, every_s in asked_s.items():
        floor.metrics.source_interval.labels(source=source).set(floor.clock.real_seconds(every_s))


def _set_disk(floor: Floor) -> None:
    """Tell how much room there is, and how much of it the database takes."""
    usage = shutil.disk_usage(floor.settings.state_dir)
    floor.metrics.disk_free.set(usage.free)
    floor.metrics.disk_size.set(usage.total)
    path = floor.store.path
    floor.metrics.database_size.set(0 if path is None else path.stat().st_size)
    floor.metrics.database_log_size.set(floor.store.log_bytes)


def _age_s(since: datetime | None, now: datetime) -> float:
    return 0.0 if since is None else max(0.0, (now - since).total_seconds())
