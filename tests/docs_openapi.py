"""The published schema of the API; `python -m tests.docs_openapi` writes it anew, a test compares it with the code."""

import json
from pathlib import Path
from tempfile import TemporaryDirectory

from batcher.api.app import create_app
from batcher.api.health import Health
from tests.builders_api import opened_floor

COPY = Path(__file__).parent.parent / "docs" / "openapi.json"


def schema() -> str:
    """Return the schema as it is kept in the documentation."""
    with TemporaryDirectory() as directory, opened_floor(Path(directory)) as floor:
        return json.dumps(create_app(floor, Health()).openapi(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    COPY.write_text(schema(), encoding="utf-8")
