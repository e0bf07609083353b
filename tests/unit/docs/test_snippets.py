"""What the README shows is what happens."""

import re
import shutil
from pathlib import Path

from typer.testing import CliRunner

from batcher.cli.main import app
from batcher.rules.schema import inspect

ROOT = Path(__file__).parents[3]
FLOOR = ROOT / "config" / "floor"


def _snippet(name: str) -> list[str]:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    found = re.search(rf"^<!-- {name}: .*?-->\n```text\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert found is not None
    return found.group(1).splitlines()


def test_the_broken_rule_is_told_as_the_readme_says(tmp_path: Path) -> None:
    floor = tmp_path / "floor"
    shutil.copytree(FLOOR, floor)
    for name, before, after in (
        ("release.yaml", r"slack_floor: [^#\n]+?(?= #|$)", "slack_floor: soon"),
        ("services.yaml", "order_by:", "oder_by:"),
    ):
        text = (floor / name).read_text(encoding="utf-8")
        # the comments at the top name keys too
        head, mark, body = text.partition("\n\n")
        (floor / name).write_text(head + mark + re.sub(before, after, body, count=1, flags=re.MULTILINE))

    result = CliRunner().invoke(app, ["check", str(floor)])

    assert result.exit_code == 78
    assert result.stderr.replace(str(floor), "config/floor").splitlines() == _snippet("faults")


def test_a_sku_is_matched_as_the_readme_says(tmp_path: Path) -> None:
    environment = {"BATCHER_STATE_DIR": str(tmp_path), "BATCHER_RULES": str(FLOOR)}
    result = CliRunner(env=environment).invoke(app, ["rules", "match", "MUG-CER-WHITE-01"])

    assert result.stdout.splitlines() == _snippet("match")


def test_every_rules_file_that_is_shipped_loads_without_a_word() -> None:
    # sources stand beside a floor and are no floor; `test_source_examples` looks at them
    directories = {path.parent for path in (ROOT / "config").rglob("*.yaml") if path.parent.name != "sources"}
    assert FLOOR in directories

    for directory in directories:
        found = inspect(directory)
        assert (found.faults, found.warnings) == ((), ())
