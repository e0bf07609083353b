"""Rules directories for tests: a small floor, and copies of it with files changed."""

import os
import shutil
from datetime import UTC, datetime
from pathlib import Path

from batcher.domain.orders import OrderIn, OrderLine
from batcher.rules.schema import inspect

REPOSITORY = Path(__file__).parent.parent
DATA = Path(__file__).parent / "data" / "rules"
SMALL_FLOOR = DATA / "good"
DEMO_FLOOR = REPOSITORY / "config" / "floor"
SHARED = Path(os.environ.get("BATCHER_SHARED", REPOSITORY.parent / "shared"))


def rules_directory(root: Path, **files: str) -> Path:
    """Return a copy of the small floor in `root`; ``batching="..."`` writes batching.yaml anew."""
    directory = root / "rules"
    shutil.copytree(SMALL_FLOOR, directory)
    for name, text in files.items():
        (directory / f"{name}.yaml").write_text(text, encoding="utf-8")
    return directory


def told(directory: Path) -> list[str]:
    """Return every fault of a directory, without the path of the directory."""
    return [str(fault).replace(f"{directory}/", "") for fault in inspect(directory).faults]


def warned(directory: Path) -> list[str]:
    """Return every warning of a directory that has no faults, likewise."""
    found = inspect(directory)
    assert found.faults == ()
    return [str(warning).replace(f"{directory}/", "") for warning in found.warnings]


def an_order(
    sku: str = "MUG-1", *, placed_at: datetime, service: str = "next-day", tier: str = "standard", text: str = ""
) -> OrderIn:
    """Return an order of one line."""
    line = OrderLine(line_id="1", sku=sku, quantity=1, text=text)
    return OrderIn(source="test", order_id="T-1", placed_at=placed_at, service=service, tier=tier, lines=(line,))


def utc(text: str) -> datetime:
    """Return an instant written without its offset, which is UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
