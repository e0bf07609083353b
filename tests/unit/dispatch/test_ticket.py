"""The ticket document: complete, valid by its published schema, and the same in every language by its hash."""

import hashlib
import json
from datetime import timedelta
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from batcher.dispatch.schemas import schema_texts
from batcher.dispatch.ticket import content_hash, priority, ticket_bytes
from batcher.rules.floor import Sheet
from batcher.simulate.machine_ticket import read_ticket
from tests.builders_stations import MONDAY, a_ticket

CONFIG = Path(__file__).parents[3] / "config"


def validate(document: object) -> None:
    schema = json.loads((CONFIG / "ticket.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker()).validate(document)


def test_a_ticket_says_everything_a_station_needs() -> None:
    document = a_ticket("T1", ["a", "b"], sequence=4, run_s=400, changeover_s=120, unattended_ok=True)
    items = document.pop("items")
    digest = document.pop("sha256")
    assert document == {
        "format": "batcher-ticket/1",
        "ticket_id": "T1",
        "batch_id": "B-T1",
        "sequence": 4,
        "station": "uv-1",
        "process": "uv-print",
        "fixture": "tin-jig",
        "setup_state": "tin-jig",
        "changeover": {"needed": True, "seconds": 120},
        "planned_start_at": "2026-03-02T09:00:00Z",
        "planned_end_at": "2026-03-02T09:06:40Z",
        "due_at": "2026-03-02T19:00:00Z",
        "priority": 80,
        "rules_hash": "r1",
        "unattended_ok": True,
        "run_seconds": 400,
        "capacity": 15,
        "sheet": None,
    }
    assert isinstance(items, list)
    assert items[1] == {
        "item_id": "b", "job_id": "b-1", "step": 1, "slot": 2, "x_mm": None, "y_mm": None, "rotated": False,
        "sku": "84988", "product": "tin", "finish": "gold", "text": "Zoë & Łukasz", "artwork": None,
        "artwork_file": None, "artwork_sha256": None,
        "order_id": "o-b", "source": "shop", "check_code": "BCDF",
    }  # fmt: skip
    assert isinstance(digest, str)
    assert len(digest) == 64


def test_every_ticket_is_valid_by_the_published_schema() -> None:
    validate(a_ticket("T1", ["a"]))
    validate(a_ticket("T1", [f"i{n}" for n in range(60)], changeover_s=420, unattended_ok=True))
    on_sheet = a_ticket("T1", ["a", "b"], sheet=Sheet(1100, 600, 5))
    validate(on_sheet)
    assert on_sheet["sheet"] == {"width_mm": 1100, "height_mm": 600}
    assert on_sheet["capacity"] is None


def test_the_published_schema_refuses_what_is_no_ticket() -> None:
    changes: list[dict[str, object]] = [
        {"sequence": 0}, {"due_at": 7}, {"items": []}, {"more": 1}, {"format": "batcher-ticket/2"},
    ]  # fmt: skip
    for change in changes:
        with pytest.raises(jsonschema.ValidationError):
            validate(a_ticket("T1", ["a"]) | change)


@pytest.mark.parametrize("name", sorted(schema_texts()))
def test_published_schemas_are_those_of_the_code(name: str) -> None:
    found = (CONFIG / name).read_text(encoding="utf-8")
    assert found == schema_texts()[name], "stale: run python -m batcher.dispatch.schemas config"


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
def test_any_text_reaches_the_machine_unchanged_and_matches_its_hash(text: str) -> None:
    document = a_ticket("T1", ["a"], text=text)
    content = ticket_bytes(document)
    assert json.loads(content)["items"][0]["text"] == text
    assert read_ticket(content).jobs == {"a": "a-1"}


def test_the_hash_is_over_canonical_json_without_itself() -> None:
    document: dict[str, object] = {"b": [1, {"z": "é", "a": None}], "a": True, "sha256": "0"}
    expected = hashlib.sha256('{"a":true,"b":[1,{"a":null,"z":"é"}]}'.encode()).hexdigest()
    assert content_hash(document) == expected


def test_priority_rises_from_1_to_100_as_slack_runs_out() -> None:
    by_slack_h = {hours: priority(MONDAY, MONDAY + timedelta(hours=hours)) for hours in (-5, 0, 12, 24, 48, 500)}
    assert by_slack_h == {-5: 100, 0: 100, 12: 76, 24: 51, 48: 1, 500: 1}


def test_a_batch_that_makes_no_ticket_is_refused_before_anything_is_stored() -> None:
    with pytest.raises(ValidationError):
        a_ticket("T1", [])
