"""A floor whose clock a test moves by hand, with orders on it and stations that report what the test says."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from typing import Any

from batcher.domain.batches import StationReport, Ticket
from batcher.domain.clock import Clock
from batcher.domain.states import TicketState
from batcher.planning.brief import Solver, planned
from batcher.planning.plan import PlanResult
from batcher.planning.problem import Problem
from batcher.planning.quick import quick_plan
from batcher.services.context import Floor
from batcher.services.cycle import plan_cycle
from batcher.services.dispatching import StationDoors
from batcher.services.intake import take_orders
from batcher.services.plan_in_force import PlanInForce
from batcher.services.planner import Planner, PlannerHere
from batcher.services.reports import ReportOutcome, apply_report
from batcher.store import batches, orders
from tests.builders_api import NOW

_numbers = count(1)


def at(floor: Floor, when: datetime) -> Floor:
    """Return the same floor at another moment."""
    return replace(floor, clock=Clock(speed=1e-9, floor_at=when, anchor_at=datetime.now(UTC)))


def later(floor: Floor, **by: float) -> Floor:
    return at(floor, floor.now().replace(microsecond=0) + timedelta(**by))


def order_document(
    sku: str = "TIN-CAK-NATURAL-01", *, quantity: int = 1, order_id: str | None = None, **changes: Any
) -> dict[str, Any]:
    document: dict[str, Any] = {
        "order_id": order_id or f"S-{next(_numbers)}",
        "placed_at": (NOW - timedelta(minutes=30)).isoformat(),
        "service": "next-day",
        "lines": [{"sku": sku, "quantity": quantity, "text": "Zsófia"}],
    }
    return document | changes


def take(floor: Floor, *documents: dict[str, Any]) -> list[str]:
    """Take orders in and return their keys."""
    return [str(taken.key) for taken in take_orders(floor, documents, "shop")]


def made_by(floor: Floor, solver: Solver) -> Planner:
    """Return a planner whose search is another."""
    return PlannerHere(floor, partial(planned, solver=solver))


def plan_at_once(floor: Floor) -> PlanInForce:
    """Put a plan in force that no search has been at."""

    def at_once(problem: Problem, **_given: object) -> PlanResult:
        return quick_plan(problem)

    return plan_cycle(floor, made_by(floor, at_once))


def send(floor: Floor) -> None:
    doors = StationDoors(floor)
    doors.open()
    doors.send()


def report(floor: Floor, ticket: Ticket, kind: str, report_id: str | None = None, **changes: Any) -> ReportOutcome:
    name = report_id or f"r{next(_numbers)}"
    told = StationReport(name, ticket.station, ticket.id, kind, floor.now(), **changes)
    return apply_report(floor, told)


def run_through(floor: Floor, ticket: Ticket, **changes: Any) -> None:
    for kind in ("accepted", "running"):
        assert report(floor, ticket, kind).outcome == "applied"
    assert report(floor, ticket, "done", **changes).outcome == "applied"


def state_of(floor: Floor, ticket: Ticket) -> TicketState:
    with floor.store.read() as session:
        return batches.get_ticket(session, ticket.id).state


def order_state(floor: Floor, key: str) -> str:
    with floor.store.read() as session:
        return orders.get_order(session, key).state.value
