"""
The stations' own logs against the database: was everything made, and nothing twice?

The logs and ticket files are the machines'; nothing here asks the dispatcher. Money is counted from what was run.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from batcher.domain.batches import Batch
from batcher.domain.orders import Order
from batcher.domain.states import BatchState, ItemState, JobState, OrderState
from batcher.rules.ruleset import RuleSet
from batcher.simulate.machine_folders import MachineFolders
from batcher.simulate.machine_log import Event, read_log
from batcher.store.whole import Whole


@dataclass(frozen=True)
class FloorCheck:
    """
    What the comparison found; lists hold ids.

    Parameters
    ----------
    made_twice
        Jobs that machines have made more than once; a remake is another job.
    lost
        Jobs that the database calls done and no machine has made, or that are open when everything should be made.
    unexpected
        Jobs that a machine has made and the database does not know.
    untold
        Jobs a machine has made and the database does not call done.
    cost_minor
        By part: batches, running, changeovers, lateness.
    """

    orders: int
    complete: int
    held: list[str]
    on_time: int
    late: list[str]
    items_made: int
    remakes: int
    made_twice: list[str]
    lost: list[str]
    unexpected: list[str]
    untold: list[str]
    cost_minor: Mapping[str, float]
    fill_by_process: Mapping[str, float]
    batches_by_process: Mapping[str, int]
    reasons: Mapping[str, int]

    @property
    def sound(self) -> bool:
        """Tell whether nothing was lost, doubled or made without being known."""
        return not (self.made_twice or self.lost or self.unexpected)

    def on_time_share(self) -> float:
        """Return the share of the orders that were not held and left in time; 1 when there are none."""
        judged = self.orders - len(self.held)
        return self.on_time / judged if judged else 1.0


@dataclass(frozen=True)
class Discrepancies:
    """Jobs of which machines and database tell different stories; see `FloorCheck`."""

    made_twice: list[str]
    lost: list[str]
    unexpected: list[str]
    untold: list[str]


def compare(facts: Whole, made: Mapping[str, int], *, finished: bool) -> Discrepancies:
    """
    Compare how often machines have made each job with what the database says.

    Parameters
    ----------
    finished
        Everything should be made by now: what is open counts as lost.
    """
    known = {job.id: job for job in facts.jobs}
    lost = [job.id for job in facts.jobs if job.state is JobState.DONE and not made.get(job.id)]
    if finished:
        held = {order.key for order in facts.orders if order.state is OrderState.HELD}
        lost += [
            j.id for j in facts.jobs if j.state in (JobState.WAITING, JobState.RELEASED) and j.order_key not in held
        ]
    return Discrepancies(
        made_twice=sorted(job for job, count in made.items() if count > 1),
        lost=sorted(lost),
        unexpected=sorted(job for job in made if job not in known),
        untold=sorted(job for job in made if job in known and known[job].state is not JobState.DONE),
    )


def check_floor(facts: Whole, rules: RuleSet, machines: Iterable[MachineFolders], *, finished: bool) -> FloorCheck:
    """
    Compare what machines say they made with what the database says.

    Parameters
    ----------
    finished
        Everything should be made by now: what is open counts as lost.
    """
    made = _made(machines)
    found = compare(facts, made, finished=finished)
    not_held = [order for order in facts.orders if order.state is not OrderState.HELD]
    complete = [order for order in not_held if order.completed_at is not None]
    late = [o for o in complete if o.completed_at is not None and o.completed_at > o.leave_by_at]
    done = [batch for batch in facts.batches if batch.state in (BatchState.DONE, BatchState.FAILED)]
    return FloorCheck(
        orders=len(facts.orders),
        complete=len(complete),
        held=[f"{o.order_id}: {o.held_code}" for o in facts.orders if o.state is OrderState.HELD],
        on_time=len(complete) - len(late),
        late=[order.order_id for order in late],
        items_made=sum(item.state in (ItemState.MADE, ItemState.PACKED) for item in facts.items),
        remakes=sum(item.remake_of is not None for item in facts.items),
        made_twice=found.made_twice,
        lost=found.lost,
        unexpected=found.unexpected,
        untold=found.untold,
        cost_minor=_cost(rules, done, complete),
        fill_by_process=_mean_fill(done),
        batches_by_process=dict(Counter(batch.process for batch in done)),
        reasons=dict(Counter(batch.reason for batch in done)),
    )


def _made(machines: Iterable[MachineFolders]) -> Counter[str]:
    """Count how often each job came out right, by the machines' logs and the tickets they keep."""
    made: Counter[str] = Counter()
    for machine in machines:
        for entry in read_log(machine.log):
            if entry.event in (Event.DONE, Event.FAILED):
                jobs = _jobs_of(machine, entry.ticket_id)
                made.update(jobs[item] for item, outcome in entry.items.items() if outcome == "done")
    return made


def _jobs_of(machine: MachineFolders, ticket_id: str) -> dict[str, str]:
    kept = [folder / f"{ticket_id}.json" for folder in (machine.made, machine.taken)]
    path = next(path for path in kept if path.exists())
    return {item["item_id"]: item["job_id"] for item in json.loads(path.read_bytes())["items"]}


def _cost(rules: RuleSet, done: Iterable[Batch], complete: Iterable[Order]) -> dict[str, float]:
    cost = dict.fromkeys(("batches", "running", "changeovers", "lateness"), 0.0)
    for batch in done:
        station = rules.stations[batch.station]
        cost["batches"] += station.cost_per_batch_minor
        cost["running"] += (batch.end_at - batch.start_at).total_seconds() / 3600 * station.cost_per_hour_minor
        if batch.changeover_s:
            hours = batch.changeover_s / 3600
            changeover = rules.processes[batch.process].changeover
            cost["changeovers"] += changeover.cost_minor + hours * station.changeover_cost_per_hour_minor
    for order in complete:
        assert order.completed_at is not None
        late_s = (order.completed_at - order.leave_by_at).total_seconds()
        if late_s > 0:
            cost["lateness"] += order.late_cost_minor + late_s / 3600 * order.late_cost_per_hour_minor
    return cost


def _mean_fill(done: Iterable[Batch]) -> dict[str, float]:
    fills: dict[str, list[float]] = defaultdict(list)
    for batch in done:
        fills[batch.process].append(batch.fill)
    return {process: sum(values) / len(values) for process, values in sorted(fills.items())}
