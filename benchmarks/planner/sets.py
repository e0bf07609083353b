"""
The problem sets: which problems, how long each may take, what was published for it.

Data lies under BATCHER_SHARED (`../shared` beside the repository when left out). Large floors are made by `generator`.
"""

import csv
import os
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from batcher.planning.documents import save_json, write_problem
from benchmarks.planner.generator import generate

SHARED = Path(os.environ.get("BATCHER_SHARED", Path(__file__).parents[3] / "shared"))
#: Sizes of the set `large` when none are named, and the least it makes: smaller floors are among the examples.
LARGE, _LEAST_LARGE = (100_000,), 1000
#: For files of one's own.
_DEFAULT_S = 30.0


@dataclass(frozen=True)
class Case:
    """
    One problem of a set.

    Parameters
    ----------
    group
        The problems that one row of the table is the mean of.
    seconds
        What the planner and each peer may take.
    best
        The least cost ever published; none where nothing was: then earliest due date is the yardstick.
    published
        Costs of other methods, by their names.
    """

    set: str
    group: str
    size: int
    name: str
    path: Path
    seconds: float
    best: float | None = None
    published: dict[str, float] = field(default_factory=dict)


def cases(
    names: Iterable[str], *, sizes: frozenset[int] | None, per_size: int | None, seed: int, made: Path
) -> list[Case]:
    """
    Return the problems to run.

    Parameters
    ----------
    names
        Of sets.
    sizes
        Only these; none: all.
    per_size
        At most so many of each set and size, spread evenly over them; none: all.
    seed
        Of made problems.
    made
        Directory for made problems.
    """
    found: list[Case] = []
    for name in names:
        if name == "large":
            found += _large([size for size in sizes or LARGE if size >= _LEAST_LARGE], seed, made)
            continue
        of_size: dict[int, list[Case]] = {}
        for case in SETS[name]():
            of_size.setdefault(case.size, []).append(case)
        for size in sorted(of_size):
            if sizes is None or size in sizes:
                found += _spread(of_size[size], per_size)
    return found


def of_files(paths: Iterable[Path], seconds: float | None) -> list[Case]:
    """Return a case for each problem file of one's own."""
    return [Case("files", _stem(path), 0, _stem(path), path, seconds or _DEFAULT_S) for path in paths]


def _spread(found: list[Case], most: int | None) -> list[Case]:
    count = len(found) if most is None else min(most, len(found))
    return [found[(2 * place + 1) * len(found) // (2 * count)] for place in range(count)]


def _osp(use_case: str) -> Iterator[Case]:
    seconds = {10: 10.0, 25: 10.0, 50: 10.0, 100: 30.0, 250: 30.0, 500: 60.0}
    for row in _index("osp"):
        if not row["name"].startswith(f"osp-{use_case}-"):
            continue
        size, unit = int(row["n"]), float(row["ub"])
        known = {"annealing, C++": "sa1m_mean", "exact CP": "cp_exact", "LNS": "lns"}
        yield Case(
            set=f"osp-{use_case}",
            group=row["n"],
            size=size,
            name=row["name"],
            path=SHARED / "benchmarks" / "osp" / f"{row['name']}.json.gz",
            seconds=seconds[size],
            best=float(row["best_cost"]),
            published={name: float(row[column]) * unit for name, column in known.items() if row[column]},
        )


def _chiang() -> Iterator[Case]:
    known = {"PILS": "pils_best", "VNS": "vns_best", "IG": "ig_best", "SA": "sa_best", "TWD": "twd"}
    for row in _index("chiang"):
        yield Case(
            set="chiang",
            group="all",
            size=int(row["jobs"]),
            name=row["name"],
            path=SHARED / "benchmarks" / "chiang" / f"{row['name']}.json.gz",
            seconds=30.0,
            best=float(row["best_cost"]),
            published={name: 100 * float(row[column]) for name, column in known.items() if row[column]},
        )


def _index(folder: str) -> Iterator[dict[str, str]]:
    with (SHARED / "benchmarks" / folder / "index.csv").open(newline="") as table:
        yield from csv.DictReader(table)


def _floor() -> Iterator[Case]:
    known = _floor_yardsticks((SHARED / "problems" / "README.md").read_text())
    for path in sorted((SHARED / "problems").glob("floor-*.json*")):
        name = _stem(path)
        size = int(name.split("-")[1])
        group = str(size) + "".join(f" {word}" for word in name.split("-")[2:])
        yield Case("floor", group, size, name, path, 30.0 if size <= 300 else 60.0, published=known.get(name, {}))


def _floor_yardsticks(readme: str) -> dict[str, dict[str, float]]:
    """Return the costs of a README's table by problem; of several annealing runs the best counts."""
    found: dict[str, dict[str, float]] = {}
    for line in readme.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if cells[0].startswith("floor-") and len(cells) > 4:
            costs = {"EDD, published": cells[2], "annealing, Python": cells[4]}
            numbers = {name: re.findall(r"\d{1,3}(?:,\d{3})+", cell) for name, cell in costs.items()}
            found[cells[0].split()[0]] = {
                name: min(float(number.replace(",", "")) for number in known)
                for name, known in numbers.items()
                if known
            }
    return found


def _large(sizes: Iterable[int], seed: int, made: Path) -> Iterator[Case]:
    made.mkdir(parents=True, exist_ok=True)
    for size in sorted(sizes):
        path = made / f"made-{size}-{seed}.json.gz"
        if not path.exists():
            save_json(path, write_problem(generate(size, seed=seed)))
        seconds = 300.0 if size > 20_000 else 60.0 if size > 300 else 30.0
        yield Case("large", str(size), size, path.name.split(".")[0], path, seconds)


def _stem(path: Path) -> str:
    return path.name.split(".")[0]


SETS: dict[str, Callable[[], Iterator[Case]]] = {
    "osp-uc3": lambda: _osp("uc3"),
    "osp-uc2": lambda: _osp("uc2"),
    "chiang": _chiang,
    "floor": _floor,
}
