"""`batcher rules`: ask the rules what they would do, and print what they may say."""

from pathlib import Path
from typing import Annotated

import typer

from batcher.cli.check import summary
from batcher.cli.matching import match
from batcher.cli.output import JsonOption, print_json, print_table
from batcher.cli.rules_diff import diff
from batcher.domain.calendars import Calendar, Span
from batcher.rules.batch_rules import BatchRule
from batcher.rules.json_schema import rules_schema_text
from batcher.rules.reference import reference_page
from batcher.rules.ruleset import RuleSet
from batcher.rules.schema import load_rules
from batcher.rules.values import write_duration
from batcher.settings import load_settings

rules = typer.Typer(help="Ask the rules what they would do.", no_args_is_help=True)
rules.command()(match)
rules.command()(diff)

Directory = Annotated[Path | None, typer.Option("--rules", help="Rules directory; else that of the settings.")]
Catalogue = Annotated[Path | None, typer.Option(help="Catalogue instead of the directory's own.")]

_DAY_NAMES = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@rules.command()
def show(directory: Directory = None, catalogue: Catalogue = None, json: JsonOption = False) -> None:
    """
    Show the rules as they will be used, every default filled in.

    Example: batcher rules show --rules config/floor
    """
    ruleset = _ruleset(directory, catalogue)
    if json:
        print_json(_document(ruleset))
        return
    _show_stations(ruleset)
    _show_services(ruleset)
    _show_batch_rules(ruleset)
    typer.echo(f"{ruleset.site.name}, {ruleset.site.zone.key}; rules {ruleset.hash}")


@rules.command()
def schema() -> None:
    """
    Print the JSON Schema of a rules file, for editors.

    Example: batcher rules schema > config/rules.schema.json
    """
    typer.echo(rules_schema_text(), nl=False)


@rules.command()
def reference() -> None:
    """
    Print the reference page: every key with its type, default and meaning.

    Example: batcher rules reference > docs/rules.md
    """
    typer.echo(reference_page(), nl=False)


def _ruleset(directory: Path | None, catalogue: Path | None) -> RuleSet:
    settings = load_settings(rules=directory, catalogue=catalogue)
    return load_rules(settings.rules, catalogue=settings.catalogue)


def _show_stations(ruleset: RuleSet) -> None:
    rows = [
        (
            station.id,
            station.process,
            "not needed" if station.attended is None else _week(station.attended),
            station.magazine,
            station.cost_per_hour_minor,
            station.cost_per_batch_minor,
        )
        for station in ruleset.stations.values()
    ]
    print_table(
        "Stations", ("station", "process", "attended", "magazine", "per hour", "per batch"), rows, "no stations"
    )


def _show_services(ruleset: RuleSet) -> None:
    rows = [
        (
            service.id,
            f"{service.order_by:%H:%M}",
            service.collection,
            f"{service.leaves_by:%H:%M}",
            service.late_cost_minor,
            service.late_cost_per_hour_minor,
        )
        for service in ruleset.services.values()
    ]
    columns = ("service", "order by", "collection", "leaves by", "late", "late per hour")
    print_table("Services", columns, rows, "no services")


def _show_batch_rules(ruleset: RuleSet) -> None:
    rows = [
        (
            rule.id if rule.active else f"{rule.id} (off)",
            _taken(rule),
            ", ".join(rule.equal) or "fixture only",
            write_duration(rule.release.slack_floor_s),
            "as it pays" if rule.release.max_wait_s is None else write_duration(rule.release.max_wait_s),
        )
        for rule in ruleset.batch_rules
    ]
    columns = ("rule", "takes", "same in a batch", "slack floor", "longest wait")
    print_table("Batch rules, the first match takes", columns, rows, "no batch rules")


def _taken(rule: BatchRule) -> str:
    return "; ".join(f"{fact} {' or '.join(wanted)}" for fact, wanted in rule.where.patterns.items()) or "everything"


def _week(calendar: Calendar) -> str:
    """Return a calendar's hours, days in a row with the same hours together: Mon-Fri 07:00-19:00; Sat 07:00-12:00."""
    runs: list[tuple[list[str], tuple[Span, ...]]] = []
    for name, spans in zip(_DAY_NAMES, calendar.week, strict=True):
        if runs and runs[-1][1] == spans:
            runs[-1][0].append(name)
        else:
            runs.append(([name], spans))
    return "; ".join(
        f"{days[0]}{f'-{days[-1]}' if len(days) > 1 else ''} "
        f"{' '.join(f'{span.start:%H:%M}-{span.end:%H:%M}' for span in spans)}"
        for days, spans in runs
        if spans
    )


def _document(ruleset: RuleSet) -> dict[str, object]:
    return {
        "hash": ruleset.hash,
        "site": ruleset.site.name,
        "time_zone": ruleset.site.zone.key,
        "counts": summary(ruleset),
        "stations": {station.id: station.process for station in ruleset.stations.values()},
        "services": list(ruleset.services),
        "batch_rules": [
            {"id": rule.id, "active": rule.active, "where": dict(rule.where.patterns), "equal": list(rule.equal)}
            for rule in ruleset.batch_rules
        ],
    }
