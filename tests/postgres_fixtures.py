"""A PostgreSQL server for a whole run of tests, and a database of its own for each test that asks for one."""

import contextlib
import os
from collections.abc import Iterator
from itertools import count

import pytest
from sqlalchemy import NullPool, create_engine, make_url, text

from tests.postgres_server import PostgresServer, running_server, server_binaries

_names = count(1)
_NONE = "no PostgreSQL: neither BATCHER_TEST_POSTGRES_URL nor /usr/lib/postgresql/*/bin"


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    given = os.environ.get("BATCHER_TEST_POSTGRES_URL")
    binaries = server_binaries()
    if given:
        yield given
    elif binaries is None:
        pytest.skip(_NONE)
    else:
        with running_server(binaries) as server:
            yield server.url


@pytest.fixture
def own_postgres_server() -> Iterator[PostgresServer]:
    """Return a server that a test may stop and start."""
    binaries = server_binaries()
    if binaries is None:
        pytest.skip(_NONE)
    with running_server(binaries) as server:
        yield server


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    with new_database(postgres_server) as found:
        yield found


@contextlib.contextmanager
def new_database(server: str) -> Iterator[str]:
    name = f"batcher_test_{os.getpid()}_{next(_names)}"
    engine = create_engine(
        make_url(server).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT", poolclass=NullPool
    )
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    yield make_url(server).set(database=name).render_as_string(hide_password=False)
    with engine.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    engine.dispose()
