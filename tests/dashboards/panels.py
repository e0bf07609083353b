"""
What a panel is, and how it becomes Grafana's: a question to Prometheus, a unit, bounds, and where to read on.

Which panels there are is in `boards`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from grafana_foundation_sdk.builders import bargauge, stat, statetimeline, timeseries
from grafana_foundation_sdk.builders.common import (
    GraphThresholdsStyleConfig,
    ReduceDataOptions,
    StackingConfig,
    VizLegendOptions,
    VizTooltipOptions,
)
from grafana_foundation_sdk.builders.dashboard import DashboardLink, ThresholdsConfig
from grafana_foundation_sdk.builders.prometheus import Dataquery
from grafana_foundation_sdk.models import common
from grafana_foundation_sdk.models.dashboard import DashboardLinkType, DataSourceRef, Threshold, ThresholdsMode

PROMETHEUS = DataSourceRef(type_val="prometheus", uid="$datasource")
Builder = timeseries.Panel | stat.Panel | bargauge.Panel | statetimeline.Panel


@dataclass(frozen=True)
class Query:
    """One question, and what each answer is called: text with {{label}}."""

    expr: str
    legend: str = "__auto"


@dataclass(frozen=True)
class Panel:
    """
    One panel.

    Parameters
    ----------
    about
        What it shows and when to worry, for the (i) in its corner.
    unit
        Grafana's name of the unit.
    warn, bad
        From where on it is orange and red; `falling`: down to where.
    runbook
        Name of the page that says what to do.
    """

    title: str
    about: str
    queries: tuple[Query, ...]
    unit: str = "short"
    kind: Literal["stat", "lines", "stack", "bars", "states"] = "lines"
    warn: float | None = None
    bad: float | None = None
    falling: bool = False
    runbook: str | None = None
    width: int = 8
    height: int = 8
    low: float | None = 0


def build(panel: Panel) -> Builder:
    """Return Grafana's builder of a panel."""
    made = _MADE[panel.kind]()
    made.title(panel.title).description(panel.about).datasource(PROMETHEUS).unit(panel.unit)
    made.thresholds(_thresholds(panel)).span(panel.width).height(panel.height).no_value("none")
    if panel.low is not None:
        made.min(panel.low)
    if panel.runbook is not None:
        made.links([_runbook(panel.runbook)])
    if isinstance(made, timeseries.Panel):
        _style(made, panel)
    for number, query in enumerate(panel.queries):
        target = Dataquery().expr(query.expr).legend_format(query.legend).ref_id("ABCDEF"[number])
        made.with_target(target.instant() if panel.kind in ("stat", "bars") else target.range())
    return made


def _stat() -> stat.Panel:
    return stat.Panel().color_mode(common.BigValueColorMode.BACKGROUND).reduce_options(_last())


def _bars() -> bargauge.Panel:
    return bargauge.Panel().orientation(common.VizOrientation.HORIZONTAL).reduce_options(_last())


def _states() -> statetimeline.Panel:
    return statetimeline.Panel().show_value(common.VisibilityMode.NEVER).row_height(0.8)


_MADE: Mapping[str, Callable[[], Builder]] = {
    "stat": _stat,
    "lines": timeseries.Panel,
    "stack": timeseries.Panel,
    "bars": _bars,
    "states": _states,
}


def _style(made: timeseries.Panel, panel: Panel) -> None:
    made.line_width(2).fill_opacity(40 if panel.kind == "stack" else 8).span_nulls(False)
    made.legend(
        VizLegendOptions()
        .display_mode(common.LegendDisplayMode.LIST)
        .placement(common.LegendPlacement.BOTTOM)
        .show_legend(True)
    )
    made.tooltip(VizTooltipOptions().mode(common.TooltipDisplayMode.MULTI).sort(common.SortOrder.DESCENDING))
    if panel.kind == "stack":
        made.stacking(StackingConfig().mode(common.StackingMode.NORMAL).group("A"))
    if panel.bad is not None or panel.warn is not None:
        made.thresholds_style(GraphThresholdsStyleConfig().mode(common.GraphTresholdsStyleMode.DASHED))


def _last() -> ReduceDataOptions:
    return ReduceDataOptions().calcs(["lastNotNull"])


def _thresholds(panel: Panel) -> ThresholdsConfig:
    """Return the bounds from the lowest on; the colours are blue, orange and red, which nobody confuses."""
    good, warn, bad = "blue", "orange", "red"
    steps = [Threshold(value=None, color=good)]
    bounds = [(panel.warn, warn), (panel.bad, bad)]
    if panel.falling:
        upper = [(panel.bad, warn if panel.warn is not None else good), (panel.warn, good)]
        steps = [Threshold(value=None, color=bad)]
        bounds = upper
    steps += [Threshold(value=value, color=color) for value, color in bounds if value is not None]
    return ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(steps)


def _runbook(name: str) -> DashboardLink:
    return DashboardLink("Runbook").type(DashboardLinkType.LINK).url(f"${{docs}}/runbooks/{name}.md").target_blank(True)
