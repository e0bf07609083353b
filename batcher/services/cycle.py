"""
One planning cycle: what waits is planned, and the plan kept.

Planning never blocks anything: whatever happens, a verified plan comes out or the last one stands. Orders that break
planning are found and held, and the others are planned without them. How a plan is made is `planner`'s work, what is
released from it `releasing`'s.
"""

import time

import structlog

from batcher.errors import PlanningError, StoreError
from batcher.planning.plan import PlanStatus
from batcher.rules.ruleset import RuleSet
from batcher.services.context import Floor
from batcher.services.plan_in_force import PlanInForce
from batcher.services.plan_record import tell_plan
from batcher.services.planner import Planner, PlannerHere, see_search
from batcher.services.quarantine import find_culprits, find_deadly, quarantine
from batcher.store import batches
from batcher.store.batches import StoredPlan

log = structlog.get_logger()

#: So long the orders that break planning are looked for, while the last plan stands: not so long that the loop seems
#: stuck, which would have the watchdog start the daemon anew.
_BLAMING_S = 20.0
#: After so many fallback plans in a row an order is looked for that ends every search; then after twice as many.
_PATIENCE = 3


def plan_cycle(floor: Floor, planner: Planner | None = None) -> PlanInForce:
    """
    Plan what waits now and put the plan in force.

    Parameters
    ----------
    planner
        Makes the plan; none: this process.

    Raises
    ------
    PlanningError
        When planning breaks and no order is to blame; the last plan stands.
    """
    began = time.perf_counter()
    floor.replan.clear()
    rules, planner = floor.rules.current, planner or PlannerHere(floor)
    try:
        plan, stored = _made(floor, planner, rules)
    except PlanningError as error:
        floor.metrics.plan_failures.labels(code=error.code).inc()
        raise
    with floor.store.write() as session:
        batches.save_plan(session, stored)
    floor.plans.current = plan
    tell_plan(floor, plan, time.perf_counter() - began)
    _watch_fallbacks(floor, planner, rules, plan)
    return plan


def plan_now(floor: Floor) -> PlanInForce:
    """Return the plan that a cycle would make now; nothing is kept."""
    rules = floor.rules.current
    return PlannerHere(floor).plan(rules, rules.planning.budget_s)[0]


def _made(floor: Floor, planner: Planner, rules: RuleSet) -> tuple[PlanInForce, StoredPlan]:
    """Return a plan of what waits; if that breaks, one without the orders that are to blame, or a quick one."""
    budget_s = rules.planning.budget_s
    try:
        return planner.plan(rules, budget_s)
    except StoreError:
        raise  # what waits cannot be read
    except Exception as error:
        log.exception("planning_broke", error=type(error).__name__)
    keys = planner.orders(rules)
    culprits = find_culprits(keys, lambda part: planner.plan(rules, 0, part), budget_s=_BLAMING_S)
    quarantine(floor, culprits)
    try:
        if culprits:
            return planner.plan(rules, budget_s)
        return planner.plan(rules, 0, keys)  # what broke may have passed, or lie in the search
    except (PlanningError, StoreError):
        raise
    except Exception as error:
        raise PlanningError(f"planning breaks, and no order is to blame: {type(error).__name__}: {error}") from error


def _watch_fallbacks(floor: Floor, planner: Planner, rules: RuleSet, plan: PlanInForce) -> None:
    """Look for an order that ends every search, when no search has come to an answer for some plans in a row."""
    plans = floor.plans
    plans.fallbacks = plans.fallbacks + 1 if plan.result.plan.status is PlanStatus.FALLBACK else 0
    times, rest = divmod(plans.fallbacks, _PATIENCE)
    if rest or times.bit_count() != 1:
        return
    keys = planner.orders(rules)
    whole, quick = rules.planning.budget_s, planner.plan(rules, 0, keys)[0].result.seconds
    if 2 * quick > whole:
        return  # there was hardly time to search
    budget_s = min(whole, 2 * quick + 1)
    deadly = find_deadly(keys, lambda part: see_search(planner, rules, budget_s, part), budget_s=_BLAMING_S)
    quarantine(floor, deadly)
