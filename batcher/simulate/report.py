"""
What a simulated run came to: in time or not, at what cost, and how well the machines were used.

Counted from what machines really did and when orders were really packed, never from what was planned.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil, fsum
from typing import Annotated

from batcher.domain.orders import Order
from batcher.domain.states import ItemState, OrderState
from batcher.rules.floor import Station
from batcher.rules.ruleset import RuleSet
from batcher.simulate.checker import compare
from batcher.simulate.run import Trail
from batcher.simulate.scenario import Scenario, early_by
from batcher.simulate.sim_machine import Run

_COST_PARTS = ("batches", "running", "changeovers", "lateness")
_QUANTILES = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "max": 1.0}


@dataclass(frozen=True)
class StationReport:
    """How one station fared."""

    batches: int
    unattended: int
    fill: float | None
    utilisation: float | None
    changeovers: int


@dataclass(frozen=True)
class SimulationReport:
    """One run; money in minor units of the site's currency, times in seconds. Its fields are the report's keys."""

    format: Annotated[str, "`batcher-simulation/1`."]
    policy: Annotated[str, "What made the plans and began the batches."]
    rules_hash: Annotated[str, "The rules it ran under."]
    seed: Annotated[int, "Of everything that hung on chance."]
    scenario: Annotated[dict[str, float], "How the days differed from the rules."]
    orders: Annotated[int, "Orders that came."]
    held: Annotated[int, "Orders that could not be made, or whose service was impossible when they came; never made."]
    complete: Annotated[int, "Orders packed whole."]
    late: Annotated[int, "Of the orders that were not held, those packed after their courier, or never."]
    on_time_share: Annotated[float, "Share of the orders that were not held and left in time."]
    on_time_share_by_service: Annotated[dict[str, float], "The same for each service."]
    items: Annotated[int, "Pieces packed."]
    remakes: Annotated[int, "Pieces made again because one came out wrong."]
    cost_per_item: Annotated[float, "All costs, for each piece packed."]
    cost_parts_per_item: Annotated[dict[str, float], "Its parts: batches, running, changeovers, lateness."]
    clairvoyant_ratio: Annotated[
        float | None, "Cost over that of a plan which knew every order beforehand; null when it was not asked for."
    ]
    clairvoyant_parts_per_item: Annotated[dict[str, float], "That plan's costs for each piece, by part."]
    tardiness_s: Annotated[dict[str, float], "By how much late orders were late: p50, p90, p99, max."]
    slack_s: Annotated[dict[str, float], "Between packing and courier, all orders; p99 is what 99 % were under."]
    lead_time_s: Annotated[dict[str, float], "From placing an order to packing it."]
    batches: Annotated[int, "Batches made."]
    batches_unattended: Annotated[int, "Of these, begun with no operator there."]
    fill: Annotated[float | None, "Mean fill of all batches."]
    released_because: Annotated[dict[str, int], "Batches by the reason for which they were begun."]
    stations: Annotated[
        dict[str, StationReport],
        "By station: `batches`, `unattended`, mean `fill`, `utilisation` (share of its attended hours, or of all where "
        "it needs nobody, in which it ran or changed over) and `changeovers`.",
    ]
    plans: Annotated[int, "Plans made."]
    plan_stability: Annotated[
        float | None, "Mean share of a plan's batches, as far as they still wait, that the next plan has too."
    ]
    planning_seconds: Annotated[float, "Real seconds that planning took."]
    wall_seconds: Annotated[float, "Real seconds that the whole run took."]
    floor_days: Annotated[float, "Days on the floor's clock until all was packed."]
    unsound: Annotated[
        dict[str, list[str]],
        "Jobs `made_twice`, `lost`, `unexpected` or `untold` by the machines' own account; empty lists in a sound run.",
    ]

    @property
    def sound(self) -> bool:
        """Tell whether nothing was lost, doubled or made without being known."""
        return not any(self.unsound.values())


@dataclass(frozen=True)
class Setting:
    """What was run, for the head of the report."""

    policy: str
    scenario: Scenario


def make_report(trail: Trail, rules: RuleSet, setting: Setting, wall_s: float) -> SimulationReport:
    """Return the report of a finished run."""
    whole, runs = trail.whole, trail.runs
    judged = [order for order in whole.orders if order.state is not OrderState.HELD]
    late_by = {order.key: _late_by(order, setting.scenario, rules, trail.ended_at) for order in judged}
    late = [order for order in judged if late_by[order.key] > timedelta()]
    items = sum(item.state is ItemState.PACKED for item in whole.items)
    parts = _costs(rules, runs, late, late_by)
    fills = {batch.id: batch.fill for batch in whole.batches}
    complete = [order for order in judged if order.completed_at is not None]
    kept = [plan.kept for plan in trail.plans if plan.kept is not None]
    return SimulationReport(
        format="batcher-simulation/1",
        policy=setting.policy,
        rules_hash=rules.hash,
        seed=setting.scenario.seed,
        scenario=dict(vars(setting.scenario)),
        orders=len(whole.orders),
        held=len(whole.orders) - len(judged),
        complete=len(complete),
        late=len(late),
        on_time_share=_share(len(judged) - len(late), len(judged)),
        on_time_share_by_service=_by_service(judged, {order.key for order in late}),
        items=items,
        remakes=sum(item.remake_of is not None for item in whole.items),
        cost_per_item=sum(parts.values()) / max(1, items),
        cost_parts_per_item={part: cost / max(1, items) for part, cost in parts.items()},
        clairvoyant_ratio=None,
        clairvoyant_parts_per_item={},
        tardiness_s=_quantiles(late_by[order.key].total_seconds() for order in late),
        slack_s=_quantiles(-late_by[order.key].total_seconds() for order in complete),
        lead_time_s=_quantiles((o.completed_at - o.placed_at).total_seconds() for o in complete if o.completed_at),
        batches=len(runs),
        batches_unattended=sum(run.unattended for run in runs),
        fill=_mean([fills[run.batch_id] for run in runs]),
        released_because=dict(sorted(Counter(batch.reason for batch in whole.batches).items())),
        stations={
            station.id: _station(station, [run for run in runs if run.station == station.id], fills, trail)
            for station in rules.stations.values()
        },
        plans=len(trail.plans),
        plan_stability=_mean(kept),
        planning_seconds=trail.planning_s,
        wall_seconds=wall_s,
        floor_days=(trail.ended_at - trail.began_at) / timedelta(days=1),
        unsound=_unsound(trail),
    )


def _late_by(order: Order, scenario: Scenario, rules: RuleSet, ended_at: datetime) -> timedelta:
    """Return by how much an order missed its courier, as the courier really came; negative is slack."""
    packed_at = ended_at if order.completed_at is None else order.completed_at
    day = order.leave_by_at.astimezone(rules.site.zone).date()
    late_by = packed_at - (order.leave_by_at - early_by(scenario, day))
    return max(late_by, timedelta(seconds=1)) if order.completed_at is None else late_by


def _costs(
    rules: RuleSet, runs: Iterable[Run], late: Iterable[Order], late_by: Mapping[str, timedelta]
) -> dict[str, float]:
    """Return what machines and lateness have cost, by part."""
    parts = dict.fromkeys(_COST_PARTS, 0.0)
    for run in runs:
        station = rules.stations[run.station]
        hourly = run.changeover_s / 3600 * station.changeover_cost_per_hour_minor
        parts["batches"] += station.cost_per_batch_minor
        parts["running"] += run.seconds / 3600 * station.cost_per_hour_minor
        parts["changeovers"] += run.changeover_cost + hourly
    for order in late:
        hours = late_by[order.key] / timedelta(hours=1)
        parts["lateness"] += order.late_cost_minor + hours * order.late_cost_per_hour_minor
    return parts


def _by_service(orders: Sequence[Order], late: set[str]) -> dict[str, float]:
    counts, in_time = Counter(o.service for o in orders), Counter(o.service for o in orders if o.key not in late)
    return {service: _share(in_time[service], count) for service, count in sorted(counts.items())}


def _station(station: Station, runs: Sequence[Run], fills: Mapping[str, float], trail: Trail) -> StationReport:
    busy_s = sum(run.seconds + run.changeover_s for run in runs)
    whole = (trail.ended_at - trail.began_at).total_seconds()
    if station.attended is not None:
        shifts = station.attended.intervals(trail.began_at, trail.ended_at)
        whole = sum((closes - opens).total_seconds() for opens, closes in shifts)
    return StationReport(
        batches=len(runs),
        unattended=sum(run.unattended for run in runs),
        fill=_mean([fills[run.batch_id] for run in runs]),
        utilisation=busy_s / whole if whole else None,
        changeovers=sum(run.changed_over for run in runs),
    )


def _unsound(trail: Trail) -> dict[str, list[str]]:
    made = Counter(job for run in trail.runs for job in run.made)
    found = compare(trail.whole, made, finished=True)
    return {name: list(jobs) for name, jobs in vars(found).items()}


def _quantiles(values: Iterable[float]) -> dict[str, float]:
    """Return nearest-rank quantiles; empty where there are no values."""
    ordered = sorted(values)
    if not ordered:
        return {}
    return {name: ordered[max(0, ceil(share * len(ordered)) - 1)] for name, share in _QUANTILES.items()}


def _mean(values: Sequence[float]) -> float | None:
    return fsum(values) / len(values) if values else None


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 1.0
