"""A simulation from beginning to end: a floor is opened, days are played, and what they came to is told."""

from collections.abc import Sequence
from time import perf_counter

from batcher.domain.clock import SteppedClock
from batcher.rules.ruleset import RuleSet
from batcher.simulate.demand import Arrival
from batcher.simulate.history import History, make_history
from batcher.simulate.policies import named_policy
from batcher.simulate.report import Setting, SimulationReport, make_report
from batcher.simulate.run import DEFAULT_PACE, Pace, Progress, Simulation
from batcher.simulate.scenario import Scenario
from batcher.simulate.sim_floor import simulated_floor


def simulate(
    rules: RuleSet,
    arrivals: Sequence[Arrival],
    scenario: Scenario,
    *,
    policy: str = "ours",
    pace: Pace = DEFAULT_PACE,
    progress: Progress | None = None,
) -> tuple[SimulationReport, History]:
    """
    Run a floor on a simulated clock until everything that came is packed; return its report, and what happened when.

    Parameters
    ----------
    arrivals
        Oldest first, at least one.
    scenario
        How the days differ from the rules.
    policy
        A name that `policies.named_policy` knows.
    progress
        Told how far the orders have come in, 0..1.
    """
    began = perf_counter()
    clock = SteppedClock(arrivals[0].at)
    with simulated_floor(rules, clock) as floor:
        runner = named_policy(policy, seed=scenario.seed)
        trail = Simulation(floor, clock, arrivals, scenario, runner, pace, progress).run()
    report = make_report(trail, rules, Setting(policy, scenario), perf_counter() - began)
    return report, make_history(trail, rules)
