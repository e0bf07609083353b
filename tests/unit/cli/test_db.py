"""`batcher db`: upgrade, backup and check on a real database."""

import json
import sqlite3
from pathlib import Path

import pytest
from typer.testing import CliRunner

from batcher.cli.db import db
from batcher.errors import SchemaVersionError, StoreError
from batcher.store.schema import HEAD
from batcher.store.session import Store
from tests.builders_store import add, sqlite_url


@pytest.fixture(autouse=True)
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("BATCHER_SETTINGS", raising=False)
    monkeypatch.setenv("BATCHER_DATABASE_URL", sqlite_url(tmp_path))
    return tmp_path / "batcher.db"


def run(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(db, arguments)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.exit_code, done.stdout


def test_upgrade_makes_a_database_and_then_has_nothing_to_do(database: Path) -> None:
    assert run("upgrade") == (0, f"schema none -> {HEAD}\n")
    assert database.exists()
    assert run("upgrade") == (0, f"schema {HEAD}, nothing to do\n")
    assert json.loads(run("upgrade", "--json")[1]) == {"before": HEAD, "after": HEAD}


def test_check_says_all_is_well_of_a_sound_database() -> None:
    run("upgrade")
    assert run("check") == (0, "all is well\n")
    code, out = run("check", "--json")
    assert (code, json.loads(out)) == (0, {"ok": True, "problems": []})


def test_check_ends_with_1_and_says_what_is_wrong(database: Path, tmp_path: Path) -> None:
    run("upgrade")
    store = Store.open(sqlite_url(tmp_path), exclusive=True)
    with store.write() as s:
        key = add(s)
    store.close()
    connection = sqlite3.connect(database)
    connection.execute("UPDATE jobs SET state = 'released' WHERE step = 1")
    connection.commit()
    connection.close()
    code, out = run("check", "--json")
    assert code == 1
    (problem,) = json.loads(out)["problems"]
    assert "is released, and on no live ticket" in problem
    assert run("check") == (1, f"{problem}\n")
    assert key


def test_a_backup_can_be_opened_in_place_of_the_database(tmp_path: Path) -> None:
    run("upgrade")
    copy = tmp_path / "copy.db"
    code, out = run("backup", str(copy))
    assert (code, out) == (0, f"{copy}: {copy.stat().st_size} bytes\n")
    Store.open(f"sqlite:///{copy}", exclusive=True).close()
    with pytest.raises(StoreError, match="exists"):
        run("backup", str(copy))
    with pytest.raises(StoreError, match="no folder"):
        run("backup", str(tmp_path / "nowhere" / "copy.db"))


def test_a_database_of_a_newer_version_is_left_alone(database: Path) -> None:
    run("upgrade")
    connection = sqlite3.connect(database)
    connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.commit()
    connection.close()
    with pytest.raises(SchemaVersionError, match="newer"):
        run("upgrade")
    assert run("check")[0] == 1
