"""The generated files are what the shapes say, and tell every key."""

from typing import Any

import jsonschema
import pytest

from batcher.rules.grammar import KIND
from batcher.rules.json_schema import rules_schema, rules_schema_text
from batcher.rules.reference import KINDS, reference_page
from batcher.rules.rule_models import RulesFile
from tests.builders_rules import REPOSITORY

SCHEMA = rules_schema()
KEYS = [(shape, key, node) for shape, facts in SCHEMA["$defs"].items() for key, node in facts["properties"].items()]


def test_the_schema_in_the_repository_is_the_generated_one() -> None:
    stored = (REPOSITORY / "config" / "rules.schema.json").read_text(encoding="utf-8")

    assert stored == rules_schema_text(), "run: batcher rules schema > config/rules.schema.json"


def test_the_reference_in_the_repository_is_the_generated_one() -> None:
    stored = (REPOSITORY / "docs" / "rules.md").read_text(encoding="utf-8")

    assert stored == reference_page(), "run: batcher rules reference > docs/rules.md"


def test_the_schema_is_a_valid_one() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize(("shape", "key", "node"), KEYS, ids=[f"{shape}.{key}" for shape, key, _ in KEYS])
def test_every_key_has_a_meaning_and_examples_that_it_takes(shape: str, key: str, node: dict[str, Any]) -> None:
    assert node["description"].endswith(".")
    assert node["examples"]
    for example in node["examples"]:
        jsonschema.Draft202012Validator({**node, "$defs": SCHEMA["$defs"]}).validate(example)


def test_every_kind_of_value_is_explained() -> None:
    own_words = {"setup state"}
    kinds = set(_kinds(SCHEMA))

    assert {kind for kind in kinds if not kind.endswith(" id")} - own_words == set(KINDS)


def test_the_page_tells_every_section_and_key() -> None:
    page = reference_page()

    for section in RulesFile.model_fields:
        assert f"\n## {section}\n" in page
    for _, key, node in KEYS:
        assert f"| `{key}` |" in page
        assert node["description"] in page


@pytest.mark.parametrize(
    "document",
    [
        {"stations": {"a": {"process": "press", "cost_per_hour_minor": 1, "speed": 2}}},
        {"stations": {"a b": {"process": "press", "cost_per_hour_minor": 1}}},
        {"site": {"name": "x", "time_zone": "Europe/London", "currency": "pounds"}},
        {"planning": {"budget": 5}},
        {"batch_rules": {"id": "x"}},
        {"services": {"x": {"order_by": 990}}},
        {"station": {}},
    ],
)
def test_the_schema_refuses_what_the_loader_refuses(document: dict[str, Any]) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(SCHEMA).validate(document)


def _kinds(node: Any) -> list[str]:
    if isinstance(node, dict):
        own = [node[KIND]] if isinstance(node.get(KIND), str) else []
        return own + [kind for value in node.values() for kind in _kinds(value)]
    return [kind for value in node for kind in _kinds(value)] if isinstance(node, list) else []
