"""
Several simulations of the same days side by side: rules, policies and seeds, through any executor.

What their reports come to when held against each other is `comparison`'s to say.
"""

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future, as_completed
from dataclasses import dataclass, replace
from typing import Any

import structlog

from batcher.rules.ruleset import RuleSet
from batcher.simulate.clairvoyant import Reference, clairvoyant
from batcher.simulate.demand import Arrival
from batcher.simulate.history import History
from batcher.simulate.report import SimulationReport
from batcher.simulate.scenario import Scenario
from batcher.simulate.simulation import simulate

#: Told the share of the work that is done, 0..1.
Progress = Callable[[float], None]


@dataclass(frozen=True)
class Case:
    """One way to run a floor, by a name that people know it by."""

    name: str
    rules: RuleSet
    policy: str


@dataclass(frozen=True)
class Days:
    """What befalls a floor in one run; the seed of the orders is the scenario's."""

    arrivals: Sequence[Arrival]
    scenario: Scenario


@dataclass(frozen=True)
class Outcome:
    """What one case came to under one seed, and how it came to it."""

    case: str
    seed: int
    report: SimulationReport
    history: History


def run_study(
    cases: Sequence[Case],
    days: Sequence[Days],
    executor: Executor,
    *,
    with_clairvoyant: bool = True,
    progress: Progress | None = None,
) -> list[Outcome]:
    """
    Run every case under every seed.

    Parameters
    ----------
    cases
        Each with a name of its own.
    executor
        Where the runs go; they may be pickled to other processes.
    with_clairvoyant
        Whether each report tells its ratio to the plan that knew every order; one for each rules and seed.

    Returns
    -------
    list of Outcome
        By case, then by seed, as they were handed in.
    """
    runs: dict[tuple[str, int], Future[tuple[SimulationReport, History]]] = {}
    yardsticks: dict[tuple[str, int], Future[Reference]] = {}
    for day in days:
        seed = day.scenario.seed
        for case in cases:
            runs[case.name, seed] = executor.submit(_run, case, day)
            if with_clairvoyant and (case.rules.hash, seed) not in yardsticks:
                yardsticks[case.rules.hash, seed] = executor.submit(_reference, case.rules, day)
    waited: list[Future[Any]] = [*runs.values(), *yardsticks.values()]
    for done, future in enumerate(as_completed(waited), start=1):
        future.result()  # the first failure ends the study
        if progress is not None:
            progress(done / len(waited))
    references = {key: future.result() for key, future in yardsticks.items()}
    outcomes = []
    for case in cases:
        for seed in (day.scenario.seed for day in days):
            report, history = runs[case.name, seed].result()
            told = _with_ratio(report, references.get((case.rules.hash, seed)))
            outcomes.append(Outcome(case.name, seed, told, history))
    return outcomes


def _run(case: Case, day: Days) -> tuple[SimulationReport, History]:
    _quieten()
    return simulate(case.rules, day.arrivals, day.scenario, policy=case.policy)


def _reference(rules: RuleSet, day: Days) -> Reference:
    _quieten()
    return clairvoyant(rules, day.arrivals, seed=day.scenario.seed)


def _quieten() -> None:
    """Keep what the floor logs of its work to itself: another process does not know what this one was told."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))


def _with_ratio(report: SimulationReport, reference: Reference | None) -> SimulationReport:
    if reference is None or not reference.cost_per_item:
        return report
    return replace(
        report,
        clairvoyant_ratio=report.cost_per_item / reference.cost_per_item,
        clairvoyant_parts_per_item=reference.cost_parts_per_item,
    )
