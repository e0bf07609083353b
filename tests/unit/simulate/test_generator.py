"""Made-up orders: the same for a seed, in the shares and hours of a gift shop, and such that intake takes them."""

import gzip
import json
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from itertools import islice, takewhile
from pathlib import Path
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from batcher.domain.calendars import Calendar
from batcher.errors import ConfigError
from batcher.intake.documents import parse_order
from batcher.rules.floor import CatalogueEntry, Product, Service, Site, TextRule, Tier
from batcher.rules.ruleset import PlanningRules, RuleSet
from batcher.simulate.generator import orders, trace_orders, write_drop
from tests.builders_stations import MONDAY

LONDON = ZoneInfo("Europe/London")


def the_rules() -> RuleSet:
    always = Calendar(LONDON, ((),) * 7)
    products = {
        "mug": Product("mug", ()),
        "ring": Product("ring", (), text=TextRule(required=True, max_characters=8), max_quantity=2),
        "blank": Product("blank", (), text=TextRule(max_characters=0)),
    }
    catalogue = {
        f"{product}-{number}": CatalogueEntry(f"{product}-{number}", product, "white")
        for product in products
        for number in range(60)
    }
    services = ("same-day", "next-day", "standard", "economy")
    return RuleSet(
        hash="h",
        site=Site("site", LONDON, "GBP", 900),
        processes={},
        stations={},
        fixtures={},
        products=MappingProxyType(products),
        services={name: Service(name, time(16), 1, time(17), always, 500, 60) for name in services},
        tiers={name: Tier(name) for name in ("standard", "gold")},
        batch_rules=(),
        planning=PlanningRules(),
        catalogue=MappingProxyType(catalogue),
    )


def stream(seed: int = 1, rate_per_day: float = 2000, start_at: datetime = MONDAY) -> Any:
    return orders(the_rules(), seed=seed, start_at=start_at, rate_per_day=rate_per_day)


def test_the_same_seed_gives_the_same_orders_and_another_seed_others() -> None:
    first, again, other = (list(islice(stream(seed), 50)) for seed in (1, 1, 2))
    assert first == again
    assert {order["order_id"] for order in first}.isdisjoint({order["order_id"] for order in other})


def test_intake_takes_every_order() -> None:
    found = [parse_order(order, source="shop", zone=LONDON) for order in islice(stream(), 2000)]
    assert len({order.order_id for order in found}) == 2000
    assert [order.placed_at for order in found] == sorted(order.placed_at for order in found)
    assert found[0].placed_at >= MONDAY


def test_texts_and_quantities_keep_to_what_the_product_takes() -> None:
    lengths: dict[str, set[int]] = {"mug": set(), "ring": set(), "blank": set()}
    for order in islice(stream(), 3000):
        for line in order["lines"]:
            product = line["sku"].split("-")[0]
            lengths[product].add(len(line["text"]))
            assert line["quantity"] <= (2 if product == "ring" else 5)
    assert max(lengths["ring"]) <= 8
    assert 0 not in lengths["ring"]
    assert lengths["blank"] == {0}
    assert max(lengths["mug"]) > 25


def test_shares_are_those_of_a_gift_shop() -> None:
    found = list(islice(stream(), 6000))
    services = Counter(order["service"] for order in found)
    assert {name: round(number / 6000, 1) for name, number in services.items()} == {
        "standard": 0.4, "next-day": 0.4, "economy": 0.2, "same-day": 0.1,
    }  # fmt: skip
    gold = sum(order["tier"] == "gold" for order in found) / 6000
    single = sum(sum(line["quantity"] for line in order["lines"]) == 1 for order in found) / 6000
    assert 0.075 < gold < 0.105
    assert 0.88 < single < 0.92
    skus = Counter(line["sku"] for order in found for line in order["lines"]).most_common()
    assert skus[0][1] > 5 * skus[len(skus) // 2][1]  # few best-sellers, a long tail


@pytest.mark.parametrize("start_at", [MONDAY, datetime(2026, 10, 19, 22, 30, tzinfo=UTC)])  # over a clock change too
def test_a_week_has_the_rate_asked_for_and_its_peak_in_the_evening(start_at: datetime) -> None:
    end_at = start_at + timedelta(days=7)
    placed = [datetime.fromisoformat(order["placed_at"]) for order in islice(stream(start_at=start_at), 20_000)]
    week = list(takewhile(lambda at: at < end_at, placed))
    assert 13_400 < len(week) < 14_600
    assert all(at.utcoffset() == at.astimezone(LONDON).utcoffset() for at in week)
    hours = Counter(at.hour for at in week)
    assert hours.most_common(1)[0][0] in (20, 21)
    assert hours[3] < hours[20] / 8


def test_without_a_catalogue_there_is_nothing_to_order() -> None:
    with pytest.raises(ConfigError):
        next(orders(replace(the_rules(), catalogue={}), seed=1, start_at=MONDAY, rate_per_day=10))


def test_a_drop_appears_whole_and_under_its_first_orders_name(tmp_path: Path) -> None:
    found = list(islice(stream(), 20))
    path = write_drop(tmp_path, found)
    assert path is not None
    assert list(tmp_path.iterdir()) == [path]
    assert path.name == f"{found[0]['order_id']}.jsonl"
    assert [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] == found
    assert write_drop(tmp_path, []) is None


def test_recorded_orders_are_read_packed_and_plain(tmp_path: Path) -> None:
    found = list(islice(stream(), 5))
    text = "\n".join(json.dumps(order) for order in found) + "\n\n"
    (tmp_path / "a.jsonl").write_text(text, encoding="utf-8")
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(text.encode()))
    assert list(trace_orders(tmp_path / "a.jsonl")) == found
    assert list(trace_orders(tmp_path / "a.jsonl.gz")) == found
