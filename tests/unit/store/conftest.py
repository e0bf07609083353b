"""Every test of what the store does runs on SQLite and, where there is one, on PostgreSQL."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from batcher.store import migrate
from batcher.store.session import Store
from batcher.store.tables import metadata
from tests.builders_store import lay_empty_database, sqlite_url
from tests.postgres_fixtures import new_database


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the URL of a database that is not there yet, or empty."""
    if request.param == "sqlite":
        return sqlite_url(tmp_path)
    found: str = request.getfixturevalue("postgres_url")
    return found


@pytest.fixture(scope="session")
def shared_postgres_url(postgres_server: str) -> Iterator[str]:
    with new_database(postgres_server) as found:
        migrate.upgrade(found)
        yield found


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """Open an empty store; what a test leaves in it must be sound."""
    url = lay_empty_database(tmp_path) if request.param == "sqlite" else request.getfixturevalue("shared_postgres_url")
    opened = Store.open(url, exclusive=True)
    yield opened
    problems = migrate.check(url)
    if request.param == "postgresql":
        with opened.write() as s:
            s.execute(text("TRUNCATE " + ", ".join(metadata.tables) + " RESTART IDENTITY"))
    opened.close()
    assert problems == []
