"""The proof of `make shops-proof` with the orders of a morning, made up, in place of a week."""

import json
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import pytest

from batcher.rules.schema import load_rules
from batcher.simulate.generator import orders
from tests.builders_api import RULES
from tests.proofs.shops import prove

#: Whoever orders so is waited for no longer than until the next evening.
_SOON = ("same-day", "next-day")


@pytest.mark.proof
def test_what_three_shops_sell_in_a_morning_is_accounted_for_to_the_last_event_and_promise(tmp_path: Path) -> None:
    made_up = orders(load_rules(RULES), seed=1, start_at=datetime(2026, 11, 23, 8, 0, tzinfo=UTC), rate_per_day=900)
    morning = list(islice((order for order in made_up if order["service"] in _SOON), 45))
    trace = tmp_path / "morning.jsonl"
    trace.write_text("".join(f"{json.dumps(order)}\n" for order in morning), encoding="utf-8")

    proof = prove(trace, None, policy="ours-without=planner")  # greedy plans are quick, and nothing here is about them

    assert proof.faults == []
    assert proof.account.orders == {"steady": 15, "faulty": 15, "checkout": 15}
    assert proof.account.promises >= 14
    assert proof.account.deliveries > proof.account.events > 150
