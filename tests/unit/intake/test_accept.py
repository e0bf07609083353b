"""Orders judged by the rules and kept: what cannot be made is held with a reason, everything once."""

import itertools
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from batcher.domain.orders import OrderIn
from batcher.domain.states import OrderState
from batcher.intake.accept import accept, judge
from batcher.intake.documents import parse_order
from batcher.rules.batch_rules import BatchRule, Selector
from batcher.rules.floor import ServiceCase
from batcher.store import events, orders
from batcher.store.session import Store
from tests.builders_intake import LONDON, document, line, small_rules
from tests.builders_store import open_orders

NOW = datetime(2026, 11, 23, 8, 5, tzinfo=UTC)


def order_of(doc: dict[str, Any], source: str = "shop") -> OrderIn:
    return parse_order(doc, source=source, zone=LONDON)


def test_an_order_that_can_be_made_is_promised_and_cut_into_pieces() -> None:
    judged = judge(small_rules(), order_of(document()), NOW)
    assert judged.held is None
    assert judged.promise.possible
    assert judged.promise.leave_by_at == datetime(2026, 11, 24, 17, tzinfo=UTC)
    assert [(piece.product, piece.finish, piece.text, piece.processes) for piece in judged.pieces] == [
        ("mug", "white", "Zoë", ("print", "press"))
    ] * 2


@pytest.mark.parametrize(
    ("doc", "code", "says"),
    [
        (line(sku="CUP-1"), "sku_unknown", "line 1: no SKU CUP-1"),
        (line(text="a text that is too long"), "text_too_long", "has 23 characters, a mug takes 12"),
        (line(sku="TAG-1"), "text_missing", "a tag needs a text"),
        (line(quantity=21), "quantity_unmakeable", "21 pieces, of a mug at most 20"),
        (line(sku="TAG-1", text="Zoë"), "no_batch_rule", "line 1, step 1 (print on sheet): no batch rule takes it"),
        (line(sku="TIN-1"), "no_station", "line 1, step 1 (press on big-rack): no station of rule tins can run it"),
        (document(service="teleport"), "service_unknown", "no service 'teleport'"),
        (document(tier="platinum"), "tier_unknown", "no tier 'platinum'"),
        (document(service="never"), "service_without_collection", "never has no collection"),
        (document(placed_at="2026-11-20T08:00:00"), "service_impossible", "release it"),
    ],
)
def test_an_order_that_cannot_be_made_is_held_with_a_reason_to_act_on(
    store: Store, doc: dict[str, Any], code: str, says: str
) -> None:
    (outcome,) = accept(store, small_rules(), [order_of(doc)], NOW)
    assert (outcome.outcome, outcome.held_code) == ("created", code)
    assert says in outcome.message
    assert outcome.key is not None
    with store.read() as s:
        order = orders.get_order(s, outcome.key)
        assert (order.state, order.held_code, order.held_reason) == (OrderState.HELD, code, outcome.message)
        assert orders.open_work(s) == []


def test_every_reason_is_told_and_the_first_gives_the_code() -> None:
    doc = document(
        service="teleport",
        lines=[{"sku": "CUP-1", "quantity": 1}, {"sku": "MUG-2", "quantity": 30, "text": "x" * 13}],
    )
    held = judge(small_rules(), order_of(doc), NOW).held
    assert held is not None
    assert held.code == "service_unknown"
    for says in ("'teleport'", "line 1: no SKU", "line 2: the text has 13", "line 2: 30 pieces"):
        assert says in held.reason


def test_what_is_remembered_of_other_orders_changes_no_judgement() -> None:
    """Whatever came before: an order is judged as by rules that have judged none."""
    tags = Selector({"product": ("tag",), "channel": ("ph*",), "attribute.box": ("big",)}, min_quantity=2)
    case = ServiceCase({"country": ("FR",)}, order_by=time(9), leaves_by=time(12))
    rules = small_rules()
    rules = replace(
        rules,
        batch_rules=(*rules.batch_rules[:2], BatchRule("tags", tags)),
        services={**rules.services, "next-day": replace(rules.services["next-day"], cases=(case,))},
    )
    told = itertools.product(
        ("TAG-1", "MUG-1"), (1, 2), ("phone", "web"), ("FR", "GB"), ("big", "small"), ("standard", "gold"),
        ("2026-11-23T08:00:00", "2026-11-23T15:00:00"),
    )  # fmt: skip
    found = set()
    for sku, quantity, channel, country, box, tier, placed_at in told:
        line = {"sku": sku, "quantity": quantity, "text": "Zoë", "attributes": {"box": box}}
        order = order_of(document(lines=[line], channel=channel, country=country, tier=tier, placed_at=placed_at))
        judged = judge(rules, order, NOW)
        assert judged == judge(replace(rules), order, NOW)
        found.add((judged.held, judged.promise))
    assert len(found) > 10


def test_a_rule_that_asks_for_what_an_order_says_takes_it() -> None:
    judged = judge(small_rules(), order_of({**line(sku="TAG-1", text="Zoë"), "channel": "phone"}), NOW)
    assert judged.held is None


def test_an_order_held_for_want_of_a_rule_can_be_judged_anew_and_made(store: Store) -> None:
    order = order_of(line(sku="CUP-1"))
    (outcome,) = accept(store, small_rules(), [order], NOW)
    assert outcome.key is not None
    rules = small_rules()
    rules = replace(rules, products={**rules.products, "mug": replace(rules.products["mug"], skus=("MUG-*", "CUP-*"))})
    with store.write() as s:
        content = orders.order_content(s, outcome.key)
        assert content == order
        judged = judge(rules, content, NOW)
        orders.replace_pieces(s, outcome.key, judged.promise, judged.pieces, NOW)
        orders.release_order(s, outcome.key, NOW)
        assert len(orders.open_work(s)) == 4


def test_outcomes_come_in_the_order_of_the_orders(store: Store) -> None:
    rules = small_rules()
    first = order_of(document())
    accept(store, rules, [first], NOW)
    changed = order_of(document(channel="web"))
    new = order_of(document(order_id="A-2"))
    elsewhere = order_of(document(), source="market")
    outcomes = accept(store, rules, [first, changed, new, new, elsewhere], NOW + timedelta(minutes=1))
    assert [(one.order_id, one.outcome) for one in outcomes] == [
        ("A-1", "replayed"),
        ("A-1", "conflict"),
        ("A-2", "created"),
        ("A-2", "replayed"),
        ("A-1", "created"),
    ]
    assert outcomes[1].key is None
    assert outcomes[2].key == outcomes[3].key


def test_an_order_that_contradicts_another_of_the_same_call_is_a_conflict(store: Store) -> None:
    one, other = order_of(document()), order_of(document(channel="web"))
    outcomes = accept(store, small_rules(), [one, other], NOW)
    assert [outcome.outcome for outcome in outcomes] == ["created", "conflict"]


def test_a_thousand_orders_are_kept_in_parts_and_none_is_lost(store: Store) -> None:
    many = [order_of(document(order_id=f"A-{number}")) for number in range(1100)]
    assert {outcome.outcome for outcome in accept(store, small_rules(), many, NOW)} == {"created"}
    with store.read() as s:
        assert len(orders.open_work(s)) == 4400
        told = [event.kind for order in open_orders(s) for event in events.events_of(s, order_key=order.key)]
        assert told == ["order"] * 1100


def test_no_orders_are_no_outcomes(store: Store) -> None:
    assert accept(store, small_rules(), [], NOW) == []
