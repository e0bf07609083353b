"""What the metrics say of a floor on which things go well, late, or wrong."""

import shutil
import time
from datetime import timedelta

import pytest

from batcher.errors import StoreError
from batcher.services.context import Floor
from batcher.services.cycle import plan_cycle
from batcher.services.dropping import OrderDrop
from batcher.services.housekeeping import housekeep
from batcher.services.outlook_watch import watch_outlooks
from batcher.services.releasing import release_due
from tests.builders_floor import later, order_document, run_through, send, take

FULL_TIN_JIG = 15


def value(floor: Floor, name: str, **labels: str) -> float | None:
    return floor.metrics.registry.get_sample_value(f"batcher_{name}", labels)


def make(floor: Floor, *, hours: float = 0) -> None:
    """Release one full bed now, and have it reported so many hours later."""
    take(floor, *(order_document() for _ in range(FULL_TIN_JIG)))
    plan_cycle(floor)
    (ticket,) = release_due(floor)
    send(floor)
    run_through(later(floor, hours=hours), ticket)


@pytest.mark.parametrize(("hours", "outcome"), [(0, "in_time"), (12, "late")])
def test_orders_that_kept_their_time_are_told_from_those_that_did_not(floor: Floor, hours: float, outcome: str) -> None:
    make(floor, hours=hours)
    housekeep(later(floor, hours=hours + 1))
    assert value(floor, "orders_completed_total", outcome=outcome) == FULL_TIN_JIG
    assert value(floor, "order_lead_seconds_count") == FULL_TIN_JIG


def test_an_order_that_is_late_is_not_also_at_risk(floor: Floor) -> None:
    take(floor, order_document())
    plan_cycle(floor)
    watch_outlooks(later(floor, hours=12))
    assert (value(floor, "orders_late"), value(floor, "orders_at_risk")) == (1, 0)


def test_the_plan_in_force_is_told_with_its_age_and_what_it_left_out(floor: Floor) -> None:
    take(floor, order_document(), order_document())
    before = time.time()
    plan_cycle(floor)
    made_at = value(floor, "plan_made_timestamp_seconds")
    assert made_at is not None
    assert before <= made_at <= time.time()
    assert (value(floor, "plan_jobs"), value(floor, "plan_jobs_unplanned")) == (2, 0)
    greedy = value(floor, "plan_greedy_cost_minor")
    assert greedy is not None
    assert greedy >= (value(floor, "plan_cost_minor") or 0) > 0


def test_what_is_released_is_counted_with_its_cost(floor: Floor) -> None:
    make(floor)
    assert value(floor, "jobs_released_total", process="uv-print") == FULL_TIN_JIG
    assert (value(floor, "batches_cost_minor_total", process="uv-print") or 0) > 0
    assert value(floor, "dispatch_duration_seconds_count") == 1


def test_a_station_is_told_with_when_it_was_last_heard(floor: Floor) -> None:
    housekeep(floor)
    assert value(floor, "station_last_report_timestamp_seconds", station="uv-1") == 0
    make(floor)
    housekeep(floor)
    heard = [value(floor, "station_last_report_timestamp_seconds", station=sid) for sid in ("uv-1", "uv-2")]
    assert max(at or 0 for at in heard) == pytest.approx(time.time(), abs=timedelta(minutes=5).total_seconds())


def test_a_drop_folder_that_cannot_be_looked_into_is_a_source_that_failed(floor: Floor) -> None:
    drop = floor.settings.orders_dir
    drop.mkdir()
    OrderDrop(floor).poll()
    assert (value(floor, "source_last_success_timestamp_seconds", source="folder") or 0) > 0
    shutil.rmtree(drop)
    drop.write_text("in the way")
    with pytest.raises(OSError, match="drop"):
        OrderDrop(floor).poll()
    assert value(floor, "source_failures_total", source="folder") == 1


def test_what_the_database_fails_is_told_beside_being_raised(floor: Floor) -> None:
    told: list[str] = []
    floor.store.tell_failures(told.append)
    with pytest.raises(StoreError), floor.store.read():
        raise StoreError("broken")
    assert told == ["store_failed"]


def test_the_disk_is_told_with_its_size_and_what_the_database_takes_of_it(floor: Floor) -> None:
    housekeep(floor)
    free, size = value(floor, "disk_free_bytes"), value(floor, "disk_size_bytes")
    assert 0 < (free or 0) < (size or 0)
    assert floor.store.path is not None
    assert value(floor, "database_size_bytes") == floor.store.path.stat().st_size
    assert value(floor, "database_log_size_bytes") == floor.store.log_bytes > 0


def test_counters_that_alarms_go_by_stand_at_0_before_anything_happens(floor: Floor) -> None:
    housekeep(floor)
    assert value(floor, "plans_total", status="fallback") == 0
    assert value(floor, "database_errors_total", code="store_unavailable") == 0
    assert value(floor, "dispatch_failures_total", station="uv-1") == 0
    assert value(floor, "source_failures_total", source="folder") == 0
