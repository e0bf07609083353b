"""Plots of a run: cost over time by set, and how ratio and gap go with size."""

import math
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from statistics import fmean

import matplotlib as mpl
import matplotlib.pyplot as plt
from matplotlib.axes import Axes

from benchmarks.planner.records import Record
from benchmarks.planner.sets import Case
from benchmarks.planner.table import EDD_PUBLISHED, Row, rows, yardsticks

#: One colour for each method wherever it is drawn, ours on top; published ones are grey.
_COLOURS = {"edd": "#56b4e9", "batc": "#e69f00", "cp-sat": "#0072b2", "ours": "#c8102e"}
_PUBLISHED = ("#444444", "#777777", "#999999", "#bbbbbb", "#cccccc")
_EARLIEST_S = 0.05
_COLUMNS = 3
#: How far above the dearest of the last plans a panel reaches: first plans may cost many times as much.
_HEADROOM = 1.15


def draw(out: Path, cases: Sequence[Case], records: Sequence[Record]) -> list[Path]:
    """Write the plots as PNG files into a directory, and return them."""
    mpl.use("agg")
    found = [row for row in rows(cases, records) if row.method != EDD_PUBLISHED]
    yardstick = yardsticks(cases, records)
    written = []
    for name in dict.fromkeys(row.set for row in found):
        written.append(_cost_over_time(out, name, found, records, yardstick))
        if len({row.size for row in found if row.set == name and row.method == "ours"}) > 1:
            written.append(_by_size(out, name, found))
    return written


def _cost_over_time(
    out: Path, name: str, found: list[Row], records: Sequence[Record], yardstick: dict[str, float]
) -> Path:
    """Draw the mean ratio of each method against seconds, one panel for each group of a set."""
    groups = list(dict.fromkeys(row.group for row in found if row.set == name))
    columns = min(_COLUMNS, len(groups))
    figure, panels = plt.subplots(
        math.ceil(len(groups) / columns),
        columns,
        figsize=(4.6 * columns, 3.4 * math.ceil(len(groups) / columns)),
        squeeze=False,
        layout="constrained",
    )
    for axes, group in zip(panels.flat, groups, strict=False):
        inside = [record for record in records if (record.set, record.group) == (name, group)]
        _panel(axes, group, inside, [row for row in found if (row.set, row.group) == (name, group)], yardstick)
    for axes in list(panels.flat)[len(groups) :]:
        axes.set_visible(False)
    figure.suptitle(f"{name}: cost over time")
    return _saved(out / f"cost-over-time-{name}.png")


def _panel(axes: Axes, group: str, inside: list[Record], of_group: list[Row], yardstick: dict[str, float]) -> None:
    end = max([record.seconds for record in inside], default=1.0)
    last: list[float] = []
    for method, colour in _COLOURS.items():
        curves = [_steps(record, yardstick) for record in inside if record.method == method]
        if curves and all(curves):
            seconds, ratios = mean_curve(curves)
            axes.step([*seconds, end], [*ratios, ratios[-1]], where="post", color=colour, label=method, linewidth=1.6)
            last.append(ratios[-1])
    top = _HEADROOM * max(last, default=1.0)
    published = [row for row in of_group if row.accepted is None and row.figures.ratio and row.planned == row.problems]
    for colour, row in zip(_PUBLISHED, published, strict=False):
        if row.figures.ratio and row.figures.ratio < top:
            axes.axhline(row.figures.ratio, color=colour, linewidth=0.9, linestyle=":", label=row.method)
    axes.set_ylim(top=top)
    axes.set_xscale("log")
    axes.set_xlim(_EARLIEST_S, end)
    axes.set_title(group if group == "all" else f"n = {group}", fontsize=10)
    axes.set_xlabel("seconds")
    axes.set_ylabel("cost / yardstick")
    axes.grid(alpha=0.25)
    if axes.lines:
        axes.legend(fontsize=7, loc="upper right")


def _steps(record: Record, yardstick: dict[str, float]) -> list[tuple[float, float]]:
    """Return the seconds and ratios at which a run found better plans."""
    best = yardstick.get(record.name)
    if not best or record.verdict != "accepted":
        return []
    return [(max(_EARLIEST_S, point.seconds), point.cost / best) for point in record.curve]


def mean_curve(curves: Sequence[Sequence[tuple[float, float]]]) -> tuple[list[float], list[float]]:
    """Return the mean over step curves, from when the last of them has begun."""
    if not curves:
        return [], []
    begins = max(curve[0][0] for curve in curves)
    moments = sorted({begins, *(moment for curve in curves for moment, _ in curve if moment > begins)})
    return moments, [fmean(_at(curve, moment) for curve in curves) for moment in moments]


def _at(curve: Sequence[tuple[float, float]], moment: float) -> float:
    return [value for seconds, value in curve if seconds <= moment][-1]


def _by_size(out: Path, name: str, found: list[Row]) -> Path:
    """Draw the gap of our plans, and the ratio of every method, against size."""
    of_set = [row for row in found if row.set == name]
    figure, (left, right) = plt.subplots(1, 2, figsize=(9.2, 3.6), layout="constrained")
    _lines(left, (row for row in of_set if row.method in ("ours", "cp-sat")), lambda row: row.figures.gap)
    _lines(right, of_set, lambda row: row.figures.ratio if row.planned == row.problems else None)
    left.set_ylabel("gap to the bound")
    left.set_ylim(bottom=0)
    left.yaxis.set_major_formatter(mpl.ticker.PercentFormatter(1.0, decimals=0))
    right.set_ylabel("cost / yardstick")
    figure.suptitle(f"{name}: gap and ratio by size")
    return _saved(out / f"by-size-{name}.png")


def _lines(axes: Axes, of_set: Iterable[Row], value: Callable[[Row], float | None]) -> None:
    """Draw a line for each method that has values, against size."""
    lines: dict[str, list[tuple[int, float]]] = {}
    for row in of_set:
        if (found := value(row)) is not None:
            lines.setdefault(row.method, []).append((row.size, found))
    greys = iter(_PUBLISHED)
    for method, points in lines.items():
        colour = _COLOURS.get(method) or next(greys, _PUBLISHED[-1])
        style = "-" if method in _COLOURS else ":"
        front = 3 if method == "ours" else 2
        sizes, values = zip(*sorted(points), strict=True)
        axes.plot(sizes, values, style, marker="o", markersize=3.5, color=colour, label=method, zorder=front)
    axes.set_xscale("log")
    axes.set_xticks(sorted({size for points in lines.values() for size, _ in points}))
    axes.xaxis.set_major_formatter(mpl.ticker.FuncFormatter(lambda size, _: f"{size:,.0f}"))
    axes.xaxis.set_minor_formatter(mpl.ticker.NullFormatter())
    axes.set_xlabel("jobs")
    axes.grid(alpha=0.25)
    if lines:
        axes.legend(fontsize=7)


def _saved(path: Path) -> Path:
    plt.savefig(path, dpi=130)
    plt.close()
    return path
