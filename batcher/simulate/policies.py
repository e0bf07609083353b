"""
How a simulated floor is run: what makes its plans and what begins its batches. Ours, and what others do, by name.

The others are what the products on the market document, each with its one knob: `baselines` has them.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import time, timedelta
from typing import Protocol

from batcher.errors import ConfigError
from batcher.planning.release import Candidate, Decision, StationNow
from batcher.rules.ruleset import RuleSet
from batcher.services.plan_in_force import PlanInForce
from batcher.services.snapshot import Snapshot
from batcher.simulate.baselines import Baseline, at_clocks, at_once, at_slack, every, longest_wait
from batcher.simulate.ours import Ours, Part


class FloorPolicy(Protocol):
    """What runs a floor; `eager` ones are cheap and want a fresh plan before every release."""

    eager: bool

    def plan(self, rules: RuleSet, snapshot: Snapshot) -> PlanInForce:
        """Return the plan of a moment."""

    def decide(self, candidates: Sequence[Candidate], station: StationNow, now: int, lead: int) -> list[Decision]:
        """Decide for the candidates of one station, as `planning.release.decide` does."""


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
    if name.startswith(_WITHOUT):
        return Ours(seed, _part(name))
    found = re.fullmatch(r"every-(\d+)-minutes", name)
    if found:
        return Baseline(every(_minutes(name, found[1])))
    kind, _, knob = name.partition("=")
    if kind not in _BASELINES:
        raise ConfigError(f"no policy {name}; use one of: {', '.join(POLICIES)}")
    make, default = _BASELINES[kind]
    return make(name, knob or default)


def _part(name: str) -> Part:
    try:
        return Part(name.removeprefix(_WITHOUT))
    except ValueError:
        raise ConfigError(f"policy {name}: ours has no such part; use one of: {', '.join(Part)}") from None


def _minutes(name: str, text: str) -> timedelta:
    if not text.isdigit() or not int(text):
        raise ConfigError(f"policy {name}: {text!r} is no number of minutes")
    return timedelta(minutes=int(text))


def _clocks(name: str, text: str) -> tuple[time, ...]:
    try:
        return tuple(sorted(time.fromisoformat(part) for part in text.split(",")))
    except ValueError:
        raise ConfigError(f"policy {name}: {text!r} are no times of day such as 10:00,15:30") from None


#: What leaves out one part of ours, to see what that is worth.
_WITHOUT = "ours-without="
#: Those with a knob after an equals sign, and the knob that is best on the quiet week.
_BASELINES: Mapping[str, tuple[Callable[[str, str], Baseline], str]] = {
    "full-or-clock": (lambda name, knob: Baseline(at_clocks(_clocks(name, knob))), "10:00,15:30"),
    "max-wait": (lambda name, knob: Baseline(longest_wait(_minutes(name, knob))), "240"),
    "slack": (lambda name, knob: Baseline(at_slack(_minutes(name, knob))), "90"),
    "edd": (lambda _name, _knob: Baseline(at_once()), ""),
}
#: What the command line offers.
POLICIES = (
    "ours",
    "ours-without=PART",
    "full-or-clock[=HH:MM,...]",
    "max-wait[=MINUTES]",
    "slack[=MINUTES]",
    "edd",
    "every-N-minutes",
)
