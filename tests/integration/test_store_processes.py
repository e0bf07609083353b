"""The store under real processes: one daemon at a time, and a death at any moment leaves the old or the new."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest


def run(mode: str, directory: Path, *more: str) -> Any:
    command = [sys.executable, "-m", "tests.store_process", mode, str(directory), *more]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.again
def test_of_twenty_processes_one_gets_the_store(tmp_path: Path) -> None:
    assert run("race", tmp_path, "20") == {"won": 1, "refused": 19, "holder": 1}


@pytest.mark.proof
def test_a_unit_of_work_killed_before_any_statement_is_not_there_and_nothing_is_broken(tmp_path: Path) -> None:
    for name, result in run("kill", tmp_path).items():
        *killed, done = result["states"]
        assert result["code"] == 0, name
        assert result["deaths"] >= 5, name
        assert len(set(killed)) == 1, name
        assert done != killed[0], name
        assert result["problems"] == [], name


@pytest.mark.slow
def test_an_upgrade_killed_anywhere_is_not_there_or_whole(tmp_path: Path) -> None:
    result = run("kill_upgrade", tmp_path)
    assert result["deaths"] >= 20
    assert set(result["revisions"][:-1]) == {None}
    assert result["problems"] == []
