"""The shipped rules, their tests, runbooks and examples, as promtool and amtool judge them."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from batcher.metrics import Metrics
from tests.alert_rules import PROMETHEUS, RUNBOOKS, Alert, alerts, family_of, names_in, read_yaml, recorded

ALERTS = alerts()
SECTIONS = ["## What it means", "## Look here", "## Do this"]


def run(tool: str, *arguments: str | Path) -> "subprocess.CompletedProcess[str]":
    """Run one of Prometheus' tools; in CI it must be there."""
    if shutil.which(tool) is None and not os.environ.get("CI"):
        pytest.skip(f"{tool} is not installed")
    return subprocess.run([tool, *map(str, arguments)], capture_output=True, text=True, check=False)


def cases() -> list[dict[str, object]]:
    """Return every question that the unit tests of the rules ask."""
    return [
        case
        for path in sorted((PROMETHEUS / "tests").glob("*.yml"))
        for test in read_yaml(path)["tests"]
        for case in test["alert_rule_test"]
    ]


def test_prometheus_takes_its_example_with_every_rule() -> None:
    checked = run("promtool", "check", "config", PROMETHEUS / "prometheus.yml")
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_alertmanager_takes_its_example() -> None:
    checked = run("amtool", "check-config", PROMETHEUS / "alertmanager.yml")
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.parametrize("path", sorted((PROMETHEUS / "tests").glob("*.yml")), ids=lambda path: path.stem)
def test_alerts_fire_when_they_should_and_are_silent_else(path: Path) -> None:
    tested = run("promtool", "test", "rules", path)
    assert tested.returncode == 0, tested.stdout + tested.stderr


def test_every_alert_is_seen_to_fire_and_all_but_the_one_that_always_does_to_be_silent() -> None:
    fired = {case["alertname"] for case in cases() if case["exp_alerts"]}
    silent = {case["alertname"] for case in cases() if not case["exp_alerts"]}
    assert fired == {alert.name for alert in ALERTS}
    assert silent == fired - {"BatcherAlertingWorks"}


def test_rules_ask_for_what_is_exported_and_nothing_else() -> None:
    known = set(Metrics(CollectorRegistry()).worries)
    for asked in [*(alert.expr for alert in ALERTS), *recorded().values()]:
        assert {family_of(name) for name in names_in(asked)} <= known, asked


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert.name)
def test_an_alert_has_a_severity_a_summary_and_a_runbook_that_says_what_to_do(alert: Alert) -> None:
    assert alert.severity in ("critical", "warning") or alert.name == "BatcherAlertingWorks"
    assert len(alert.annotations["summary"]) > 10
    page = (RUNBOOKS / f"{alert.runbook}.md").read_text(encoding="utf-8")
    assert re.findall(r"^## .+$", page, re.MULTILINE) == SECTIONS
    assert "    " in page.partition(SECTIONS[1])[2], "shows no command to look with"


def test_every_runbook_is_some_alerts() -> None:
    assert {path.stem for path in RUNBOOKS.glob("*.md")} == {alert.runbook for alert in ALERTS}
