from collections.abc import Iterator
from pathlib import Path

import pytest

from batcher.services.context import Floor
from tests.builders_api import opened_floor


@pytest.fixture
def floor(tmp_path: Path) -> Iterator[Floor]:
    with opened_floor(tmp_path) as opened:
        yield opened
