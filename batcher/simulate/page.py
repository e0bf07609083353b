"""
The page of a simulation: one HTML file that needs nothing else, with the figures and pictures of every case.

Pictures are of the first seed; what several seeds come to is in the tables.
"""

from collections.abc import Iterable, Mapping, Sequence

from batcher.planning.draw_svg import element, escaped
from batcher.simulate import charts
from batcher.simulate.comparison import Difference, compare
from batcher.simulate.history import History
from batcher.simulate.report import SimulationReport
from batcher.simulate.study import Outcome

_STYLE = """
:root { color-scheme: light dark }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse; margin: 0.5rem 0 1.5rem }
th, td { text-align: left; padding: 0.2rem 0.9rem 0.2rem 0; border-bottom: 1px solid #9aa4ae66 }
td { font-variant-numeric: tabular-nums }
svg { width: 100%; height: auto; display: block; margin: 0.3rem 0 1rem }
svg text { font: 12px system-ui, sans-serif; fill: currentColor } svg .muted { opacity: 0.7 }
.grid { stroke: #9aa4ae; stroke-opacity: 0.45 } .line { fill: none; stroke: #4477aa; stroke-width: 1.6 }
.bin { fill: #77aadd } .batch { stroke: #3b444d; stroke-width: 0.5 } .change { fill: #4d5761 }
.texture { stroke: #1b2027; stroke-opacity: 0.34; stroke-width: 1.5; fill: none }
.texture-dot { fill: #1b2027; fill-opacity: 0.34 }
summary { cursor: pointer } .late { color: #b3261e; font-weight: 600 }
"""
_FILL_EDGES = tuple(k / 10 for k in range(11))
_FILL_NAMES = tuple(f"{10 * k}-{10 * (k + 1)} %" for k in range(10))
_SLACK_EDGES = (-1e9, 0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 24.0, 48.0, 1e9)
_SLACK_NAMES = ("late", "to ½ h", "to 1 h", "to 2 h", "to 4 h", "to 8 h", "to 1 d", "to 2 d", "more")


def make_page(outcomes: Sequence[Outcome]) -> str:
    """Return the page of a study; every case has been run under every seed."""
    firsts: dict[str, Outcome] = {}
    for outcome in outcomes:
        firsts.setdefault(outcome.case, outcome)
    comparison = compare(outcomes)
    costs: dict[str, Mapping[str, float]] = {name: each.report.cost_parts_per_item for name, each in firsts.items()}
    for name, each in firsts.items():
        if each.report.clairvoyant_parts_per_item:
            costs[f"{name}, all known"] = each.report.clairvoyant_parts_per_item
    body = [
        element("h1", "Simulation"),
        _runs(outcomes),
        *([element("h2", f"Against {escaped(comparison.cases[0])}"), _differences(comparison.differences)]
          if comparison.differences else []),
        element("h2", "Cost per piece"),
        charts.parts(costs),
        *(part for outcome in firsts.values() for part in _case(outcome)),
    ]  # fmt: skip
    head = '<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Simulation</title>'
    return f'<!doctype html>\n<html lang="en"><head>{head}<style>{_STYLE}</style></head><body>\n' + "\n".join(
        [*body, "</body></html>\n"]
    )


def _case(outcome: Outcome) -> list[str]:
    history: History = outcome.history
    days = [
        element("details", element("summary", f"{day:%A %d %B %Y}"), picture)
        for day, picture in charts.gantts(history).items()
    ]
    return [
        element("h2", f"{escaped(outcome.case)}, seed {outcome.seed}"),
        element("h3", "Orders waiting"),
        charts.course(history.waiting, history),
        element("h3", "How full the batches were"),
        charts.histogram([bar.fill for bar in history.bars], _FILL_EDGES, _FILL_NAMES),
        element("h3", "Time left before the courier when orders were packed"),
        charts.histogram(history.slack_h, _SLACK_EDGES, _SLACK_NAMES),
        element("h3", "Stations"),
        _stations(outcome.report),
        element("h3", "Days"),
        *days,
    ]


def _runs(outcomes: Iterable[Outcome]) -> str:
    rows = []
    for outcome in outcomes:
        report = outcome.report
        ratio = "" if report.clairvoyant_ratio is None else f"{report.clairvoyant_ratio:.3f}"
        fill = "" if report.fill is None else f"{report.fill:.0%}"
        figures = (f"{report.on_time_share:.2%}", f"{report.late}", f"{report.cost_per_item:.2f}", ratio, fill)
        rows.append((outcome.case, str(outcome.seed), f"{report.orders}", *figures, f"{report.batches}"))
    return _table(("case", "seed", "orders", "on time", "late", "cost per piece", "ratio", "fill", "batches"), rows)


def _differences(differences: Iterable[Difference]) -> str:
    rows = []
    for each in differences:
        ends = "one seed only"
        if each.low is not None and each.high is not None:
            ends = f"{each.low:+.4g} and {each.high:+.4g}"
        rows.append((each.case, each.figure, f"{each.first:.4g}", f"{each.mean:+.4g}", ends))
    return _table(("case", "figure", "first", "difference", "95 % between"), rows)


def _stations(report: SimulationReport) -> str:
    rows = []
    for name, each in report.stations.items():
        shares = ("" if share is None else f"{share:.0%}" for share in (each.fill, each.utilisation))
        rows.append((name, str(each.batches), str(each.unattended), *shares, str(each.changeovers)))
    return _table(("station", "batches", "unattended", "fill", "in use", "changeovers"), rows)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [element("tr", *(element("th", escaped(cell)) for cell in head))]
    lines += [element("tr", *(element("td", escaped(cell) or "&#160;") for cell in row)) for row in rows]
    return element("table", *lines)
