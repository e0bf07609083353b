"""Every test of what the store does runs on SQLite and, where there is one, on PostgreSQL."""

import contextlib
import os
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text

from batcher.store import migrate
from batcher.store.session import Store
from batcher.store.tables import metadata
from tests.builders_store import sqlite_url
from tests.postgres_server import running_server, server_binaries

_names = count(1)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    given = os.environ.get("BATCHER_TEST_POSTGRES_URL")
    binaries = server_binaries()
    if given:
        yield given
    elif binaries is None:
        pytest.skip("no PostgreSQL: neither BATCHER_TEST_POSTGRES_URL nor /usr/lib/postgresql/*/bin")
    else:
        with running_server(binaries) as url:
            yield url


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    with new_database(postgres_server) as found:
        yield found


@contextlib.contextmanager
def new_database(server: str) -> Iterator[str]:
    name = f"batcher_test_{os.getpid()}_{next(_names)}"
    engine = create_engine(make_url(server).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    yield make_url(server).set(database=name).render_as_string(hide_password=False)
    with engine.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    engine.dispose()


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
    if request.param == "sqlite":
        url = sqlite_url(tmp_path)
        migrate.upgrade(url)
    else:
        url = request.getfixturevalue("shared_postgres_url")
    opened = Store.open(url, exclusive=True)
    yield opened
    problems = migrate.check(url)
    if request.param == "postgresql":
        with opened.write() as s:
            s.execute(text("TRUNCATE " + ", ".join(metadata.tables) + " RESTART IDENTITY"))
    opened.close()
    assert problems == []
