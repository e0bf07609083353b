"""
Ways to run a floor held against each other: by how much they differ, and how sure that is.

Two cases are compared seed by seed, because under one seed both meet the same luck; what is told is the mean of these
differences with its 95 % confidence interval by Student's t.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import fmean, stdev
from typing import Annotated

from batcher.simulate.report import SimulationReport
from batcher.simulate.study import Outcome

#: Two-sided 95 % quantiles of Student's t for 1, 2, ... degrees of freedom; from there on as good as normal.
_T = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228,
      2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086)  # fmt: skip
_NORMAL = 1.96

_FIGURES: dict[str, Callable[[SimulationReport], float | None]] = {
    "cost_per_item": lambda report: report.cost_per_item,
    "on_time_share": lambda report: report.on_time_share,
    "fill": lambda report: report.fill,
    "batches": lambda report: report.batches,
    "changeovers_per_item": lambda report: report.cost_parts_per_item["changeovers"],
    "clairvoyant_ratio": lambda report: report.clairvoyant_ratio,
}


@dataclass(frozen=True)
class Difference:
    """By how much a case differs from the first one, in one figure."""

    case: Annotated[str, "The case."]
    figure: Annotated[str, "Key of the report."]
    first: Annotated[float, "Mean of the first case."]
    mean: Annotated[float, "Mean difference from it."]
    low: Annotated[float | None, "Lower end of the 95 % confidence interval of that mean; null with one seed."]
    high: Annotated[float | None, "Upper end."]

    @property
    def sure(self) -> bool:
        """Tell whether the interval leaves out nought: chance alone would rarely make such a difference."""
        return self.low is not None and self.high is not None and (self.low > 0 or self.high < 0)


@dataclass(frozen=True)
class CaseReport:
    """One run of a case."""

    case: str
    seed: int
    report: SimulationReport


@dataclass(frozen=True)
class ComparisonReport:
    """All runs, and how the cases differ from the first. Its fields are the report's keys."""

    format: Annotated[str, "`batcher-comparison/1`."]
    cases: Annotated[list[str], "What was compared; the first is what the others are held against."]
    seeds: Annotated[list[int], "Under which seeds."]
    runs: Annotated[list[CaseReport], "`case`, `seed` and `report` of each run."]
    differences: Annotated[list[Difference], "`case`, `figure`, `first`, `mean`, `low` and `high`, see below."]

    @property
    def sound(self) -> bool:
        """Tell whether every run was."""
        return all(run.report.sound for run in self.runs)


def compare(outcomes: Sequence[Outcome]) -> ComparisonReport:
    """Return what the outcomes of a study come to; every case has been run under every seed."""
    cases = list(dict.fromkeys(outcome.case for outcome in outcomes))
    seeds = sorted({outcome.seed for outcome in outcomes})
    reports = {(outcome.case, outcome.seed): outcome.report for outcome in outcomes}
    differences = []
    for case in cases[1:]:
        for figure, value in _FIGURES.items():
            firsts = [value(reports[cases[0], seed]) for seed in seeds]
            others = [value(reports[case, seed]) for seed in seeds]
            pairs = [(a, b) for a, b in zip(firsts, others, strict=True) if a is not None and b is not None]
            if pairs:
                differences.append(_difference(case, figure, pairs))
    runs = [CaseReport(outcome.case, outcome.seed, outcome.report) for outcome in outcomes]
    return ComparisonReport("batcher-comparison/1", cases, seeds, runs, differences)


def _difference(case: str, figure: str, pairs: Sequence[tuple[float, float]]) -> Difference:
    deltas = [other - first for first, other in pairs]
    mean, low, high = fmean(deltas), None, None
    if len(deltas) > 1:
        freedom = len(deltas) - 1
        half = (_T[freedom - 1] if freedom <= len(_T) else _NORMAL) * stdev(deltas) / sqrt(len(deltas))
        low, high = mean - half, mean + half
    return Difference(case, figure, fmean(first for first, _ in pairs), mean, low, high)
