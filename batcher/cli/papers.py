"""`batcher print`: a released batch on paper."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from batcher.cli.floors import reading_floor
from batcher.cli.output import JsonOption, print_json, tell
from batcher.services.printing import print_batch


def print_papers(
    batch: Annotated[str, typer.Argument(help="Batch, or its ticket.")],
    labels: Annotated[bool, typer.Option("--labels", help="Labels of its pieces instead of its sheet.")] = False,
    output: Annotated[
        Path | None, typer.Option(help="File to write, - for standard output; else named after the batch, here.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """
    Write the sheet of a released batch, or the labels of its pieces, as PDF.

    Paper and label sizes are settings: BATCHER_PAPER, BATCHER_LABEL.

    Example: batcher print 01JD8Z5W2MKQ3T9V7X4B6N8CFA --output - | lp
    """
    paper = "labels" if labels else "sheet"
    with reading_floor() as floor:
        content = print_batch(floor, batch, paper)
    if output == Path("-"):
        sys.stdout.buffer.write(content)
        return
    path = output or Path(f"{batch}-{paper}.pdf")
    path.write_bytes(content)
    if as_json:
        print_json({"path": str(path), "bytes": len(content)})
    else:
        tell(f"Written: {path}")
