"""The table as Markdown: a section for each set, then every run."""

from collections.abc import Iterable, Sequence
from typing import Any

from benchmarks.planner.records import Record
from benchmarks.planner.sets import Case
from benchmarks.planner.table import Row, broken_bounds, rows, yardsticks

_HEAD = (
    "n", "method", "problems", "s", "ratio", "proven", "gap", "first plan s", "MB", "referee", "goal", "reached",
)  # fmt: skip
_RUN_HEAD = ("problem", "method", "cost", "ratio", "bound", "gap", "late", "left out", "s", "referee", "note")


def as_markdown(about: dict[str, Any], cases: Sequence[Case], records: Sequence[Record]) -> str:
    """Return the whole report."""
    parts = ["# The planner beside its peers", _about(about)]
    found = rows(cases, records)
    for name in dict.fromkeys(row.set for row in found):
        parts += [f"## {name}", _table(_HEAD, (_cells(row) for row in found if row.set == name))]
    broken = broken_bounds(cases, records)
    parts += [
        "## Bounds",
        "\n".join(f"- {line}" for line in broken) or "No plan costs less than any bound told for it.",
    ]
    yardstick = yardsticks(cases, records)
    parts += ["## Every run", _table(_RUN_HEAD, (_run_cells(record, yardstick) for record in records))]
    return "\n\n".join(parts) + "\n"


def _about(about: dict[str, Any]) -> str:
    facts = "; ".join(f"{name} {value}" for name, value in about.items())
    return (
        f"{facts}.\n\n`ratio` is the mean cost over the best published (public sets) or earliest due date (floors); "
        "means are over the problems that a method has a plan for. `s` is the time that each was given, and `MB` the "
        "most that all processes of a run held."
    )


def _cells(row: Row) -> tuple[str, ...]:
    figures = row.figures
    return (
        row.group,
        row.method,
        str(row.problems) if row.planned == row.problems else f"{row.planned} of {row.problems}",
        "" if row.seconds is None else f"{row.seconds:g}",
        "none" if figures.ratio is None else f"{figures.ratio:.3f}",
        "" if not figures.proven else f"{100 * figures.proven:.0f} %",
        _percent(figures.gap),
        "" if figures.first_s is None else f"{figures.first_s:.2f}",
        "" if figures.memory_mb is None else f"{figures.memory_mb:,.0f}",
        "" if row.accepted is None else f"{row.accepted} accepted",
        row.goal,
        "" if row.missed is None else f"no: {', '.join(row.missed)}" if row.missed else "yes",
    )


def _run_cells(record: Record, yardstick: dict[str, float]) -> tuple[str, ...]:
    best = yardstick.get(record.name)
    return (
        record.name,
        record.method,
        "" if record.cost is None else f"{record.cost:,.0f}",
        "" if record.cost is None or not best else f"{record.cost / best:.4f}",
        "" if record.bound is None else f"{record.bound:,.0f}",
        "proven" if record.proven else _percent(record.gap),
        str(record.late) if record.cost is not None else "",
        str(record.unplanned) if record.cost is not None else "",
        f"{record.wall_s:.1f}",
        record.verdict,
        record.note,
    )


def _percent(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.1f} %"


def _table(head: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    written = [head, ["---"] * len(head), *lines]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in written)
