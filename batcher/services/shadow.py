"""
Other rules beside those in force: what they would make of the live queue, and start now, without acting on it.

Both are planned the same way, quickly and from scratch, so that the difference is the rules' and not the search's.
Whether rules may be put in force at all is asked in `trial`.
"""

from collections.abc import Callable

import structlog

from batcher.errors import BatcherError
from batcher.planning.quick import quick_plan
from batcher.planning.release import decide
from batcher.rules.ruleset import RuleSet
from batcher.services.context import Floor
from batcher.services.plan_in_force import PlanInForce
from batcher.services.planner import make_plan
from batcher.services.queue import Queue, read_queue
from batcher.services.release_view import candidates, station_now
from batcher.services.rules_diff import Outcome, RulesDiff, ShadowSeen, Start

log = structlog.get_logger()


def diff_rules(floor: Floor, shadow: RuleSet) -> RulesDiff:
    """
    Return what other rules would do otherwise at this moment; nothing is kept.

    Raises
    ------
    PlanRejectedError
        When a plan breaks a rule of the floor: a bug.
    """
    ours, our_plan = _outcome(floor, floor.rules.current)
    theirs, their_plan = _outcome(floor, shadow)
    return RulesDiff(
        in_force=ours,
        shadow=theirs,
        same_batches=len(_contents(our_plan) & _contents(their_plan)),
        only_in_force=_missing(ours, theirs),
        only_shadow=_missing(theirs, ours),
    )


def _outcome(floor: Floor, rules: RuleSet) -> tuple[Outcome, PlanInForce]:
    queue = read_queue(floor, rules)
    snapshot = queue.snapshot(rules)
    result = quick_plan(snapshot.problem)
    plan = make_plan(rules, snapshot, result)
    verdict = result.verdict
    outcome = Outcome(
        rules_hash=rules.hash,
        jobs=verdict.jobs,
        left_out=len(snapshot.left_out),
        batches=verdict.batches,
        late_orders=verdict.late_orders,
        cost_minor=verdict.cost,
        starts=_starts(floor, rules, queue, plan),
    )
    return outcome, plan


def _starts(floor: Floor, rules: RuleSet, queue: Queue, plan: PlanInForce) -> tuple[Start, ...]:
    now = queue.at
    seconds, lead = int((now - plan.snapshot.at).total_seconds()), int(floor.settings.dispatch_s) + 1
    starts = []
    for station_id, views in candidates(plan, now).items():
        outlook = queue.stations.get(station_id)
        if outlook is None:
            continue
        station = station_now(rules, rules.stations[station_id], outlook, plan, now)
        for decision in decide(views, station, seconds, lead):
            if decision.release:
                batch = plan.batch(decision.batch_id)
                fixture = plan.snapshot.fixture_of[batch.family].id
                starts.append(Start(station_id, fixture, decision.reason.value, tuple(sorted(batch.jobs))))
    return tuple(starts)


def _contents(plan: PlanInForce) -> set[frozenset[str]]:
    return {frozenset(batch.jobs) for batch in plan.batches}


def _missing(these: Outcome, those: Outcome) -> tuple[Start, ...]:
    """Return what is started under these rules and not under those, wherever and for whatever reason."""
    there = {start.jobs for start in those.starts}
    return tuple(start for start in these.starts if start.jobs not in there)


def watch_shadow(floor: Floor, read: Callable[[], RuleSet]) -> None:
    """
    Evaluate the shadow rules once, for metrics and log.

    Parameters
    ----------
    read
        Reads them; rules that cannot be used are told, and change nothing.
    """
    metrics = floor.metrics
    try:
        found = diff_rules(floor, read())
    except BatcherError as error:
        metrics.shadow_success.set(0)
        floor.shadow.seen = ShadowSeen(floor.now(), None, str(error))
        log.warning("shadow_rules_unusable", code=error.code, why=str(error))
        return
    metrics.shadow_success.set(1)
    floor.shadow.seen = ShadowSeen(floor.now(), found)
    for name, outcome, only in (
        ("in_force", found.in_force, found.only_in_force),
        ("shadow", found.shadow, found.only_shadow),
    ):
        metrics.shadow_cost.labels(rules=name).set(outcome.cost_minor)
        metrics.shadow_starts.labels(rules=name).inc(len(only))
    if found.only_in_force or found.only_shadow:
        log.info(
            "shadow_rules_differ",
            rules_hash=found.in_force.rules_hash,
            shadow_hash=found.shadow.rules_hash,
            only_in_force=[start.station for start in found.only_in_force],
            only_shadow=[start.station for start in found.only_shadow],
        )
