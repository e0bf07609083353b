"""Recorded orders dropped in front of a real daemon as they were once placed, by the floor's clock."""

import shutil
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from batcher.settings import Settings, load_settings
from batcher.simulate.generator import trace_orders, write_drop
from batcher.simulate.processes import FloorProcesses

#: Where the orders were placed; the recordings tell local times.
ZONE = ZoneInfo("Europe/London")


def first_days(path: Path, days: int) -> list[dict[str, Any]]:
    """Return the orders of a recording's first days, oldest first."""
    trace = sorted(trace_orders(path), key=lambda order: str(order["placed_at"]))
    first = datetime.fromisoformat(str(trace[0]["placed_at"])).date()
    return [o for o in trace if (datetime.fromisoformat(str(o["placed_at"])).date() - first).days < days]


def first_midnight(trace: Sequence[dict[str, Any]]) -> datetime:
    """Return when the first day of a recording begins."""
    first = datetime.fromisoformat(trace[0]["placed_at"])
    return first.replace(hour=0, minute=0, second=0, tzinfo=ZONE).astimezone(UTC)


def demonstration_rules(directory: Path, budget_s: int) -> Path:
    """Copy the demonstration floor's rules, with another planning budget: a second here is minutes of the floor."""
    shutil.copytree("config/floor", directory)
    release = directory / "release.yaml"
    lines = release.read_text().splitlines(keepends=True)
    changed = [f"  budget: {budget_s} s\n" if line.startswith("  budget:") else line for line in lines]
    assert changed != lines or budget_s == 5
    release.write_text("".join(changed))
    return directory


def settings_of(floor: FloorProcesses) -> Settings:
    """Return the settings that a floor's processes run by, for who drops orders and looks at its store."""
    return load_settings(
        state_dir=floor.state_dir, rules=floor.rules, catalogue=floor.catalogue, speed=floor.speed,
        clock=floor.environment()["BATCHER_CLOCK"],
    )  # fmt: skip


class Feed:
    """
    Orders yet to come; those whose time has come are dropped.

    Parameters
    ----------
    trace
        Oldest first.
    """

    def __init__(self, trace: Sequence[dict[str, Any]]) -> None:
        self._orders = [(datetime.fromisoformat(o["placed_at"]).replace(tzinfo=ZONE), o) for o in trace]
        self._next = 0

    @property
    def over(self) -> bool:
        """Tell whether all have been dropped."""
        return self._next == len(self._orders)

    def drop_until(self, folder: Path, now: datetime) -> None:
        """Drop what was placed until now, as one file."""
        due = []
        while not self.over and self._orders[self._next][0] <= now:
            due.append(self._orders[self._next][1])
            self._next += 1
        if due:
            write_drop(folder, due)

    def pass_over(self, until: datetime) -> None:
        """Leave out what was placed until then: it has been dropped before."""
        while not self.over and self._orders[self._next][0] <= until:
            self._next += 1
