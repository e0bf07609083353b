"""The metrics as Prometheus gets them: what promtool says of them, and how many series there can be."""

import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.metrics import MetricWrapperBase

from batcher.api.app import create_app
from batcher.api.health import Health
from batcher.metrics import Metrics
from batcher.services.context import Floor
from batcher.services.cycle import plan_cycle
from batcher.services.dispatching import StationDoors
from batcher.services.dropping import OrderDrop
from batcher.services.housekeeping import housekeep
from batcher.services.releasing import release_due
from tests.builders_api import client_of, opened_floor, order
from tests.builders_floor import order_document, run_through, take

needs_promtool = pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")

#: Each names something of which there are few: words of the code, or what the rules name.
ENUMERABLE = {
    "state", "outcome", "process", "reason", "status", "code", "station", "loop", "source", "type", "method", "route",
    "rules", "question", "answer", "kind",
}  # fmt: skip


@pytest.fixture
def floor(tmp_path: Path) -> Iterator[Floor]:
    with opened_floor(tmp_path) as opened:
        yield opened


def live_through_a_day(floor: Floor, orders: int) -> None:
    """Do everything that sets metrics, once."""
    take(floor, *(order_document() for _ in range(orders)))
    plan_cycle(floor)
    released = release_due(floor)
    doors = StationDoors(floor)
    doors.open()
    doors.send()
    for ticket in released:
        run_through(floor, ticket)
    OrderDrop(floor).poll()
    housekeep(floor)


def series(floor: Floor) -> set[str]:
    lines = generate_latest(floor.metrics.registry).decode().splitlines()
    return {line.rpartition(" ")[0] for line in lines if not line.startswith("#")}


@needs_promtool
def test_promtool_has_nothing_to_say_about_what_a_floor_exports(floor: Floor) -> None:
    floor.settings.orders_dir.mkdir()
    live_through_a_day(floor, 15)
    exported = generate_latest(floor.metrics.registry)
    said = subprocess.run(["promtool", "check", "metrics"], input=exported, capture_output=True, check=False)
    assert (said.returncode, said.stdout, said.stderr) == (0, b"", b"")


def test_every_label_names_something_of_which_there_are_few() -> None:
    metrics = vars(Metrics(CollectorRegistry())).values()
    labels = {label for metric in metrics if isinstance(metric, MetricWrapperBase) for label in metric._labelnames}
    assert labels <= ENUMERABLE


def test_every_metric_says_when_to_worry() -> None:
    worries = Metrics(CollectorRegistry()).worries
    assert [name for name, worry in worries.items() if not worry] == []


def test_more_orders_make_no_more_series(floor: Floor) -> None:
    floor.settings.orders_dir.mkdir()
    live_through_a_day(floor, 15)
    before = series(floor)
    live_through_a_day(floor, 60)
    assert series(floor) == before


def test_whatever_addresses_are_asked_for_make_no_more_series(floor: Floor) -> None:
    client = client_of(create_app(floor, Health()))
    client.get("/v1/orders/A-1")
    client.get("/no/such/page")
    before = series(floor)
    for number in range(50):
        client.get(f"/v1/orders/A-{number}")
        client.get(f"/no/such/page-{number}")
        client.request(f"VERB{number}", f"/{number}")
    assert len(series(floor) - before) <= 2 * 8  # the unknown methods share one, at most with two classes of status


def test_a_station_that_the_rules_name_no_more_has_no_series(floor: Floor) -> None:
    housekeep(floor)
    assert any('station="uv-2"' in entry for entry in series(floor))
    rules = floor.rules.current
    others = {sid: station for sid, station in rules.stations.items() if sid != "uv-2"}
    floor.rules.swap(replace(rules, stations=others), floor.now())
    housekeep(floor)
    assert not any('station="uv-2"' in entry for entry in series(floor))


def test_a_source_that_the_rules_name_no_more_has_no_series_and_cannot_seem_down(floor: Floor) -> None:
    floor.metrics.source_success.labels(source="old-shop").set(1)
    housekeep(floor)
    assert not any('source="old-shop"' in entry for entry in series(floor))
    assert any('source="folder"' in entry for entry in series(floor))


def test_an_answer_is_timed_by_its_route_and_class_of_status(floor: Floor) -> None:
    client = client_of(create_app(floor, Health()))
    client.post("/v1/orders", json=order())
    client.get("/v1/orders/none-such")
    count = floor.metrics.registry.get_sample_value
    name = "batcher_http_request_duration_seconds_count"
    assert count(name, {"method": "POST", "route": "/v1/orders", "status": "2xx"}) == 1
    assert count(name, {"method": "GET", "route": "/v1/orders/{ref}", "status": "4xx"}) == 1
