"""A few of the floors that `make test-crash` plays by the hundred."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.crash.older import make_older, set_back


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler to build the faults with")
def test_a_daemon_that_dies_anywhere_loses_nothing_and_makes_nothing_twice() -> None:
    command = [sys.executable, "-m", "tests.crash", "--floors", "2", "--seed", "1"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["broken"] == []
    assert report["kills"] >= 4


def test_a_database_whose_making_was_cut_off_is_not_set_back(tmp_path: Path) -> None:
    cut_off, older = tmp_path / "floor.db", tmp_path / "older.db"
    cut_off.touch()
    make_older(older)
    set_back(cut_off, older)
    assert cut_off.stat().st_size == 0
