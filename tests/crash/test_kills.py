"""A few of the floors that `make test-crash` plays by the hundred."""

import json
import shutil
import subprocess
import sys

import pytest


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler to build the faults with")
def test_a_daemon_that_dies_anywhere_loses_nothing_and_makes_nothing_twice() -> None:
    command = [sys.executable, "-m", "tests.crash", "--floors", "2", "--seed", "1"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["broken"] == []
    assert report["kills"] >= 4
