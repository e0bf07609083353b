"""
Bring the sections of all files together: each id once, each entry in its shape, every reference known.

All faults of all files are collected, none hides another. What the entries mean together is `consistency`'s work.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from pydantic import BaseModel

from batcher.errors import Fault
from batcher.rules.faults import Places, read_shape
from batcher.rules.floor import STANDARD_TIER
from batcher.rules.floor_models import (
    CalendarShape,
    FixtureShape,
    ProcessShape,
    ProductShape,
    SiteShape,
    StationShape,
)
from batcher.rules.grammar import Known, suggestion, told
from batcher.rules.release_models import ReleaseShape
from batcher.rules.rule_models import (
    BatchRuleShape,
    PlanningShape,
    RulesFile,
    ServiceShape,
    TierShape,
)
from batcher.rules.source_models import SourceShape
from batcher.rules.values import read_name
from batcher.rules.yaml_source import Document, Route

_BY_ID: dict[str, type[BaseModel]] = {
    "calendars": CalendarShape,
    "processes": ProcessShape,
    "stations": StationShape,
    "fixtures": FixtureShape,
    "products": ProductShape,
    "services": ServiceShape,
    "tiers": TierShape,
    "sources": SourceShape,
}
_ONCE: dict[str, type[BaseModel]] = {"site": SiteShape, "release": ReleaseShape, "planning": PlanningShape}
_NEEDED = ("site", "processes", "stations", "fixtures", "products", "services", "batch_rules")


@dataclass
class Sections:
    """What the files say, in shape; an entry with faults is left out, and told in `broken`."""

    site: SiteShape | None = None
    release: ReleaseShape = field(default_factory=lambda: ReleaseShape.model_validate({}, context=Known()))
    planning: PlanningShape = field(default_factory=lambda: PlanningShape.model_validate({}, context=Known()))
    calendars: dict[str, CalendarShape] = field(default_factory=dict)
    processes: dict[str, ProcessShape] = field(default_factory=dict)
    stations: dict[str, StationShape] = field(default_factory=dict)
    fixtures: dict[str, FixtureShape] = field(default_factory=dict)
    products: dict[str, ProductShape] = field(default_factory=dict)
    services: dict[str, ServiceShape] = field(default_factory=dict)
    tiers: dict[str, TierShape] = field(default_factory=dict)
    sources: dict[str, SourceShape] = field(default_factory=dict)
    batch_rules: dict[int, BatchRuleShape] = field(default_factory=dict)  #: by position in the list
    broken: set[str] = field(default_factory=set)  #: sections in which an entry has faults


@dataclass(frozen=True)
class _Entry:
    """One entry as a file gives it."""

    document: Document
    route: Route
    value: object


def gather(documents: Sequence[Document], root: str) -> tuple[Sections, Places, Known, list[Fault]]:
    """
    Return the sections of all documents, where they stand, the ids they define, and every fault.

    Parameters
    ----------
    root
        Place of the directory, for what no file has.
    """
    entries, faults = _collect(documents)
    known = _known(entries)
    sections = Sections()
    for route, entry in entries.items():
        value, found = _read(entry, known)
        faults += found
        if value is None:
            sections.broken.add(str(route[0]))
        else:
            _put(sections, entry.route, value)
    given = {route[0] for route in entries}
    faults += [
        Fault(root, f"no file has the section '{name}'; it is needed", "missing_section")
        for name in _NEEDED
        if name not in given
    ]
    return sections, Places({route: entry.document for route, entry in entries.items()}), known, faults


def _collect(documents: Sequence[Document]) -> tuple[dict[Route, _Entry], list[Fault]]:
    entries: dict[Route, _Entry] = {}
    faults: list[Fault] = []
    ordered: Document | None = None
    for document in documents:
        for section, value in document.data.items():
            if section == "batch_rules" and ordered is not None:
                faults.append(_second_list(document, ordered))
                continue
            if section == "batch_rules":
                ordered = document
            for entry in _entries(document, section, value, faults):
                first = entries.setdefault(entry.route, entry)
                if first is not entry:
                    faults.append(_defined_twice(entry, first))
    return entries, faults


def _entries(document: Document, section: str, value: object, faults: list[Fault]) -> list[_Entry]:
    """Return the entries of one section of one file."""
    if section in _ONCE:
        return [_Entry(document, (section,), value)]
    if section in _BY_ID:
        if isinstance(value, dict):
            return [_Entry(document, (section, name), inner) for name, inner in value.items()]
        faults.append(Fault(document.at((section,)), f"{section} must be a mapping by id, not {told(value)}", "type"))
        return []
    if section == "batch_rules":
        if isinstance(value, list):
            return [_Entry(document, (section, position), inner) for position, inner in enumerate(value)]
        faults.append(Fault(document.at((section,)), f"batch_rules must be a list, not {told(value)}", "type"))
        return []
    faults.append(Fault(document.at((section,), key=True), _unknown_section(section), "unknown_key"))
    return []


def _unknown_section(section: str) -> str:
    if section in ("include", "includes", "import", "extends"):
        return f"unknown section {told(section)}: every *.yaml file of the directory is read, and nothing outside it"
    return f"unknown section {told(section)}; {suggestion(section, list(RulesFile.model_fields))}"


def _second_list(document: Document, first: Document) -> Fault:
    earlier = first.at(("batch_rules",), key=True)
    message = f"batch_rules stand in one file, because their order counts; the others are at {earlier}"
    return Fault(document.at(("batch_rules",), key=True), message, "duplicate_id")


def _defined_twice(entry: _Entry, first: _Entry) -> Fault:
    section, *ids = entry.route
    what = f"{section} {told(ids[0])}" if ids else f"section '{section}'"
    where, earlier = entry.document.at(entry.route, key=True), first.document.at(first.route, key=True)
    return Fault(where, f"{what} is defined again; first at {earlier}", "duplicate_id")


def _known(entries: dict[Route, _Entry]) -> Known:
    """Return the ids of all files, also of entries with faults, so that one fault is not told as two."""
    ids: dict[str, list[str]] = {section: [] for section in (*_BY_ID, "states")}
    for (section, *rest), entry in entries.items():
        if section in _BY_ID:
            ids[str(section)].append(str(rest[0]))
        if section == "fixtures":
            state = entry.value.get("setup_state") if isinstance(entry.value, dict) else None
            ids["states"].append(state if isinstance(state, str) else str(rest[0]))
    if STANDARD_TIER not in ids["tiers"]:
        ids["tiers"].append(STANDARD_TIER)
    return Known(ids)


def _read(entry: _Entry, known: Known) -> tuple[BaseModel | None, list[Fault]]:
    """Return one entry in its shape, none when it has faults, and the faults."""
    section = str(entry.route[0])
    shape: type[BaseModel] = BatchRuleShape if section == "batch_rules" else (_ONCE | _BY_ID)[section]
    value, faults = read_shape(shape, entry.value, entry.document, entry.route, known)
    if section in _BY_ID:
        try:
            read_name(entry.route[1])
        except ValueError as error:
            faults.append(Fault(entry.document.at(entry.route, key=True), f"the id {error}", "name"))
    return (None if faults else value), faults


def _put(sections: Sections, route: Route, value: BaseModel) -> None:
    section = str(route[0])
    if section in _ONCE:
        setattr(sections, section, value)
    else:
        getattr(sections, section)[route[1]] = value
