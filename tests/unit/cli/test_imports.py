"""`batcher orders import` with no daemon."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from batcher.cli.main import app


@pytest.mark.parametrize("source", ["my shop", "a&b=c", "", "x" * 65])
def test_a_source_that_the_api_would_refuse_is_refused_here_too(tmp_path: Path, source: str) -> None:
    (tmp_path / "orders.json").write_text("[]")
    result = CliRunner().invoke(app, ["orders", "import", str(tmp_path / "orders.json"), "--source", source])
    assert result.exit_code == 2
