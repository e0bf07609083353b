"""
What goes wrong on a running floor is told to the person on call, and what is over is told too.

`make alerts-proof` does it, prints the log and leaves it in `build/`: a station is killed with tickets in its hands, an
order is doomed, and broken rules are put on the disk, all at once; then each is put right.
"""

import shutil
import sys
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx

from batcher.simulate.processes import FloorProcesses, stop
from tests.alert_rules import alerts
from tests.builders_floor import order_document
from tests.dashboards.boards import BOARDS
from tests.proofs.monitoring import Monitoring, Stopwatch, monitored
from tests.waiting import wait_for

ROOT = Path(__file__).parents[2]
#: Where the log is left when it is run by hand.
KEPT = ROOT / "build" / "alerts-proof.md"
_MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
_SPEED = 120
_KILLED = "uv-1"
#: Severity and receiver of what must be told.
_DUE = {
    "BatcherStationSilent": ("critical", "on-call"),
    "BatcherOrdersAtRisk": ("warning", "desk"),
    "BatcherReloadFailed": ("warning", "desk"),
}
#: What Grafana puts into a query, as it would here.
_FILLED = {"$__rate_interval": "1m", '"$job"': '"batcher"', "$station": ".+"}


@dataclass
class Line:
    """One line of the log: what was done, what was told of it to whom, and when it was over."""

    done: str
    alert: str
    labels: dict[str, str]
    undone: str
    undo: Callable[[], object]
    began: Stopwatch = field(default_factory=Stopwatch)
    severity: str = ""
    receiver: str = ""
    told_after_s: float = 0.0
    over_after_s: float = 0.0


@dataclass(frozen=True)
class Proof:
    """The log, everything that was told, and how many queries of the dashboards had an answer."""

    lines: list[Line]
    fired: set[str]
    runbooks: set[str]
    answered: int
    unanswered: list[str]


def prove(home: Path) -> Proof:
    """Run the floor and everything around it in a new directory, and return what was told."""
    floor = _floor(home)
    with ExitStack() as stack:
        daemon = floor.start_daemon()
        stack.callback(stop, daemon)
        others = [station for station in _stations(floor) if station != _KILLED]
        stack.callback(stop, floor.start_stations(*others))
        victim = floor.start_stations(_KILLED)
        stack.callback(stop, victim)
        told = stack.enter_context(monitored(home / "monitoring", floor.url()))
        told.wait_told("BatcherAlertingWorks", firing=True)
        _post(floor, "/v1/orders", [_order("TIN-CAK-NATURAL-01") for _ in range(150)])
        wait_for(lambda: _get(floor, f"/v1/tickets?station={_KILLED}&state=running"), 120)
        assert told.fired() == {"BatcherAlertingWorks"}, "an alert came before anything went wrong"

        victim.kill()
        lines = [
            Line(
                f"station `{_KILLED}` is killed with tickets in its hands", "BatcherStationSilent",
                {"station": _KILLED}, "it is started again",
                lambda: stack.callback(stop, floor.start_stations(_KILLED)),
            ),
            _doom(floor),
            _break_rules(floor),
        ]  # fmt: skip
        for line in sorted(lines, key=lambda line: line.alert != "BatcherReloadFailed"):
            notice = told.wait_told(line.alert, line.labels, firing=True)
            line.told_after_s = line.began.seconds()
            line.severity, line.receiver = notice.labels["severity"], notice.receiver
        for line in reversed(lines):  # the rules first: a station that starts reads them
            line.began = Stopwatch()
            line.undo()
        for line in sorted(lines, key=lambda line: line.alert == "BatcherStationSilent"):
            told.wait_told(line.alert, line.labels, firing=False)
            line.over_after_s = line.began.seconds()
        runbooks = {notice.annotations["runbook_url"] for notice in told.notices()}
        return Proof(lines, told.fired(), runbooks, *_ask_dashboards(told))


def _doom(floor: FloorProcesses) -> Line:
    """Order more embroidery for today than a day has hours."""
    lines = [
        {"sku": "APR-ADU-NATURAL-01", "quantity": 100, "text": "With love from everyone at home"} for _ in range(4)
    ]
    _post(floor, "/v1/orders", [_order("", order_id="DOOMED", service="same-day", lines=lines)])
    return Line(
        "an order of 400 aprons for today is taken in", "BatcherOrdersAtRisk", {}, "it is cancelled",
        lambda: _post(floor, "/v1/orders/DOOMED/cancel", {"reason": "cannot be kept"}),
    )  # fmt: skip


def _break_rules(floor: FloorProcesses) -> Line:
    """Misspell a key of the rules that the daemon watches."""
    path = floor.rules / "services.yaml"
    good = path.read_text(encoding="utf-8")
    path.write_text(good.replace("order_by:", "oder_by:", 1), encoding="utf-8")
    return Line(
        "a key of the rules is misspelt", "BatcherReloadFailed", {}, "the file of before is put back",
        lambda: path.write_text(good, encoding="utf-8"),
    )  # fmt: skip


def _ask_dashboards(told: Monitoring) -> tuple[int, list[str]]:
    """Ask every query of every dashboard; Prometheus refuses none, and most have an answer on any floor."""
    answered, unanswered = 0, []
    for board in BOARDS:
        for panel in (panel for _, panels in board.rows for panel in panels):
            for query in panel.queries:
                expr = query.expr
                for variable, value in _FILLED.items():
                    expr = expr.replace(variable, value)
                if told.ask(expr):
                    answered += 1
                else:
                    unanswered.append(f"{board.title}: {panel.title}")
    return answered, unanswered


def _floor(home: Path) -> FloorProcesses:
    rules = home / "rules"
    shutil.copytree(ROOT / "config" / "floor", rules)
    release = rules / "release.yaml"
    release.write_text(release.read_text(encoding="utf-8").replace("budget: 5 s", "budget: 1 s"), encoding="utf-8")
    (home / "state").mkdir()
    return FloorProcesses(
        state_dir=home / "state", rules=rules, floor_at=_MONDAY, anchor_at=datetime.now(UTC), speed=_SPEED,
        solver_workers=1,
    )  # fmt: skip


def _stations(floor: FloorProcesses) -> list[str]:
    return [str(station["id"]) for station in _get(floor, "/v1/stations")]


def _order(sku: str, **changes: Any) -> dict[str, object]:
    return order_document(sku, placed_at="2026-11-23T08:45:00+00:00", **changes)


def _get(floor: FloorProcesses, path: str) -> list[dict[str, object]]:
    answer = httpx.get(floor.url() + path, trust_env=False, timeout=30)
    assert answer.is_success, answer.text
    found = answer.json()
    assert isinstance(found, list)
    return found


def _post(floor: FloorProcesses, path: str, body: object) -> None:
    answer = httpx.post(floor.url() + path, json=body, trust_env=False, timeout=60)
    assert answer.is_success, answer.text


def faults_of(proof: Proof) -> list[str]:
    """Return what is wrong with what was told: nothing, when the right people were told the right things."""
    told = {line.alert: (line.severity, line.receiver) for line in proof.lines}
    due = {alert.runbook for alert in alerts() if alert.name in proof.fired}
    linked = {url.rpartition("/")[2].removesuffix(".md") for url in proof.runbooks}
    found = {
        f"told to the wrong people: {told}": told != _DUE,
        f"other alerts came too: {sorted(proof.fired)}": proof.fired != _DUE.keys() | {"BatcherAlertingWorks"},
        f"other runbooks were linked: {sorted(linked)}": linked != due,
        # failures that did not happen have no series; everything else answers on any floor
        f"queries without an answer: {proof.unanswered}": len(proof.unanswered) > 0.1 * proof.answered,
    }
    return [fault for fault, is_so in found.items() if is_so]


def log_of(proof: Proof) -> str:
    """Return the log as a table."""
    rows = ["| what was done | alert | severity | to | told after | put right | over after |",
            "| --- | --- | --- | --- | --- | --- | --- |"]  # fmt: skip
    rows += [
        f"| {line.done} | {line.alert} | {line.severity} | {line.receiver} | {line.told_after_s:.0f} s "
        f"| {line.undone} | {line.over_after_s:.0f} s |"
        for line in proof.lines
    ]
    return "\n".join(rows)


if __name__ == "__main__":
    with TemporaryDirectory(prefix="batcher-proof-") as directory:
        found = prove(Path(directory))
    text = (
        f"{log_of(found)}\n\nAll alerts that came: {', '.join(sorted(found.fired))}\n\n"
        f"Queries of the dashboards with an answer: {found.answered}, without: {len(found.unanswered)}\n"
        f"  {'; '.join(found.unanswered)}\n"
    )
    sys.stdout.write(text)
    KEPT.parent.mkdir(exist_ok=True)
    KEPT.write_text(text, encoding="utf-8")
    sys.exit("\n".join(faults_of(found)) or None)
