"""Sheets and the pieces that come to them, for `benchmarks.layout`: from floor problems and from recorded orders."""

import csv
import gzip
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from batcher.planning.documents import load_json, read_problem
from batcher.planning.layout import Rectangle, Shape, shape_of
from batcher.planning.problem import SheetSize

SHARED = Path(os.environ.get("BATCHER_SHARED", Path(__file__).parents[2] / "shared"))


@dataclass(frozen=True)
class Supply:
    """Sheets of one size and the pieces that come to them, in order."""

    name: str
    sheet: SheetSize
    pieces: tuple[Shape, ...]


def film() -> Iterator[Supply]:
    """Yield the film of the large floor problems, by family, in order of due times."""
    for name in ("floor-05000", "floor-20000"):
        problem = read_problem(load_json(SHARED / "problems" / f"{name}.json.gz"))
        due = {order.id: order.due for order in problem.orders}
        for family in problem.families:
            sheet = family.modes[0].sheet
            jobs = sorted((job for job in problem.jobs if job.family == family.id), key=lambda job: due[job.order])
            if sheet is not None and len(jobs) >= 100:
                yield Supply(
                    f"{name} {family.id}", sheet, tuple(_shape(job.width, job.height, job.rotate) for job in jobs)
                )


def demonstration() -> Iterator[Supply]:
    """Yield the sheets of the demonstration floor with the pieces that recorded orders bring to them."""
    with (SHARED / "floor" / "products.csv").open(newline="") as table:
        steps = [row for row in csv.DictReader(table) if row["sheet_mm"]]
    with (SHARED / "data" / "catalogue.csv").open(newline="") as table:
        product_of = {row["sku"]: row["product"] for row in csv.DictReader(table)}
    bought = [
        product_of.get(line["sku"], "")
        for path in sorted((SHARED / "data").glob("orders-*.jsonl.gz"))
        for order in map(json.loads, gzip.decompress(path.read_bytes()).splitlines())
        for line in order["lines"]
        for _ in range(line["quantity"])
    ]
    for fixture in dict.fromkeys(row["fixture"] for row in steps):
        sides = {row["product"]: _sides(row["item_mm"]) for row in steps if row["fixture"] == fixture}
        width, height = next(_sides(row["sheet_mm"]) for row in steps if row["fixture"] == fixture)
        pieces = tuple(_shape(*sides[product], rotate=True) for product in bought if product in sides)
        yield Supply(fixture, SheetSize(width, height, gap=5), pieces)


def _sides(text: str) -> tuple[int, int]:
    width, _, height = text.partition("x")
    return int(width), int(height)


def _shape(width: int, height: int, rotate: bool) -> Shape:
    return shape_of(Rectangle(width, height, rotate, ""))
