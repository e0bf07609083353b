"""
How good the planner is: solve problems, have the referee judge every plan, and print a table.

    python -m benchmarks.problems [--seconds 30] [--workers 2] [--out results.json] [--files PROBLEM ...]

Problems and referee are looked for under BATCHER_SHARED (default ../shared). Yardsticks come from the README beside
the problems (`edd`, `anneal`) and from the `best_cost` of each benchmark's index.csv; `ratio` is cost over yardstick.
"""

import argparse
import csv
import importlib.util
import json
import os
import re
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from batcher.planning.documents import load_json, read_problem, write_plan
from batcher.planning.solve import solve

SHARED = Path(os.environ.get("BATCHER_SHARED", Path(__file__).parents[2] / "shared"))


@dataclass(frozen=True)
class Row:
    """One problem solved."""

    file: str
    jobs: int
    feasible: bool
    cost: float
    yardstick: float | None  #: edd cost, or the best published cost
    ratio: float | None
    greedy: float
    bound: float
    gap: float
    late: int
    unplanned: int
    seconds: float
    status: str


def main() -> int:
    """Solve what the command line names; exit 1 when the referee rejects a plan."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--files", type=Path, nargs="+")
    options = parser.parse_args()
    files = options.files or sorted((SHARED / "problems").glob("*.json*"))
    judge, yardsticks = _referee(), _yardsticks()
    print(
        "| problem | jobs | referee | cost | yardstick | ratio | greedy | bound | gap | late | unplanned | s | status |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|---|---|---|")
    rows = []
    for path in files:
        row = _solved(path, options.seconds, options.workers, judge, yardsticks)
        rows.append(row)
        print(_line(row), flush=True)
    if options.out:
        options.out.write_text(json.dumps([asdict(row) for row in rows], indent=1) + "\n")
    return 0 if all(row.feasible for row in rows) else 1


def _solved(
    path: Path,
    seconds: float,
    workers: int,
    judge: Callable[[object, object], dict[str, object]],
    yardsticks: dict[str, float],
) -> Row:
    document = load_json(path)
    result = solve(read_problem(document), budget_s=seconds, workers=workers)
    verdict = judge(document, write_plan(result.plan))
    name = path.name.split(".")[0]
    cost = float(str(verdict["cost"]))
    yardstick = yardsticks.get(name)
    return Row(
        file=name,
        jobs=result.verdict.jobs,
        feasible=verdict["feasible"] is True,
        cost=round(cost, 2),
        yardstick=yardstick,
        ratio=round(cost / yardstick, 4) if yardstick else None,
        greedy=round(result.greedy_cost, 2),
        bound=round(result.plan.bound or 0.0, 2),
        gap=round(result.gap or 0.0, 4),
        late=result.verdict.late_orders,
        unplanned=result.verdict.unplanned,
        seconds=round(result.seconds, 2),
        status=result.plan.status.value,
    )


def _line(row: Row) -> str:
    yardstick = "" if row.yardstick is None else f"{row.yardstick:,.0f}"
    ratio = "" if row.ratio is None else f"{row.ratio:.3f}"
    return (
        f"| {row.file} | {row.jobs} | {'accepts' if row.feasible else 'REJECTS'} | {row.cost:,.0f} | {yardstick} "
        f"| {ratio} | {row.greedy:,.0f} | {row.bound:,.0f} | {100 * row.gap:.1f} % | {row.late} | {row.unplanned} "
        f"| {row.seconds:.1f} | {row.status} |"
    )


def _referee() -> Callable[[object, object], dict[str, object]]:
    spec = importlib.util.spec_from_file_location("referee", SHARED / "referee" / "referee.py")
    if spec is None or spec.loader is None:
        sys.exit(f"no referee under {SHARED}")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    judge: Callable[[object, object], dict[str, object]] = module.judge
    return judge


def _yardsticks() -> dict[str, float]:
    """Return the cost to compare with, by problem: plain EDD for floors, the best published for benchmarks."""
    found = {}
    for line in (SHARED / "problems" / "README.md").read_text().splitlines():
        row = re.match(r"\| (floor-\S+) \| \d+ \| ([\d,]+)", line)
        if row:
            found[row[1]] = float(row[2].replace(",", ""))
    for path in (SHARED / "benchmarks").glob("*/index.csv"):
        with path.open(newline="") as table:
            found |= {row["name"]: float(row["best_cost"]) for row in csv.DictReader(table)}
    return found


if __name__ == "__main__":
    sys.exit(main())
