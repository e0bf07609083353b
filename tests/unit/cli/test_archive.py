"""`batcher archive`: by hand, without a daemon, on a real floor."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from batcher.cli.archive import archive
from batcher.services import actions
from batcher.services.erasure import forget_old
from batcher.store import news
from tests.builders_api import RULES, opened_floor, order
from tests.builders_floor import later, take


def run(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(archive, arguments)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.exit_code, done.stdout


@pytest.fixture(autouse=True)
def long_ago(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave a database with an order that was cancelled and forgotten months ago, as the command's clock says."""
    with opened_floor(tmp_path) as floor:
        (key,) = take(floor, order())
        actions.cancel_order(floor, key, "", "mia")
        old = later(floor, days=40)
        forget_old(old)
        actions.set_station(old, "uv-1", up=False, reason="lamp", who="mia")
        with old.store.write() as session:
            news.keep_news(session, news.fresh_news(session, limit=1000))
        now = later(floor, days=140).now()
    monkeypatch.delenv("BATCHER_SETTINGS", raising=False)
    monkeypatch.setenv("BATCHER_STATE_DIR", str(tmp_path))
    monkeypatch.setenv("BATCHER_RULES", str(RULES))
    monkeypatch.setenv("BATCHER_CLOCK", f"{now.isoformat()}@2026-01-01T00:00:00+00:00")


def test_what_was_archived_is_told_shown_and_checked(tmp_path: Path) -> None:
    code, out = run("run", "--json")
    told = json.loads(out[out.index("{\n") :])  # behind what is logged, which `main` sends elsewhere
    assert (code, told["counts"]["order"], told["kept_back"]) == (0, 1, 0)
    code, out = run("show", "W-1")
    assert code == 0
    assert "Order W-1 of shop" in out
    assert "cancelled, archived" in out
    assert json.loads(run("show", "W-1", "--json")[1])["kind"] == "order"
    assert run("check") == (0, "all is well\n")
    (path,) = (tmp_path / "archive").glob("*.gz")
    path.unlink()
    code, out = run("check")
    assert code == 1
    assert "cannot be read" in out
