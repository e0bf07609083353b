"""The table of a load, for people."""

from collections.abc import Iterable

from benchmarks.load.measures import Line

_HEAD = (
    "| load | database | goal, /s | seen, /s | p50, ms | p99, ms | most, ms | failed | CPU each, ms | memory, MB "
    "| plans | fsync, ms | |"
)


def markdown(lines: Iterable[Line]) -> str:
    """Return lines as a table."""
    return "\n".join([_HEAD, "|" + "---|" * (_HEAD.count("|") - 1), *map(_row, lines)]) + "\n"


def _row(line: Line) -> str:
    name = line.measure if not line.open_orders else f"{line.measure} of {line.open_orders:,} open"
    cells = (
        name, line.database, f"{line.goal_per_s:,.0f}", f"{line.per_s:,.0f}", _ms(line.p50_ms), _ms(line.p99_ms),
        _ms(line.most_ms), str(line.failed), f"{line.cpu_ms_each:.2f}", f"{line.memory_mb:,.0f}", str(line.plans),
        f"{line.fsync_ms:.2f}", "met" if line.met else "missed",
    )  # fmt: skip
    return f"| {' | '.join(cells)} |"


def _ms(value: float | None) -> str:
    return "" if value is None else f"{value:,.1f}"
