"""A client of the application over a fresh floor."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from batcher.api.app import create_app
from batcher.api.health import Health
from batcher.services.context import Floor
from tests.builders_api import client_of, opened_floor


@pytest.fixture
def floor(tmp_path: Path) -> Iterator[Floor]:
    with opened_floor(tmp_path) as opened:
        yield opened


@pytest.fixture
def health() -> Health:
    return Health()


@pytest.fixture
def client(floor: Floor, health: Health) -> Iterator[httpx.Client]:
    with client_of(create_app(floor, health)) as opened:
        yield opened
