"""The page on tuning, done as it says: every command of it, on a floor with a few orders."""

import json
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from batcher.cli.main import app
from batcher.rules.schema import load_rules
from batcher.services.context import Floor
from tests.builders_api import RULES, opened_floor
from tests.builders_floor import order_document, take
from tests.builders_simulate import a_few_orders

PAGE = (Path(__file__).parents[3] / "docs" / "tuning.md").read_text(encoding="utf-8")
#: The week is four orders here, so that its simulations take seconds; several seeds take longer and show nothing more.
_SMALLER = ("--seeds", "1", "--no-clairvoyant", "--workers", "1")


@pytest.fixture
def floor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Floor]:
    shutil.copytree(RULES, tmp_path / "config" / "floor")
    trace = "".join(json.dumps(arrival.document) + "\n" for arrival in a_few_orders(4))
    (tmp_path / "week.jsonl").write_text(trace, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BATCHER_STATE_DIR", str(tmp_path))
    monkeypatch.setenv("BATCHER_RULES", str(tmp_path / "config" / "floor"))
    with opened_floor(tmp_path) as opened:
        yield opened


def _lines() -> list[str]:
    blocks = re.findall(r"^```console\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    return [line for block in blocks for line in block.splitlines()]


def _do(line: str) -> str:
    """Do one line of the page and return what it printed."""
    words = shlex.split(line.replace("week.jsonl.gz", "week.jsonl"))
    if words[:2] == ["batcher", "simulate"]:
        command = [sys.executable, "-m", "batcher.cli", *words[1:], *_SMALLER]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout
    if words[0] == "batcher":
        result = CliRunner().invoke(app, words[1:])
        assert result.exit_code == 0, result.output
        return result.output
    assert words[0] == "cp"
    subprocess.run(["sh", "-c", line], check=True)
    return ""


def _change_the_copy() -> None:
    """Put the page's rule where the page says, before the last one."""
    (rule,) = re.findall(r"^```yaml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    batching = Path("config/tried/batching.yaml")
    before, mark, after = batching.read_text(encoding="utf-8").partition("  # Everything else is laid out")
    assert mark
    batching.write_text(f"{before}{rule}\n{mark}{after}", encoding="utf-8")


def test_every_command_of_the_page_works_and_the_rule_is_in_force_at_its_end(floor: Floor) -> None:
    take(floor, order_document("CLK-WAL-WHITE-01"), order_document())
    for line in _lines():
        if line.startswith("systemctl"):  # what it does to a running daemon is held by the acceptance tests
            continue
        _do(line)
        if line.startswith("cp -r"):
            _change_the_copy()
    assert Path("both.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    assert json.loads(Path("both.json").read_text(encoding="utf-8"))["cases"] == ["ours", "config/tried"]
    assert "uv-beds" in {rule.id for rule in load_rules(Path("config/floor"), catalogue=None).batch_rules}


def test_the_pictures_of_the_page_are_there() -> None:
    pictures = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", PAGE)
    assert len(pictures) == 5
    for picture in pictures:
        svg = (Path(__file__).parents[3] / "docs" / picture).read_text(encoding="utf-8")
        assert svg.startswith("<svg xmlns=")
