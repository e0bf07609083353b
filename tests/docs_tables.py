"""
Tables of the documentation that follow from the code; `python -m tests.docs_tables` writes them anew.

A table stands between two marks in its page; a test compares it with what the code says.
"""

import inspect
import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import get_type_hints

from prometheus_client import CollectorRegistry
from prometheus_client.metrics import MetricWrapperBase

from batcher.api.access import ROUTES
from batcher.api.problems import STATUS
from batcher.cli.exit_codes import EXIT_CODES, ExitCode
from batcher.domain.access import Scope
from batcher.metrics import Metrics
from batcher.settings import Settings
from batcher.simulate.comparison import ComparisonReport, Difference
from batcher.simulate.report import SimulationReport
from tests.alert_rules import RUNBOOKS, Alert, alerts_by_metric
from tests.alert_rules import alerts as read_alerts
from tests.docs_cli import commands, first_line, is_group

DOCS = Path(__file__).parent.parent / "docs"


def settings_table() -> str:
    """Return every setting with its default and meaning."""
    rows = []
    for name, field in Settings.model_fields.items():
        default = "" if field.default in (None, "") else f"`{field.default}`"
        rows.append((f"`BATCHER_{name.upper()}`", default, field.description or ""))
    return _table(("setting", "default", "meaning"), rows)


def metrics_table() -> str:
    """Return every metric with its kind, labels, meaning, when to worry, and what alarms by it."""
    metrics, alerts = Metrics(CollectorRegistry()), alerts_by_metric()
    labels = {
        next(iter(metric.describe())).name: metric._labelnames
        for metric in vars(metrics).values()
        if isinstance(metric, MetricWrapperBase)
    }
    rows = []
    for family in metrics.registry.collect():
        name = {"counter": f"{family.name}_total", "info": f"{family.name}_info"}.get(family.type, family.name)
        told = ", ".join(f"`{label}`" for label in labels.get(family.name, ()))
        worry = " · ".join([metrics.worries[name], *_runbooks(alerts.get(name, ()))])
        rows.append((f"`{name}`", family.type, told, family.documentation, worry))
    return _table(("metric", "kind", "labels", "meaning", "when to worry"), rows)


def alerts_table() -> str:
    """Return every alert, how bad it is, and when it comes."""
    rows = []
    for alert in read_alerts():
        after = f", for {alert.lasts}" if alert.lasts else ""
        expr = " ".join(alert.expr.split())
        rows.append((f"[{alert.name}](runbooks/{alert.runbook}.md)", alert.severity, f"`{expr}`{after}"))
    return _table(("alert", "severity", "comes when"), rows)


def runbooks_table() -> str:
    """Return every runbook and the alerts that lead to it."""
    led: dict[str, list[str]] = {}
    for alert in read_alerts():
        led.setdefault(alert.runbook, []).append(f"{alert.name} ({alert.severity})")
    titles = {name: (RUNBOOKS / f"{name}.md").read_text(encoding="utf-8").partition("\n")[0][2:] for name in led}
    rows = [(f"[{titles[name]}](runbooks/{name}.md)", ", ".join(names)) for name, names in led.items()]
    return _table(("runbook", "alerts"), rows)


def _runbooks(alerts: Iterable[Alert]) -> list[str]:
    return [f"[{alert.name}](runbooks/{alert.runbook}.md)" for alert in alerts]


def exit_codes_table() -> str:
    """Return every exit code and the errors that lead to it."""
    rows = []
    for code in ExitCode:
        errors = ", ".join(f"`{kind.__name__}`" for kind, number in EXIT_CODES.items() if number is code)
        rows.append((str(code.value), code.name.lower().replace("_", " "), errors))
    return _table(("code", "meaning", "errors"), rows)


def exit_codes_told_table() -> str:
    """Return every exit code and what it tells, which the table of the code says beside each."""
    source = Path(inspect.getfile(ExitCode)).read_text(encoding="utf-8")
    told = dict(re.findall(r"^    ([A-Z_]+) = \d+  #: (.+)$", source, re.MULTILINE))
    rows = [(str(code.value), told.get(code.name, "it worked")) for code in ExitCode]
    return _table(("code", "what it tells"), rows)


def commands_table() -> str:
    """Return every command and what it does."""
    found = [(words, command) for words, command in commands().items() if not is_group(command)]
    return _table(("command", "what it does"), [(f"`batcher {words}`", first_line(each)) for words, each in found])


def statuses_table() -> str:
    """Return the HTTP status of every class of error."""
    rows = [(f"`{kind.__name__}`", f"{status.value} {status.phrase}") for kind, status in STATUS.items()]
    return _table(("error", "status"), rows)


def scopes_table() -> str:
    """Return every scope, what it allows, and its routes."""
    source = Path(inspect.getfile(Scope)).read_text(encoding="utf-8")
    told = dict(re.findall(r'= "([a-z:]+)"  #: (.+)$', source, re.MULTILINE))
    routes = {
        scope: ", ".join(f"`{method} {path}`" for (method, path), access in ROUTES.items() if access.scope is scope)
        for scope in Scope
    }
    return _table(("scope", "allows to", "routes"), [(f"`{scope}`", told[scope], routes[scope]) for scope in Scope])


def report_table() -> str:
    """Return every key of a simulation's report."""
    return _keys_table(SimulationReport)


def comparison_table() -> str:
    """Return every key of a comparison of simulations."""
    return _keys_table(ComparisonReport)


def difference_table() -> str:
    """Return every key of a difference in such a comparison."""
    return _keys_table(Difference)


def _keys_table(report: type) -> str:
    hints = get_type_hints(report, include_extras=True)
    rows = [(f"`{name}`", hint.__metadata__[0]) for name, hint in hints.items()]
    return _table(("key", "meaning"), rows)


#: Page and name of each table, and what writes it.
TABLES: dict[tuple[str, str], Callable[[], str]] = {
    ("../README.md", "commands"): commands_table,
    ("../README.md", "exit-codes-told"): exit_codes_told_table,
    ("settings.md", "settings"): settings_table,
    ("metrics.md", "metrics"): metrics_table,
    ("monitoring.md", "alerts"): alerts_table,
    ("README.md", "runbooks"): runbooks_table,
    ("operations.md", "exit-codes"): exit_codes_table,
    ("operations.md", "statuses"): statuses_table,
    ("operations.md", "scopes"): scopes_table,
    ("simulate.md", "report"): report_table,
    ("simulate.md", "comparison"): comparison_table,
    ("simulate.md", "difference"): difference_table,
}


def table_in(page: str, name: str) -> str:
    """Return a table as it stands in its page."""
    text = (DOCS / page).read_text(encoding="utf-8")
    _, _, rest = text.partition(_begin(name))
    table, end, _ = rest.partition(_end(name))
    assert end, f"{page} has no marks for {name}"
    return table.strip()


def write_all() -> None:
    """Write every table into its page."""
    for (page, name), table in TABLES.items():
        path = DOCS / page
        text = path.read_text(encoding="utf-8")
        before, begin, rest = text.partition(_begin(name))
        _, end, after = rest.partition(_end(name))
        path.write_text(f"{before}{begin}\n{table()}\n{end}{after}", encoding="utf-8")


def _begin(name: str) -> str:
    return f"<!-- {name}: written by tests.docs_tables -->"


def _end(name: str) -> str:
    return f"<!-- end of {name} -->"


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


if __name__ == "__main__":
    write_all()
