"""A store for tests of intake."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from batcher.store import migrate
from batcher.store.session import Store
from tests.builders_store import fresh_store, sqlite_url


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    directory = tmp_path / "store"
    directory.mkdir()
    opened = fresh_store(directory)
    yield opened
    opened.close()
    assert migrate.check(sqlite_url(directory)) == []
