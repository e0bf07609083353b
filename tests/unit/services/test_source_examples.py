"""The shipped examples of sources, against servers and databases that speak as those systems do."""

import base64
import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import NullPool, create_engine, text

from batcher.domain.orders import OrderIn
from batcher.rules.schema import inspect, load_rules
from batcher.services.context import Floor, RulesBox
from batcher.services.sources import statuses
from batcher.store import order_lists, orders
from tests.builders_api import RULES, opened_floor
from tests.builders_floor import later
from tests.builders_sources import Asked, Said, look, serving

EXAMPLES = Path(__file__).parents[3] / "config" / "sources"
DOCUMENTS = Path(__file__).parents[2] / "data" / "sources"


@pytest.fixture
def floor(tmp_path: Path) -> Iterator[Floor]:
    with opened_floor(tmp_path) as opened:
        (tmp_path / "secrets").mkdir()
        yield opened


def _with_example(floor: Floor, name: str, url: str, home: str = "") -> Floor:
    """Return the floor with a shipped example in its rules, at another address on this machine."""
    directory = floor.settings.state_dir / "rules"
    shutil.copytree(RULES, directory)
    text = (EXAMPLES / f"{name}.yaml").read_text(encoding="utf-8").replace(home, url)
    (directory / "sources.yaml").write_text(text.replace("    http:\n", "    http:\n      private: true\n"), "utf-8")
    return replace(floor, rules=RulesBox(load_rules(directory), floor.rules.loaded_at))


def _secret(floor: Floor, name: str, secret: str) -> None:
    (floor.settings.state_dir / "secrets" / name).write_text(secret + "\n", encoding="utf-8")


def _kept(floor: Floor) -> list[OrderIn]:
    with floor.store.read() as session:
        listed = order_lists.list_orders(session, limit=100)
        return [orders.order_content(session, order.key) for order in listed]


def _document(name: str) -> Any:
    return json.loads((DOCUMENTS / f"{name}.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", sorted(path.stem for path in EXAMPLES.glob("*.yaml")))
def test_every_shipped_example_can_be_put_beside_the_shipped_rules(name: str, tmp_path: Path) -> None:
    directory = tmp_path / "rules"
    shutil.copytree(RULES, directory)
    shutil.copy(EXAMPLES / f"{name}.yaml", directory)

    found = inspect(directory)

    assert (found.faults, found.warnings) == ((), ())
    assert found.rules is not None
    assert len(found.rules.sources) == 1


def test_orders_of_a_shopify_shop_come_in_with_their_engraving(floor: Floor) -> None:
    _secret(floor, "shopify", "shpat_test")
    with serving(lambda _: Said(_document("shopify"))) as shop:
        at = _with_example(floor, "shopify", shop.url, "https://shop.example")
        look(at)
        look(later(at, minutes=2))

        assert [asked.headers["x-shopify-access-token"] for asked in shop.asked] == ["shpat_test"] * 2
        assert shop.asked[1].query["updated_at_min"] == "2026-11-23T07:14:31Z"
    (order,) = _kept(floor)
    assert (order.source, order.order_id, order.service, order.country) == ("shopify", "5723901845", "next-day", "GB")
    assert [(line.line_id, line.sku, line.quantity, line.text) for line in order.lines] == [
        ("88120001", "TIN-CAK-NATURAL-01", 2, "Zoë")
    ]
    assert order.attributes == {"shop_number": "#1042"}


def test_orders_of_a_woocommerce_shop_come_in_and_are_marked_there(floor: Floor) -> None:
    _secret(floor, "woocommerce", "ck_test:cs_test")

    def answer(asked: Asked) -> Said:
        return Said(_document("woocommerce") if asked.query.get("page") == "1" else [])

    with serving(answer) as shop:
        look(_with_example(floor, "woocommerce", shop.url, "https://shop.example"))

        marks = [(asked.path, json.loads(asked.body)) for asked in shop.asked if asked.method == "PUT"]
        known = {asked.headers["authorization"] for asked in shop.asked}
    (order,) = _kept(floor)
    assert (order.order_id, order.service, order.placed_at.isoformat()) == (
        "727", "standard", "2026-11-23T07:58:11+00:00",
    )  # fmt: skip
    assert order.lines[0].text == "Niamh"
    assert marks == [("/wp-json/wc/v3/orders/727", {"meta_data": [{"key": "_batcher_order", "value": "727"}]})]
    assert known == {"Basic " + base64.b64encode(b"ck_test:cs_test").decode()}


def test_orders_in_the_form_of_site_flow_are_taken_off_their_queue(floor: Floor) -> None:
    _secret(floor, "site-flow", "queue-token")
    queue = _document("site-flow")

    def answer(asked: Asked) -> Said:
        if asked.method == "POST":
            queue["data"] = [o for o in queue["data"] if o["order"]["orderData"]["sourceOrderId"] not in asked.path]
        return Said(queue)

    with serving(answer) as shop:
        look(_with_example(floor, "site-flow", shop.url, "https://orders.example"))

    (order,) = _kept(floor)
    assert (order.order_id, order.service, order.carrier) == ("SF-2291", "next-day", "royalmail")
    assert order.lines[0].text == "Łukasz"
    assert queue["data"] == []


@pytest.fixture(params=["sqlite", "postgresql"])
def other_database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the address of a database of somebody else."""
    return f"sqlite:///{tmp_path}/erp.db" if request.param == "sqlite" else str(request.getfixturevalue("postgres_url"))


def test_rows_of_another_database_become_orders_and_are_marked(floor: Floor, other_database: str) -> None:
    engine = create_engine(other_database.replace("postgresql:", "postgresql+psycopg:"), poolclass=NullPool)
    with engine.begin() as erp:
        for statement in (
            "CREATE TABLE orders "
            "(number INTEGER PRIMARY KEY, placed_at TEXT, service TEXT, paid INTEGER, taken_at TEXT)",
            "CREATE TABLE order_lines "
            "(order_number INTEGER, position INTEGER, sku TEXT, pieces NUMERIC, engraving TEXT)",
            "INSERT INTO orders VALUES (9001, '2026-11-23T08:00:00Z', 'next-day', 1, NULL), "
            "(9002, '2026-11-23T08:01:00Z', 'standard', 1, NULL), "
            "(9003, 'one day', 'standard', 1, NULL), (9004, '', '', 0, NULL)",
            "INSERT INTO order_lines VALUES (9001, 1, 'TIN-CAK-NATURAL-01', 2, 'Ada'), "
            "(9001, 2, 'TIN-CAK-NATURAL-01', 1, 'Max'), "
            "(9002, 1, 'TIN-CAK-NATURAL-01', 1, NULL), (9003, 1, 'TIN-CAK-NATURAL-01', 1, NULL)",
        ):
            erp.execute(text(statement))
    _secret(floor, "erp-database", other_database)

    look(_with_example(floor, "erp-database", "", "nothing"))

    found = {order.order_id: [(line.quantity, line.text) for line in order.lines] for order in _kept(floor)}
    assert found == {"9001": [(2, "Ada"), (1, "Max")], "9002": [(1, "")]}
    with engine.connect() as erp:
        taken = erp.execute(text("SELECT number FROM orders WHERE taken_at IS NOT NULL ORDER BY number")).all()
    assert taken == [(9001,), (9002,)]


@pytest.mark.parametrize(
    "address", ["mysql+nothing://erp/shop", "mysql+pymysql://reader:secret@erp/shop", "no address"]
)
def test_a_database_that_nothing_here_can_read_is_told_and_its_password_is_not(floor: Floor, address: str) -> None:
    _secret(floor, "erp-database", address)
    at = _with_example(floor, "erp-database", "", "nothing")

    look(at)

    (state,) = statuses(at)
    assert str(state.state.last_error).startswith("address: ")
    assert "secret" not in str(state.state.last_error)
