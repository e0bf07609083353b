"""What commands print for a pipe, which is what a test reads too."""

import pytest

from batcher.cli.output import print_table, tell

LONG = "/srv/a/very/long/way/to/a/folder/" + "x" * 200


def test_a_row_is_one_line_for_what_reads_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    print_table("Orders", ("order", "why"), [("W-1", LONG), ("W-2", LONG)], "none")
    lines = capsys.readouterr().out.splitlines()
    assert [line.split() for line in lines[2:]] == [["W-1", LONG], ["W-2", LONG]]


def test_a_line_is_not_broken_and_moves_no_cursor(capsys: pytest.CaptureFixture[str]) -> None:
    tell(f"export BATCHER_SETTINGS={LONG}\x1b[2J")
    assert capsys.readouterr().out == f"export BATCHER_SETTINGS={LONG}\\x1b[2J\n"
