"""The shipped alerting rules as tests and documentation see them: each alert, what it asks, and its runbook."""

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

PROMETHEUS = Path(__file__).parent.parent / "config" / "prometheus"
RUNBOOKS = Path(__file__).parent.parent / "docs" / "runbooks"
_RUNBOOK_URL = re.compile(r"\{\{ \$externalLabels\.docs \}\}/runbooks/([a-z-]+)\.md")
#: What a histogram is exported as, beside its own name.
_PARTS = ("_bucket", "_count", "_sum")


@dataclass(frozen=True)
class Alert:
    """One alerting rule."""

    name: str
    expr: str
    severity: str
    lasts: str  #: how long it must be so; empty: not at all
    annotations: Mapping[str, str]

    @property
    def runbook(self) -> str:
        """The name of its runbook's page."""
        found = _RUNBOOK_URL.fullmatch(self.annotations.get("runbook_url", ""))
        assert found, f"{self.name} links no runbook"
        return found[1]


def read_yaml(path: Path) -> Any:
    """Return a YAML document."""
    return YAML(typ="safe").load(path)


def _rules() -> list[Any]:
    return [
        rule
        for path in sorted((PROMETHEUS / "rules").glob("*.yml"))
        for group in read_yaml(path)["groups"]
        for rule in group["rules"]
    ]


def alerts() -> list[Alert]:
    """Return every alert, by file and place."""
    return [
        Alert(rule["alert"], rule["expr"], rule["labels"]["severity"], rule.get("for", ""), rule["annotations"])
        for rule in _rules()
        if "alert" in rule
    ]


def recorded() -> dict[str, str]:
    """Return what each recording rule asks, by the name it records."""
    return {rule["record"]: rule["expr"] for rule in _rules() if "record" in rule}


def names_in(expr: str) -> set[str]:
    """Return the metrics of ours that an expression asks for, also by way of what is recorded."""
    names = set(re.findall(r"(?<![:\w])batcher_\w+", expr))
    for record, asked in recorded().items():
        if re.search(rf"(?<![:\w]){re.escape(record)}(?![:\w])", expr):
            names |= names_in(asked)
    return names


def family_of(name: str) -> str:
    """Return the metric that a series belongs to."""
    return next((name.removesuffix(part) for part in _PARTS if name.endswith(part)), name)


def alerts_by_metric() -> dict[str, list[Alert]]:
    """Return for each metric the alerts that go by it."""
    found = defaultdict(list)
    for alert in alerts():
        for name in sorted({family_of(name) for name in names_in(alert.expr)}):
            found[name].append(alert)
    return dict(found)
