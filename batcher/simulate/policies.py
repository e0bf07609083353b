"""
How a simulated floor is run: what makes its plans and what begins its batches. Ours, and what others do, by name.

The others are what the products on the market document, each with its one knob: `baselines` has them.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import time, timedelta
from typing import Protocol

from batcher.errors import ConfigError
from batcher.planning.plan import Plan
from batcher.planning.quick import quick_plan
from batcher.planning.release import Candidate, Decision, StationNow, decide
from batcher.planning.stability import batches_kept, remaining
from batcher.rules.ruleset import RuleSet
from batcher.services.plan_in_force import PlanInForce
from batcher.services.planner import make_plan
from batcher.services.snapshot import Snapshot
from batcher.simulate.baselines import Baseline, at_clocks, at_once, at_slack, every, longest_wait

#: Moves of the search for each plan, and more for each job in it.
_MOVES, _MOVES_PER_JOB = 5_000, 10


class FloorPolicy(Protocol):
    """What runs a floor; `eager` ones are cheap and want a fresh plan before every release."""

    eager: bool

    def plan(self, rules: RuleSet, snapshot: Snapshot) -> PlanInForce:
        """Return the plan of a moment."""

    def decide(self, candidates: Sequence[Candidate], station: StationNow, now: int, lead: int) -> list[Decision]:
        """Decide for the candidates of one station, as `planning.release.decide` does."""


class Ours:
    """The daemon's planning and release, each plan starting from the last."""

    eager = False

    def __init__(self, seed: int = 0) -> None:
        self._seed = seed
        self._last: Plan | None = None

    def plan(self, rules: RuleSet, snapshot: Snapshot) -> PlanInForce:
        """Return a plan that carries the last one on."""
        problem = snapshot.problem
        moves = _MOVES + _MOVES_PER_JOB * len(problem.jobs)
        result = quick_plan(problem, start=self._last, moves=moves, seed=self._seed)
        last = () if self._last is None else remaining(self._last.batches, {job.id for job in problem.jobs})
        self._last = result.plan
        return make_plan(rules, snapshot, result, kept=batches_kept(last, result.plan))

    def decide(self, candidates: Sequence[Candidate], station: StationNow, now: int, lead: int) -> list[Decision]:
        """Decide as the daemon does."""
        return decide(candidates, station, now, lead)


def named_policy(name: str, *, seed: int = 0) -> FloorPolicy:
    """
    Return a new policy by what it is called on the command line.

    Raises
    ------
    ConfigError
        When nothing is called so, or its knob makes no sense.
    """
    if name == "ours":
        return Ours(seed)
    found = re.fullmatch(r"every-(\d+)-minutes", name)
    if found:
        return Baseline(every(_minutes(name, found[1])))
    kind, _, knob = name.partition("=")
    if kind not in _BASELINES:
        raise ConfigError(f"no policy {name}; use one of: {', '.join(POLICIES)}")
    make, default = _BASELINES[kind]
    return make(name, knob or default)


def _minutes(name: str, text: str) -> timedelta:
    if not text.isdigit() or not int(text):
        raise ConfigError(f"policy {name}: {text!r} is no number of minutes")
    return timedelta(minutes=int(text))


def _clocks(name: str, text: str) -> tuple[time, ...]:
    try:
        return tuple(sorted(time.fromisoformat(part) for part in text.split(",")))
    except ValueError:
        raise ConfigError(f"policy {name}: {text!r} are no times of day such as 10:00,15:30") from None


#: Those with a knob after an equals sign, and the knob that is best on the quiet week.
_BASELINES: Mapping[str, tuple[Callable[[str, str], Baseline], str]] = {
    "full-or-clock": (lambda name, knob: Baseline(at_clocks(_clocks(name, knob))), "10:00,15:30"),
    "max-wait": (lambda name, knob: Baseline(longest_wait(_minutes(name, knob))), "240"),
    "slack": (lambda name, knob: Baseline(at_slack(_minutes(name, knob))), "90"),
    "edd": (lambda _name, _knob: Baseline(at_once()), ""),
}
#: What the command line offers.
POLICIES = ("ours", "full-or-clock[=HH:MM,...]", "max-wait[=MINUTES]", "slack[=MINUTES]", "edd", "every-N-minutes")
