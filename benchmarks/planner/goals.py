"""The figures the planner is to reach, by set and size."""

from dataclasses import dataclass, replace
from typing import Self


@dataclass(frozen=True)
class Figures:
    """What is measured of a method over the problems of a row; none where it could not be."""

    ratio: float | None = None  #: mean cost over yardstick
    rival: float | None = None  #: mean cost over the best published plan of a floor problem
    gap: float | None = None
    first_s: float | None = None
    memory_mb: float | None = None
    proven: float | None = None  #: share of the problems


@dataclass(frozen=True)
class Goal:
    """At most these figures (at least so much `proven`); `beyond` in words."""

    sets: tuple[str, ...]
    least: int
    most: int
    figures: Figures
    beyond: str = ""

    def text(self) -> str:
        """Return the goal in a few words."""
        figures = self.figures
        parts = {
            "ratio": None if figures.ratio is None else f"≤ {figures.ratio:.3f}",
            "rival": None if figures.rival is None else "≤ annealing",
            "proven": None if figures.proven is None else f"proven ≥ {100 * figures.proven:.0f} %",
            "gap": None if figures.gap is None else f"gap ≤ {100 * figures.gap:.0f} %",
            "first_s": None if figures.first_s is None else f"first ≤ {figures.first_s:g} s",
            "memory": None if figures.memory_mb is None else f"≤ {figures.memory_mb / 1024:g} GB",
        }
        return ", ".join(part for part in parts.values() if part)

    def without_rival(self) -> Self:
        """Return the goal for problems nothing was published for."""
        return replace(self, figures=replace(self.figures, rival=None))

    def missed(self, found: Figures) -> list[str]:
        """Return the names of the figures that are not reached; ratios count to three decimals, as they are shown."""
        names = ("ratio", "rival", "gap", "first_s", "memory_mb")
        missed = [
            name
            for name in names
            if (most := getattr(self.figures, name)) is not None
            and ((value := getattr(found, name)) is None or round(value, 3) > most)
        ]
        if self.figures.proven is not None and (found.proven or 0.0) < self.figures.proven:
            missed.append("proven")
        return missed


def goal_of(set_name: str, size: int) -> Goal | None:
    """Return the goal of a set's problems of a size."""
    return next((goal for goal in GOALS if set_name in goal.sets and goal.least <= size <= goal.most), None)


GOALS = (
    Goal(("osp-uc3",), 1, 25, Figures(ratio=1.0, proven=0.9), "all proven"),
    Goal(("osp-uc3",), 26, 50, Figures(ratio=1.003), "< 1.000"),
    Goal(("osp-uc3",), 51, 100, Figures(ratio=1.006), "< 1.000"),
    Goal(("osp-uc3",), 101, 250, Figures(ratio=1.015), "≤ 1.000"),
    Goal(("osp-uc3",), 251, 500, Figures(ratio=1.011), "≤ 1.000"),
    Goal(("osp-uc2",), 26, 50, Figures(ratio=1.005), "< 1.000"),
    Goal(("osp-uc2",), 51, 100, Figures(ratio=1.015), "< 1.000"),
    Goal(("osp-uc2",), 101, 500, Figures(ratio=1.02), "< 1.000"),
    Goal(("chiang",), 1, 1000, Figures(ratio=1.03), "< 1.000"),
    Goal(("floor", "large"), 1, 300, Figures(rival=1.0, gap=0.08), "gap ≤ 3 %"),
    Goal(("floor", "large"), 301, 1000, Figures(ratio=0.60, gap=0.12), "gap ≤ 5 %"),
    Goal(("floor", "large"), 1001, 2000, Figures(ratio=0.70, gap=0.12), "gap ≤ 5 %"),
    Goal(("floor", "large"), 2001, 5000, Figures(ratio=0.70, first_s=3.0), "gap ≤ 12 %"),
    Goal(("floor", "large"), 5001, 20_000, Figures(ratio=0.82, first_s=3.0), "gap ≤ 12 %"),
    Goal(("large",), 20_001, 10_000_000, Figures(ratio=0.85, memory_mb=3072)),
)
