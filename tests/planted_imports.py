"""
Plants illegal imports in a copy of the package, one at a time, and tells which contracts each of them breaks.

A process of its own, because the package that is looked at is found by its name: `python planted_imports.py COPY`,
with plants as JSON on stdin and what they break as JSON on stdout.
"""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple


class Plant(NamedTuple):
    """A module and the line that is added to it; a module that is not there is made."""

    module: str
    line: str


def broken_by(plants: Sequence[Plant], copy: Path) -> list[list[str]]:
    """Return the ids of the contracts that each plant breaks; `copy` holds the package and its pyproject.toml."""
    sys.path.insert(0, str(copy))  # before the package is looked for, and before the one that is installed
    return [_planted(plant, copy) for plant in plants]


def _planted(plant: Plant, copy: Path) -> list[str]:
    stem = copy.joinpath(*plant.module.split("."))
    path = stem / "__init__.py" if stem.is_dir() else stem.with_suffix(".py")
    before = path.read_bytes() if path.exists() else None
    path.write_bytes((before or b'"""Planted."""\n') + f"\n{plant.line}\n".encode())
    try:
        return _broken(copy)
    finally:
        if before is None:
            path.unlink()
        else:
            path.write_bytes(before)


def _broken(copy: Path) -> list[str]:
    # installed where tests are run, and heavy: only this process needs it
    from importlinter import configuration
    from importlinter.application import use_cases

    configuration.configure()
    options = use_cases.read_user_options(str(copy / "pyproject.toml"))
    use_cases._register_contract_types(options)
    ids = {contract["name"]: contract["id"] for contract in options.contracts_options}
    report = use_cases.create_report(options, cache_dir=str(copy / "cache"))
    assert not report.could_not_run, report.invalid_contract_options
    return [ids[contract.name] for contract, check in report.get_contracts_and_checks() if not check.kept]


if __name__ == "__main__":
    plants = [Plant(*entry) for entry in json.load(sys.stdin)]
    json.dump(broken_by(plants, Path(sys.argv[1])), sys.stdout)
