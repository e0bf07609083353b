"""Commands that act by themselves, because no daemon holds the database."""

import json
import os
import subprocess
import sys
from pathlib import Path

from typer.testing import CliRunner

from batcher.cli.main import app
from tests.builders_api import RULES, opened_floor


def test_standard_output_holds_the_answer_and_nothing_else(tmp_path: Path) -> None:
    with opened_floor(tmp_path):
        pass
    environment = os.environ | {"BATCHER_STATE_DIR": str(tmp_path), "BATCHER_RULES": str(RULES)}
    command = [sys.executable, "-m", "batcher.cli", "stations", "down", "uv-1", "--reason", "lamp broken", "--json"]

    answer = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=True)

    assert json.loads(answer.stdout) == {"recalled": []}
    assert "station_down" in answer.stderr


def test_status_tells_whether_anybody_leads(tmp_path: Path) -> None:
    environment = {"BATCHER_STATE_DIR": str(tmp_path), "BATCHER_RULES": str(RULES)}
    with opened_floor(tmp_path):
        led = CliRunner().invoke(app, ["status"], env=environment).stdout
    left = CliRunner().invoke(app, ["status"], env=environment).stdout

    assert f":{os.getpid()} in epoch 1 since" in led
    assert "Led by nobody since" in left
