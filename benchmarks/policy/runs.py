"""Which runs there are, what one of them comes to, and the file that they are kept in."""

import json
import logging
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import structlog

from batcher.planning.bounds import lower_bound
from batcher.planning.index import index
from batcher.rules.ruleset import RuleSet
from batcher.rules.schema import load_rules
from batcher.simulate.clairvoyant import clairvoyant, known_beforehand
from batcher.simulate.demand import Arrival, read_demand
from batcher.simulate.scenario import Scenario
from batcher.simulate.simulation import simulate

SHARED = Path(os.environ.get("BATCHER_SHARED", "../shared"))
RULES = Path("config/floor")
#: The plan that knew every order beforehand, told as a policy.
CLAIRVOYANT = "clairvoyant"
#: What no plan can cost less than, told as a policy.
BOUND = "bound"


@dataclass(frozen=True)
class Week:
    """Recorded orders, and how many stand for each."""

    name: str
    trace: str
    scale: float = 1.0


WEEKS = (
    Week("quiet", "orders-2011-02-07.jsonl.gz"),
    Week("peak", "orders-2011-11-14.jsonl.gz"),
    Week("peak-x2", "orders-2011-11-14.jsonl.gz", 2.0),
)


@dataclass(frozen=True)
class Run:
    """One week under one policy and one seed; `days`: only so many of its days."""

    week: str
    policy: str
    seed: int
    days: float | None = None


@dataclass(frozen=True)
class Record:
    """What a run came to: the report of a simulation, or of what is told as a policy."""

    run: Run
    commit: str
    load: float
    report: dict[str, Any]

    @property
    def cost(self) -> float:
        """Return the cost of a piece."""
        return float(self.report["cost_per_item"])


def perform(run: Run, commit: str) -> Record:
    """Return what a run comes to; safe to be called in another process."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    rules = load_rules(RULES, catalogue=SHARED / "data" / "catalogue.csv")
    arrivals = _arrivals(run, rules)
    if run.policy == CLAIRVOYANT:
        report = asdict(clairvoyant(rules, arrivals, seed=run.seed))
    elif run.policy == BOUND:
        trace = known_beforehand(rules, arrivals)
        report = {"cost_per_item": lower_bound(index(trace.problem)) / trace.items}
    else:
        report = asdict(simulate(rules, arrivals, replace(Scenario(), seed=run.seed), policy=run.policy)[0])
    return Record(run, commit, round(os.getloadavg()[0], 1), report)


def _arrivals(run: Run, rules: RuleSet) -> Sequence[Arrival]:
    week = next(week for week in WEEKS if week.name == run.week)
    path = SHARED / "data" / week.trace
    return read_demand([path], rules.site.zone, scale=week.scale, seed=run.seed, days=run.days)


def read(lines: Path) -> Iterator[Record]:
    """Yield the runs that a file holds; none without the file."""
    if lines.exists():
        for line in lines.read_text().splitlines():
            told = json.loads(line)
            yield Record(Run(**told["run"]), told["commit"], told["load"], told["report"])


def append(lines: Path, record: Record) -> None:
    """Put a run at the end of a file."""
    with lines.open("a") as file:
        file.write(json.dumps(asdict(record)) + "\n")


def missing(wanted: Iterable[Run], done: Iterable[Record]) -> list[Run]:
    """Return the runs that are still to be done, in their order."""
    known = {record.run for record in done}
    return [run for run in dict.fromkeys(wanted) if run not in known]
