"""`batcher check` and `batcher rules` on real directories."""

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from batcher.cli.check import check
from batcher.cli.exit_codes import ExitCode
from batcher.cli.rules import rules
from batcher.errors import NotFoundError, RulesError
from tests.builders_rules import REPOSITORY, SMALL_FLOOR, rules_directory

APP = typer.Typer()
APP.command()(check)
APP.add_typer(rules, name="rules")
RUNNER = CliRunner()


def test_good_rules_are_told_with_their_counts_and_hash() -> None:
    result = RUNNER.invoke(APP, ["check", str(SMALL_FLOOR)])

    assert result.exit_code == ExitCode.OK
    assert result.stdout.startswith("ok: 4 stations, 4 products, 2 services, 2 batch rules, 3 SKUs; rules ")
    assert result.stderr == ""


def test_bad_rules_end_with_78_and_every_fault_on_stderr(tmp_path: Path) -> None:
    directory = rules_directory(tmp_path, more="stations: {x: {proces: press}}\n")

    result = RUNNER.invoke(APP, ["check", str(directory)])

    assert result.exit_code == 78
    assert result.stdout == ""
    assert result.stderr.splitlines() == [
        f"{directory}/more.yaml:1:12: 'process' is missing",
        f"{directory}/more.yaml:1:12: 'cost_per_hour_minor' is missing",
        f"{directory}/more.yaml:1:16: unknown key 'proces'; did you mean 'process'?",
        "3 faults; not usable",
    ]


def test_warnings_are_told_and_do_not_fail(tmp_path: Path) -> None:
    directory = rules_directory(tmp_path, more="calendars: {spare: {hours: {mon: 10:00-12:00}}}\n")

    result = RUNNER.invoke(APP, ["check", str(directory)])

    assert result.exit_code == 0
    assert result.stderr == f"warning: {directory}/more.yaml:1:13: 'spare' is used by nothing\n"


def test_faults_as_json_have_file_line_and_column(tmp_path: Path) -> None:
    directory = rules_directory(tmp_path, more="planning: {budget: 5}\n")
    (directory / "batching.yaml").write_text("batch_rules: [{id: rest}]\n")

    result = RUNNER.invoke(APP, ["check", str(directory), "--json"])

    document = json.loads(result.stdout)
    assert result.exit_code == 78
    assert document["ok"] is False
    (fault,) = document["faults"]
    assert (fault["file"], fault["line"], fault["column"]) == (f"{directory}/more.yaml", 1, 20)
    assert fault["code"] == "duration"


def test_match_tells_why_the_rules_before_do_not_take_a_sku() -> None:
    result = RUNNER.invoke(APP, ["rules", "match", "MUG-1", "--rules", str(SMALL_FLOOR)])

    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "step 1: paper-print in sheet -> sheets",
        "  + sheets: takes it: anything on the same fixture, at most 3 different product",
        "step 2: press in mug-rack -> rest",
        "  - sheets: process is press, the rule wants paper-print",
        "  + rest: takes it: same product, finish",
        "  family: product mug, finish white",
    ]


def test_match_as_json_has_every_step() -> None:
    result = RUNNER.invoke(APP, ["rules", "match", "MUG-1", "--rules", str(SMALL_FLOOR), "--json"])

    assert [step["rule"] for step in json.loads(result.stdout)] == ["sheets", "rest"]


def test_an_unknown_sku_and_bad_rules_are_errors_with_codes(tmp_path: Path) -> None:
    unknown = RUNNER.invoke(APP, ["rules", "match", "LAMP-1", "--rules", str(SMALL_FLOOR)])
    bad = RUNNER.invoke(APP, ["rules", "show", "--rules", str(tmp_path)])

    assert isinstance(unknown.exception, NotFoundError)
    assert isinstance(bad.exception, RulesError)


@pytest.mark.parametrize(
    ("command", "path"), [("schema", Path("config/rules.schema.json")), ("reference", Path("docs/rules.md"))]
)
def test_generated_files_are_printed_as_they_are_kept(command: str, path: Path) -> None:
    result = RUNNER.invoke(APP, ["rules", command])

    assert result.stdout == (REPOSITORY / path).read_text(encoding="utf-8")


def test_show_tells_the_rules_with_their_defaults() -> None:
    text = RUNNER.invoke(APP, ["rules", "show", "--rules", str(SMALL_FLOOR)]).stdout
    document = json.loads(RUNNER.invoke(APP, ["rules", "show", "--rules", str(SMALL_FLOOR), "--json"]).stdout)

    assert "Small floor, Europe/Berlin; rules " in text
    assert "90 min" in text
    assert document["time_zone"] == "Europe/Berlin"
    assert [rule["id"] for rule in document["batch_rules"]] == ["sheets", "rest"]
