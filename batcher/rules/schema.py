"""
Read a rules directory into a `RuleSet`: every fault of every file at once, with file, line and column.

The steps are in their own modules: `files`, `yaml_source`, `sections`, `catalogue`, `consistency`,
`rule_checks`, `compile`.
"""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from batcher.errors import Fault, RulesError
from batcher.rules.catalogue import read_catalogue
from batcher.rules.compile import compile_rules
from batcher.rules.consistency import check_floor
from batcher.rules.files import (
    CATALOGUE_LIMIT_BYTES,
    Source,
    UnreadableError,
    hash_sources,
    place,
    read_source,
    yaml_files,
)
from batcher.rules.floor import CatalogueEntry
from batcher.rules.fonts import read_fonts
from batcher.rules.inline_secrets import secret_warnings
from batcher.rules.rule_checks import check_batch_rules
from batcher.rules.ruleset import RuleSet
from batcher.rules.sections import gather
from batcher.rules.yaml_source import Document, parse

CATALOGUE_NAME = "catalogue.csv"
#: Faults that lie between files.
_OF_OTHER_FILES = {"missing_section", "unknown_reference"}


@dataclass(frozen=True)
class Loaded:
    """Rules that can be used, and what an engineer should still look at."""

    rules: RuleSet
    warnings: tuple[Fault, ...]


@dataclass(frozen=True)
class Inspection:
    """What a directory holds: rules when it has no faults."""

    rules: RuleSet | None
    faults: tuple[Fault, ...]
    warnings: tuple[Fault, ...]


def load_rules(directory: Path, *, catalogue: Path | None = None) -> RuleSet:
    """
    Return the rules of a directory.

    Parameters
    ----------
    catalogue
        CSV file of SKUs; none: ``catalogue.csv`` of the directory, where it has one.

    Raises
    ------
    RulesError
        With every fault of every file.
    """
    return load(directory, catalogue=catalogue).rules


def load(directory: Path, *, catalogue: Path | None = None) -> Loaded:
    """Return the rules of a directory with warnings; see `load_rules`."""
    found = inspect(directory, catalogue=catalogue)
    if found.rules is None:
        raise RulesError(found.faults)
    return Loaded(found.rules, found.warnings)


def inspect(directory: Path, *, catalogue: Path | None = None) -> Inspection:
    """Return what a directory holds, faults and warnings told rather than raised."""
    paths, faults, warnings = yaml_files(directory)
    sources, documents = _read_yaml(paths, directory, faults)
    sections, places, known, found = gather(documents, place(directory))
    entries, listed = _read_catalogue(directory, catalogue, known.ids["products"], found)
    complete = bool(paths) and len(documents) == len(paths)
    if complete:
        sold = {entry.product for entry in entries.values()}
        for checked in (check_floor(sections, places, sold), check_batch_rules(sections, places)):
            found += checked.faults
            warnings += checked.warnings
    else:
        # What a file that cannot be read may define is not called missing.
        found = [fault for fault in found if fault.code not in _OF_OTHER_FILES]
    coverage, fonts, unreadable = read_fonts(directory, sections, places)
    faults += [*found, *unreadable]
    warnings += secret_warnings(documents)
    if faults:
        return Inspection(None, _in_order(faults), _in_order(warnings))
    rules = compile_rules(sections, entries, hash_sources([*sources, *listed, *fonts]), coverage)
    return Inspection(rules, (), _in_order(warnings))


def _read_yaml(paths: list[Path], directory: Path, faults: list[Fault]) -> tuple[list[Source], list[Document]]:
    sources, documents = [], []
    for path in paths:
        try:
            source = read_source(path, path.name, within=directory)
        except UnreadableError as error:
            faults.append(error.fault)
            continue
        document, found = parse(source)
        faults += found
        sources.append(source)
        if document is not None:
            documents.append(document)
    return sources, documents


def _read_catalogue(
    directory: Path, given: Path | None, products: Collection[str], faults: list[Fault]
) -> tuple[dict[str, CatalogueEntry], list[Source]]:
    path = given or directory / CATALOGUE_NAME
    if given is None and not (path.exists() or path.is_symlink()):
        return {}, []
    try:
        source = read_source(path, CATALOGUE_NAME, within=None if given else directory, limit=CATALOGUE_LIMIT_BYTES)
    except UnreadableError as error:
        faults.append(error.fault)
        return {}, []
    entries, found = read_catalogue(source, products)
    faults += found
    return entries, [source]


def _in_order(faults: list[Fault]) -> tuple[Fault, ...]:
    """Return faults by file, line and column, each once."""

    def key(fault: Fault) -> tuple[str, int, int]:
        path, line, column = fault.where.rsplit(":", 2)
        return path, int(line), int(column)

    return tuple(sorted(dict.fromkeys(faults), key=key))
