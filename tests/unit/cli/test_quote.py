"""`batcher quote` without a daemon: a plan is made, dates are told, room is kept."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from batcher.cli.main import app
from batcher.store import migrate
from tests.builders_api import RULES


def test_every_service_is_quoted_and_one_is_reserved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BATCHER_STATE_DIR", str(tmp_path))
    monkeypatch.setenv("BATCHER_RULES", str(RULES))
    migrate.upgrade(f"sqlite:///{tmp_path / 'batcher.db'}")

    told = CliRunner().invoke(app, ["quote", "TIN-CAK-NATURAL-01=2"])
    kept = CliRunner().invoke(app, ["quote", "MUG-CER-WHITE-01", "--service", "economy", "--reserve", "30", "--json"])

    assert (told.exit_code, kept.exit_code) == (0, 0)
    assert {"same-day", "next-day", "standard", "economy"} <= set(told.stdout.split())
    answer = json.loads(kept.stdout[kept.stdout.index("{\n") :])
    assert answer["reservation"]["leave_by_at"] == answer["offers"][0]["leave_by_at"]
    assert answer["reservation"]["state"] == "standing"
