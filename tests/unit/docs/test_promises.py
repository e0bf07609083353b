"""The table of promises: all thirty, each with tests that exist."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent.parent
_NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
_ROWS = [
    [cell.strip() for cell in line.strip().strip("|").split("|")]
    for line in (ROOT / "docs" / "promises.md").read_text().splitlines()
    if line.startswith("| P")
]


@cache
def collected_from(path: Path) -> set[str]:
    """Return the tests that would be collected from a file."""
    assert path.name.startswith("test_")
    tree = ast.parse(path.read_text())
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")}


def test_all_thirty_promises_are_told_in_their_order() -> None:
    assert [row[0] for row in _ROWS] == [f"P{number}" for number in range(1, 31)]


@pytest.mark.parametrize("row", _ROWS, ids=[row[0] for row in _ROWS])
def test_a_promise_names_tests_that_exist_or_says_what_is_less(row: list[str]) -> None:
    named = _NAMED.findall(row[3])
    assert named or row[1].startswith("Less: ")
    for file, test in named:
        assert test in collected_from(ROOT / file), f"{file} has no {test}"
