"""Grafana's dashboards: as their code says, asking only for what is exported, each panel with its unit and its why."""

import json
import re
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.metrics import MetricWrapperBase

from batcher.metrics import Metrics
from tests.alert_rules import RUNBOOKS, family_of, names_in, read_yaml, recorded
from tests.dashboards.__main__ import FOLDER, dashboard_json
from tests.dashboards.boards import BOARDS, Board
from tests.dashboards.panels import Panel
from tests.unit.deploy.test_prometheus import run

PANELS = [(board, panel) for board in BOARDS for _, panels in board.rows for panel in panels]
#: Labels that Prometheus adds, or that are a histogram's.
_GIVEN = {"job", "instance", "le", "version", "python", "hash"}
#: What Grafana puts in, as it might.
_FILLED = {"$__rate_interval": "1m", '"$job"': '"batcher"', "$station": ".+"}


def asked(expr: str) -> str:
    for variable, value in _FILLED.items():
        expr = expr.replace(variable, value)
    assert "$" not in expr, "a variable that no dashboard has"
    return expr


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.uid)
def test_a_dashboard_is_as_its_code_says(board: Board) -> None:
    stored = (FOLDER / f"{board.uid.removeprefix('batcher-')}.json").read_text(encoding="utf-8")
    assert stored == dashboard_json(board), "make dashboards writes it anew"


def test_promtool_understands_every_query(tmp_path: Path) -> None:
    queries = [asked(query.expr) for _, panel in PANELS for query in panel.queries]
    rules = [{"record": f"query:{number}", "expr": expr} for number, expr in enumerate(queries)]
    path = tmp_path / "queries.yml"
    path.write_text(json.dumps({"groups": [{"name": "queries", "rules": rules}]}), encoding="utf-8")
    checked = run("promtool", "check", "rules", path)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert f"{len(queries)} rules found" in checked.stdout


def test_queries_ask_for_what_is_exported_by_labels_that_it_has() -> None:
    metrics = Metrics(CollectorRegistry())
    labels = {
        f"{family.name}{'_total' * (family.type == 'counter')}": set(metric._labelnames)
        for metric in vars(metrics).values()
        if isinstance(metric, MetricWrapperBase)
        for family in metric.describe()
    }
    for _, panel in PANELS:
        for query in panel.queries:
            names = {family_of(name) for name in names_in(query.expr)}
            assert names <= set(metrics.worries), panel.title
            known = _GIVEN.union(*(labels.get(name, set()) for name in names))
            by = re.findall(r"\bby \(([^)]*)\)", query.expr)
            wanted = {label for part in by for label in re.split(r"[, ]+", part) if label}
            wanted |= set(re.findall(r"(\w+)=~?\"", query.expr)) | set(re.findall(r"\{\{(\w+)\}\}", query.legend))
            assert wanted <= known, panel.title


def test_queries_of_recorded_series_ask_for_some_that_are_recorded() -> None:
    exprs = " ".join(query.expr for _, panel in PANELS for query in panel.queries)
    assert set(re.findall(r"\b(?:job|instance|job_process):[\w:]+", exprs)) <= set(recorded())


@pytest.mark.parametrize(("board", "panel"), PANELS, ids=lambda value: getattr(value, "title", value))
def test_a_panel_says_what_it_shows_and_its_runbook_is_there(board: Board, panel: Panel) -> None:
    assert panel.about, board.uid
    assert panel.runbook is None or (RUNBOOKS / f"{panel.runbook}.md").is_file()
    assert panel.width * panel.height > 0


def test_panels_fill_rows_of_24_and_lie_on_no_other() -> None:
    for board in BOARDS:
        taken: set[tuple[int, int]] = set()
        for panel in json.loads(dashboard_json(board))["panels"]:
            at = panel["gridPos"]
            cells = {(at["x"] + x, at["y"] + y) for x in range(at["w"]) for y in range(at["h"])}
            assert not cells & taken, panel["title"]
            assert at["x"] + at["w"] <= 24
            taken |= cells
        assert len(taken) == 24 * len({y for _, y in taken}), f"{board.uid} has a hole"


def test_what_is_provisioned_is_what_the_dashboards_ask() -> None:
    provisioning = FOLDER.parent / "provisioning"
    (source,) = read_yaml(provisioning / "datasources" / "prometheus.yml")["datasources"]
    (provider,) = read_yaml(provisioning / "dashboards" / "batcher.yml")["providers"]
    assert (source["type"], source["uid"]) == ("prometheus", "prometheus")
    assert provider["options"]["path"].endswith("dashboards/batcher")
