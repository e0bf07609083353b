"""
Bad rules files: each case of the catalogue is refused in words that name the place.

``tests/data/rules/bad/NN-name`` holds the files that are laid over the small floor, and what must be told of them.
"""

import random
import re
import shutil
from pathlib import Path

import pytest

from batcher.errors import RulesError
from batcher.rules.schema import inspect, load_rules
from tests.builders_rules import DATA, rules_directory, told, warned

#: What a hand that slips, or a program that writes rules badly, puts in place of a word.
SLIPS = (
    "", "5", "-1", "true", "~", "[]", "{}", "[a, b]", "{a: b}", "1e9", "2026-01-01", "closed", "50 %", "2 h", ".nan",
    "*", "'", "{fixture: sheet}", "[{fixture: tin-jig}]", "[{id: x}]", "mug", "07:00-19:00", "9" * 30,
)  # fmt: skip

CASES = sorted((DATA / "bad").iterdir())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_bad_file_is_refused_with_file_line_and_column(case: Path, tmp_path: Path) -> None:
    directory = rules_directory(tmp_path)
    for file in case.iterdir():
        if file.name != "expected.txt":
            shutil.copy(file, directory)
    expected = (case / "expected.txt").read_text().splitlines()

    found = told(directory)

    for line in expected:
        assert any(line in fault for fault in found), f"{line!r} is not in {found}"
    assert len(found) == len(expected), found


def test_six_faults_of_three_files_are_told_at_once(tmp_path: Path) -> None:
    directory = rules_directory(
        tmp_path,
        batching="""\
batch_rules:
  - id: sheets
    where: {proces: paper-print}
    max_items: 0
  - id: rest
    release: {slack_floor: 90}
""",
        more="""\
stations:
  uv-1:
    process: uv-print
  press-2: {process: pres, cost_per_hour_minor: 1}
""",
    )
    (directory / "catalogue.csv").write_text("sku,product,finish\nM-1,mug,white\nM-2,cup,white\n")

    assert told(directory) == [
        "batching.yaml:3:13: unknown key 'proces'; did you mean 'process'?",
        "batching.yaml:4:16: max_items must be at least 1, not the number 0",
        'batching.yaml:6:28: slack_floor must be a duration with its unit, such as "90 s", "15 min", "2 h" or '
        '"1 d", '
        "not the number 90",
        "catalogue.csv:3:1: unknown product 'cup'; use one of: mug, sign, tile, tin",
        "more.yaml:2:3: stations 'uv-1' is defined again; first at floor.yaml:28:3",
        "more.yaml:4:22: process: unknown process 'pres'; did you mean 'press'?",
    ]


def test_loading_bad_rules_raises_every_fault(tmp_path: Path) -> None:
    directory = rules_directory(tmp_path, more="stations: {x: {}}\n")

    with pytest.raises(RulesError) as caught:
        load_rules(directory)

    assert [fault.code for fault in caught.value.faults] == ["missing", "missing"]
    assert "more.yaml:1:12: 'process' is missing" in str(caught.value)


def test_a_file_nested_without_end_is_refused_and_not_recursed_into(tmp_path: Path) -> None:
    for deep in ("[" * 5000, "{a: " * 5000, "a:\n" + "".join(f"{' ' * n}- \n" for n in range(1, 400))):
        shutil.rmtree(tmp_path / "rules", ignore_errors=True)
        directory = rules_directory(tmp_path, more=f"batch_rules: {deep}\n" if deep[0] != "a" else deep)

        (fault,) = inspect(directory).faults

        assert fault.code in ("too_deep", "syntax")
        assert "more.yaml:" in fault.where


def test_secrets_are_warned_of_and_never_repeated(tmp_path: Path) -> None:
    directory = rules_directory(tmp_path)
    floor = directory / "floor.yaml"
    floor.write_text(floor.read_text().replace("name: Small floor", "name: amqp://me:hunter2@broker/x"))

    (warning,) = warned(directory)

    assert warning.startswith("floor.yaml:2:3: 'name' looks like a secret")
    assert "hunter2" not in warning


def test_a_key_that_asks_for_a_secret_is_a_fault_and_its_value_is_not_repeated(tmp_path: Path) -> None:
    directory = rules_directory(tmp_path, more="planning:\n  api_key: hunter2\n")
    (directory / "batching.yaml").write_text("batch_rules: [{id: rest}]\n")

    found = inspect(directory)

    assert [fault.code for fault in found.faults] == ["unknown_key"]
    assert [warning.code for warning in found.warnings] == ["secret"]
    assert "hunter2" not in f"{found.faults}{found.warnings}"


def test_control_characters_of_a_file_do_not_reach_the_message(tmp_path: Path) -> None:
    directory = rules_directory(tmp_path, more='"\\e[2J": 1\n')

    (fault,) = told(directory)

    assert fault.startswith("more.yaml:1:1: unknown section '\\x1b[2J'; use one of: ")
    assert fault.isprintable()


@pytest.mark.parametrize("seed", range(25))
def test_a_file_changed_at_random_is_good_or_has_faults_with_places(seed: int, tmp_path: Path) -> None:
    directory = rules_directory(tmp_path)
    lines = [line for name in ("floor", "batching") for line in (directory / f"{name}.yaml").read_text().splitlines()]
    (directory / "batching.yaml").unlink()
    chance = random.Random(seed)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(lines))
        word = chance.choice(list(re.finditer(r"[A-Za-z0-9:-]+|^$", lines[at])))
        lines[at] = lines[at][: word.start()] + chance.choice(SLIPS) + lines[at][word.end() :]
    (directory / "floor.yaml").write_text("\n".join(lines) + "\n")

    found = inspect(directory)

    assert (found.rules is None) == bool(found.faults)
    for fault in (*found.faults, *found.warnings):
        path, line, column = fault.where.rsplit(":", 2)
        assert Path(path).parent == directory or Path(path) == directory
        assert int(line) >= 1
        assert int(column) >= 1


def test_what_nothing_uses_is_warned_of(tmp_path: Path) -> None:
    directory = rules_directory(
        tmp_path,
        more="""\
calendars:
  spare: {hours: {sun: 10:00-12:00}}
fixtures:
  old-jig: {process: uv-print, capacity: 3}
products:
  lamp: {route: [{fixture: tin-jig}]}
""",
    )

    assert warned(directory) == [
        "more.yaml:2:3: 'spare' is used by nothing",
        "more.yaml:4:3: 'old-jig' is used by nothing",
        "more.yaml:6:3: product 'lamp' is never made: no SKU of the catalogue is it, and it has no skus",
    ]


def test_jobs_that_only_some_rules_take_are_warned_of(tmp_path: Path) -> None:
    directory = rules_directory(
        tmp_path,
        batching="""\
batch_rules:
  - id: small
    where: {max_quantity: 5, remake: false}
  - id: red
    where: {finish: red}
""",
    )

    found = warned(directory)

    assert len(found) == 6
    assert found[0].endswith(
        "no batch rule is sure to take step 1 of 'tin' of a remake in an order of 1 piece, service next-day, "
        "tier standard; add a last rule without where"
    )
