"""Writes every dashboard as Grafana reads it, for provisioning."""

from pathlib import Path

from grafana_foundation_sdk.builders.dashboard import (
    Dashboard,
    DashboardLink,
    DatasourceVariable,
    QueryVariable,
    Row,
    TextBoxVariable,
)
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import (
    DashboardCursorSync,
    DashboardLinkType,
    VariableOption,
    VariableRefresh,
    VariableSort,
)

from tests.dashboards.boards import BOARDS, Board
from tests.dashboards.panels import PROMETHEUS, build

FOLDER = Path(__file__).parents[2] / "config" / "grafana" / "dashboards"
_BOARD = "http://127.0.0.1:8080/"
_DOCS = f"{_BOARD}help"


def dashboard_json(board: Board) -> str:
    """Return a dashboard as Grafana's JSON, the same for the same code."""
    made = (
        Dashboard(board.title)
        .uid(board.uid)
        .description(board.about)
        .tags(["batcher"])
        .timezone("browser")
        .time(board.since, "now")
        .refresh("30s")
        .readonly()
        .tooltip(DashboardCursorSync.CROSSHAIR)
        .link(DashboardLink("batcher").type(DashboardLinkType.DASHBOARDS).tags(["batcher"]).as_dropdown(True).keep_time(True))
        .link(DashboardLink("Board").type(DashboardLinkType.LINK).url("${board}").target_blank(True))
        .link(DashboardLink("Runbooks").type(DashboardLinkType.LINK).url("${docs}/README.md#runbooks").target_blank(True))
        .with_variable(DatasourceVariable("datasource").label("Prometheus").type("prometheus"))
        .with_variable(_asked("job", "Floor", "label_values(batcher_build_info, job)", many=False))
    )  # fmt: skip
    if board.by_station:
        asked = 'label_values(batcher_station_up{job="$job"}, station)'
        made.with_variable(_asked("station", "Station", asked, many=True))
    made.with_variable(TextBoxVariable("board").label("Board").default_value(_BOARD))
    made.with_variable(TextBoxVariable("docs").label("Documentation").default_value(_DOCS))
    for heading, panels in board.rows:
        made.with_row(Row(heading))
        for panel in panels:
            made.with_panel(build(panel))
    return JSONEncoder(sort_keys=True, indent=2).encode(made.build()) + "\n"


def _asked(name: str, label: str, query: str, *, many: bool) -> QueryVariable:
    variable = QueryVariable(name).label(label).datasource(PROMETHEUS).query(query)
    variable.refresh(VariableRefresh.ON_TIME_RANGE_CHANGED).sort(VariableSort.ALPHABETICAL_ASC).multi(many)
    if many:
        variable.include_all(True).current(VariableOption(selected=True, text="All", value="$__all"))
    return variable


def write_all() -> None:
    """Write every dashboard."""
    for board in BOARDS:
        (FOLDER / f"{board.uid.removeprefix('batcher-')}.json").write_text(dashboard_json(board), encoding="utf-8")


if __name__ == "__main__":
    write_all()
