"""The layers hold: every contract of import-linter is kept, and each of them catches what it is there for."""

import ast
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import planted_imports
from tests.planted_imports import Plant

ROOT = Path(__file__).parents[2]

#: An import that says nothing: what the package is like as it stands.
NOTHING = Plant("batcher.errors", "import dataclasses")
#: Every import that must not be, and a contract that it breaks.
ILLEGAL = {
    Plant("batcher.domain.orders", "import requests"): "network",
    Plant("batcher.domain.orders", "import pydantic"): "pure-core",
    Plant("batcher.domain.states", "import batcher.store.orders"): "layers",
    Plant("batcher.errors", "import batcher.settings"): "layers",
    Plant("batcher.planning.greedy", "import sqlmodel"): "sql",
    Plant("batcher.planning.solve", "import batcher.settings"): "pure-core",
    Plant("batcher.planning.solve", "import prometheus_client"): "pure-core",
    Plant("batcher.planning.layout", "import batcher.store.session"): "layers",
    Plant("batcher.planning.verify", "import batcher.planning.greedy"): "verifier",
    Plant("batcher.rules.facts", "import batcher.rules.schema"): "pure-core",
    Plant("batcher.rules.ruleset", "import ruamel.yaml"): "pure-core",
    Plant("batcher.rules.schema", "import ortools"): "ortools",
    Plant("batcher.store.orders", "import batcher.rules.ruleset"): "store",
    Plant("batcher.store.session", "import batcher.metrics"): "store",
    Plant("batcher.dispatch.hotfolder", "import batcher.store.session"): "transports",
    Plant("batcher.intake.accept", "import batcher.dispatch.ticket"): "layers",
    Plant("batcher.intake.documents", "import sqlalchemy"): "sql",
    Plant("batcher.services.cycle", "import fastapi"): "web",
    Plant("batcher.services.cycle", "import batcher.daemon.loops"): "layers",
    Plant("batcher.simulate.virtual_station", "import batcher.dispatch.folders"): "machines",
    Plant("batcher.simulate.generator", "import batcher.api.app"): "layers",
    Plant("batcher.api.app", "import httpx"): "network",
    Plant("batcher.daemon.main", "import typer"): "typer",
    Plant("batcher.cli.orders", "import sqlalchemy"): "sql",
    Plant("batcher.helpers", "import json"): "layers",
}  # fmt: skip


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> dict[Plant, list[str]]:
    """Return the contracts that each plant breaks; one process looks at all of them."""
    copy = tmp_path_factory.mktemp("planted")
    shutil.copytree(ROOT / "batcher", copy / "batcher", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", copy)
    plants = [NOTHING, *ILLEGAL]
    found = subprocess.run(
        [sys.executable, planted_imports.__file__, str(copy)],
        input=json.dumps(plants), cwd=copy, capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip
    assert found.returncode == 0, found.stderr
    return dict(zip(plants, json.loads(found.stdout), strict=True))


def test_every_contract_is_kept(broken: dict[Plant, list[str]]) -> None:
    assert broken[NOTHING] == []


@pytest.mark.parametrize("plant", ILLEGAL, ids=lambda plant: f"{plant.module}: {plant.line}")
def test_an_illegal_import_breaks_its_contract(plant: Plant, broken: dict[Plant, list[str]]) -> None:
    assert ILLEGAL[plant] in broken[plant]


def test_every_contract_has_an_import_that_breaks_it() -> None:
    pyproject = (ROOT / "pyproject.toml").read_text(encoding="utf-8").splitlines()

    assert set(ILLEGAL.values()) == {line.split('"')[1] for line in pyproject if line.startswith('id = "')}


def test_the_domain_imports_the_standard_library_and_itself_only() -> None:
    allowed = {*sys.stdlib_module_names, "batcher.domain", "batcher.errors"}

    for path in (ROOT / "batcher" / "domain").rglob("*.py"):
        for name in _imported(path):
            parts = name.split(".")
            assert {parts[0], ".".join(parts[:2])} & allowed, f"{path.name} imports {name}"


def test_nothing_is_imported_by_its_place() -> None:
    for path in (ROOT / "batcher").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_bytes())):
            assert not (isinstance(node, ast.ImportFrom) and node.level), f"{path}:{getattr(node, 'lineno', 0)}"


def _imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""
