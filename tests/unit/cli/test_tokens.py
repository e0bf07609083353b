"""`batcher token` without a daemon: made once, listed without the secret, revoked."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from batcher.cli.main import app
from batcher.store import migrate
from tests.builders_api import RULES

Run = Callable[..., tuple[int, str]]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    environment = {"BATCHER_STATE_DIR": str(tmp_path), "BATCHER_RULES": str(RULES)}
    migrate.upgrade(f"sqlite:///{tmp_path / 'batcher.db'}")

    def invoke(*words: str) -> tuple[int, str]:
        result = CliRunner().invoke(app, list(words), env=environment)
        return result.exit_code, result.stdout

    return invoke


def test_a_token_is_shown_once_then_listed_without_it_then_revoked(run: Run) -> None:
    code, told = run("token", "create", "shop", "--scope", "orders:read", "--source", "shop")
    _, listed = run("token", "list", "--json")
    revoked, _ = run("token", "revoke", "shop")
    _, after = run("token", "list", "--json")

    assert (code, revoked) == (0, 0)
    secret = told.splitlines()[-1]  # a runner mixes the log in; `main` sends it elsewhere
    assert secret.startswith("btr_")
    assert secret not in listed
    (token,) = json.loads(listed)
    assert (token["name"], token["scopes"], token["source"]) == ("shop", ["orders:read"], "shop")
    assert (token["revoked_at"], bool(json.loads(after)[0]["revoked_at"])) == (None, True)
