"""The demonstration floor of `config/floor` is the one that its figures describe."""

import csv
import shutil
from datetime import time
from pathlib import Path

import jsonschema
import pytest

from batcher.domain.calendars import Calendar, Span
from batcher.rules.batch_rules import JobFacts
from batcher.rules.facts import sku_facts
from batcher.rules.files import read_source
from batcher.rules.floor import Sheet, TextSeconds
from batcher.rules.json_schema import rules_schema
from batcher.rules.schema import inspect, load_rules
from batcher.rules.yaml_source import parse
from tests.builders_rules import DEMO_FLOOR, SHARED

RULES = load_rules(DEMO_FLOOR)
FILES = sorted(DEMO_FLOOR.glob("*.yaml"))
HAVE_FIGURES = (SHARED / "floor").is_dir()
needs_figures = pytest.mark.skipif(not HAVE_FIGURES, reason="the shared figures are not here")


def figures(name: str) -> list[dict[str, str]]:
    """Return the rows of one file of figures."""
    with (SHARED / "floor" / name).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_it_loads_without_faults_and_warnings() -> None:
    found = inspect(DEMO_FLOOR)

    assert found.faults == ()
    assert found.warnings == ()
    assert len(RULES.stations) == 14
    assert len(RULES.products) == 25


def test_its_catalogue_has_every_product_in_several_skus() -> None:
    by_product = dict.fromkeys(RULES.products, 0)
    for entry in RULES.catalogue.values():
        by_product[entry.product] += 1

    assert len(RULES.catalogue) > 400
    assert min(by_product.values()) >= 8


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_each_file_names_the_schema_and_keeps_it(path: Path) -> None:
    document, faults = parse(read_source(path, path.name, within=DEMO_FLOOR))
    assert document is not None

    assert path.read_text().startswith("# yaml-language-server: $schema=../rules.schema.json\n")
    assert faults == []
    jsonschema.Draft202012Validator(rules_schema()).validate(document.data)


def test_every_step_of_every_sku_has_a_rule() -> None:
    for entry in RULES.catalogue.values():
        for step in range(1, len(RULES.products[entry.product].route) + 1):
            assert RULES.match(sku_facts(RULES, entry.sku, step, service="next-day")) is not None


@needs_figures
@pytest.mark.parametrize("row", figures("stations.csv") if HAVE_FIGURES else [], ids=lambda row: row["station"])
def test_a_station_has_its_figures(row: dict[str, str]) -> None:
    station = RULES.stations[row["station"]]
    process = RULES.processes[station.process]

    assert station.process == row["process"]
    assert station.magazine == int(row["magazine"])
    assert station.setup_unattended == (row["setup_unattended"] == "yes")
    assert station.cost_per_hour_minor == station.changeover_cost_per_hour_minor == int(row["cost_per_hour"])
    assert station.cost_per_batch_minor == int(row["cost_per_batch"])
    assert process.changeover.seconds == int(row["changeover_s"])
    assert process.changeover.cost_minor == int(row["changeover_cost"])
    assert process.pairs == {}
    assert station.runs is None
    if row["attended"] == "Mon-Sun 00:00-24:00":
        assert station.attended is None
    else:
        assert row["attended"] == "Mon-Sat 07:00-19:00"
        assert isinstance(station.attended, Calendar)
        assert station.attended.week == ((Span(time(7), time(19)),),) * 6 + ((),)


@needs_figures
@pytest.mark.parametrize(
    "row", figures("products.csv") if HAVE_FIGURES else [], ids=lambda row: f"{row['product']}-{row['step']}"
)
def test_a_step_has_its_figures(row: dict[str, str]) -> None:
    step = RULES.products[row["product"]].route[int(row["step"]) - 1]
    fixture = RULES.fixtures[step.fixture]

    assert (step.process, step.fixture) == (row["process"], row["fixture"])
    assert fixture.process == row["process"]
    assert fixture.setup_state == row["setup_state"]
    assert fixture.unattended == (row["unattended"] == "yes")
    assert fixture.fixed_s == int(row["fixed_s"])
    assert step.serial_s == int(row["serial_s"] or 0)
    assert step.rest_s == int(row["lag_after_s"])
    low, _, high = (row["parallel_s"] or "0").partition("-")
    assert step.parallel == (TextSeconds(int(low), 20, int(high)) if high else TextSeconds(int(low)))
    if row["capacity"]:
        assert (fixture.capacity, fixture.sheet, step.size) == (int(row["capacity"]), None, 1)
    else:
        width, height = (int(side) for side in row["sheet_mm"].split("x"))
        assert fixture.sheet == Sheet(width, height, gap_mm=5)
        assert f"{step.width_mm}x{step.height_mm}" == row["item_mm"]
        assert step.rotate


@needs_figures
def test_no_product_has_more_steps_than_its_figures() -> None:
    rows = figures("products.csv")

    assert {row["product"] for row in rows} == set(RULES.products)
    assert len(rows) == sum(len(product.route) for product in RULES.products.values())
    assert {row["station"] for row in figures("stations.csv")} == set(RULES.stations)


@needs_figures
@pytest.mark.parametrize("row", figures("services.csv") if HAVE_FIGURES else [], ids=lambda row: row["service"])
def test_a_service_has_its_figures(row: dict[str, str]) -> None:
    service = RULES.services[row["service"]]
    nth = {"next collection day": 0, "second collection day after": 2, "fourth collection day after": 4}
    words, _, leaves_by = row["leaves_by"].rpartition(" ")
    days = {"Mon-Sat": 6, "Mon-Fri": 5}[row["collection_days"]]

    assert service.order_by == time.fromisoformat(row["order_by"])
    assert service.leaves_by == time.fromisoformat(leaves_by)
    assert service.collection == nth[words]
    assert [bool(spans) for spans in service.collection_days.week] == [True] * days + [False] * (7 - days)
    assert service.late_cost_minor == int(row["late_cost"])
    assert service.late_cost_per_hour_minor == int(row["late_cost_per_hour"])
    assert RULES.tiers["gold"].late_cost_factor == 2


@needs_figures
def test_batches_hold_what_the_figures_say_they_may() -> None:
    rows = figures("products.csv")
    mixing_finishes = {("card", "1"), ("bag", "1"), ("mug", "1"), ("cushion", "1"), ("jigsaw", "1")}
    skus = {entry.product: entry.sku for entry in RULES.catalogue.values()}
    for row in rows:
        facts: JobFacts = sku_facts(RULES, skus[row["product"]], int(row["step"]), service="next-day")
        rule = RULES.match(facts)
        assert rule is not None
        assert ("finish" not in rule.equal) == ((row["product"], row["step"]) in mixing_finishes)


@pytest.mark.skipif(not (SHARED / "data").is_dir(), reason="the shared catalogue is not here")
def test_a_catalogue_of_a_year_of_orders_can_be_used_instead(tmp_path: Path) -> None:
    catalogue = tmp_path / "catalogue.csv"
    shutil.copyfile(SHARED / "data" / "catalogue.csv", catalogue)

    found = inspect(DEMO_FLOOR, catalogue=catalogue)

    assert found.faults == ()
    assert found.rules is not None
    assert len(found.rules.catalogue) > 1800
    assert found.rules.catalogue["85123A"].attributes["price"] == "2.95"
