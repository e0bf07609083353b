"""YAML 1.2 as rules files use it: what a scalar means, and where it stands."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batcher.rules.files import Source
from batcher.rules.yaml_source import Document, LookAlike, parse


def read(text: str) -> Document:
    """Return the document of a text that has no faults."""
    document, faults = parse(Source(Path("a.yaml"), "a.yaml", text.encode(), text))
    assert faults == []
    assert document is not None
    return document


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("16:30", "16:30"),
        ("NO", "NO"),
        ("on", "on"),
        ("yes", "yes"),
        ("true", True),
        ("False", False),
        ("12", 12),
        ("010", 10),
        ("-3", -3),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("1_000", "1_000"),
        ("2026-12-24", "2026-12-24"),
        ("0x1F", "0x1F"),
        ('"12"', "12"),
        ("'true'", "true"),
        ('""', ""),
        ("50 %", "50 %"),
        ("07:00-19:00", "07:00-19:00"),
        ("1100 x 600 mm", "1100 x 600 mm"),
    ],
)
def test_a_scalar_means_what_yaml_1_2_says(text: str, value: object) -> None:
    found = read(f"key: {text}\n").data["key"]

    assert found == value
    assert isinstance(found, bool) == isinstance(value, bool)


@pytest.mark.parametrize("text", ["1_000", "2026-12-24", "0x1F", "0o17", "1_0.5"])
def test_text_that_others_take_for_a_number_or_a_date_is_marked(text: str) -> None:
    assert isinstance(read(f"key: {text}\n").data["key"], LookAlike)
    assert not isinstance(read(f'key: "{text}"\n').data["key"], LookAlike)


def test_places_are_those_of_keys_and_values() -> None:
    document = read("a:\n  - id: x\n    list: [1, 22, {k: v}]\n")

    assert document.at(("a", 0, "id")) == "a.yaml:2:9"
    assert document.at(("a", 0, "id"), key=True) == "a.yaml:2:5"
    assert document.at(("a", 0, "list", 1)) == "a.yaml:3:15"
    assert document.at(("a", 0, "list", 2, "k")) == "a.yaml:3:23"


def test_the_place_of_what_is_not_there_is_that_of_what_is_around_it() -> None:
    document = read("a:\n  b: {c: 1}\n")

    assert document.at(("a", "b", "missing")) == "a.yaml:2:6"
    assert document.at(("a", "b", "missing"), key=True) == "a.yaml:2:3"
    assert document.at(("nothing",)) == "a.yaml:1:1"


@settings(max_examples=300, deadline=None)
@given(st.text(st.sampled_from("ab: -[]{}'\"\n\t#&*!|>%@`,?0.~"), max_size=60))
def test_any_text_gives_a_document_or_faults_with_places_and_never_anything_else(text: str) -> None:
    document, faults = parse(Source(Path("a.yaml"), "a.yaml", text.encode(), text))

    assert document is not None or faults
    for fault in faults:
        path, line, column = fault.where.split(":")
        assert path == "a.yaml"
        assert int(line) >= 1
        assert int(column) >= 1
