"""The proof of `make alerts-proof`, held: every trouble is told once it comes, and once it is over."""

import os
import shutil
from pathlib import Path

import pytest

from tests.alert_rules import alerts
from tests.proofs.alerts import prove

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

_TOOLS = ("prometheus", "prometheus-alertmanager")


@pytest.mark.skipif(
    not os.environ.get("CI") and any(shutil.which(tool) is None for tool in _TOOLS),
    reason="Prometheus and Alertmanager are not installed",
)
def test_a_killed_station_a_doomed_order_and_broken_rules_are_told_to_the_right_people_and_cleared(
    tmp_path: Path,
) -> None:
    proof = prove(tmp_path)
    assert {line.alert: (line.severity, line.receiver) for line in proof.lines} == {
        "BatcherStationSilent": ("critical", "on-call"),
        "BatcherOrdersAtRisk": ("warning", "desk"),
        "BatcherReloadFailed": ("warning", "desk"),
    }
    assert proof.fired == {line.alert for line in proof.lines} | {"BatcherAlertingWorks"}
    runbooks = {alert.runbook for alert in alerts() if alert.name in proof.fired}
    assert {url.rpartition("/")[2].removesuffix(".md") for url in proof.runbooks} == runbooks
    # failures that did not happen have no series; everything else answers on any floor
    assert proof.answered > 3 * len(proof.unanswered)
