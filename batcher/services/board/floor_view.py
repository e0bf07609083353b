"""The floor view: counts, the next collections, the shift, the plan in force, and a card for each station."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from batcher.domain.states import OrderState
from batcher.services.blanks import missed_blanks
from batcher.services.board.shift import Presence, shift_at
from batcher.services.board.stations import Doing, StationCard, station_cards
from batcher.services.context import Floor
from batcher.services.plan_view import PlanView, latest_view
from batcher.store import board
from batcher.store.board import LeavingCount
from batcher.store.session import Session

#: Collections shown, and how far ahead they are looked for.
_COLLECTIONS, _AHEAD = 4, timedelta(days=8)
_DONE = (OrderState.COMPLETE,)
#: Real seconds after which a plan is old, as the alert on planning has it.
_OLD_S = 600.0


@dataclass(frozen=True)
class Collection:
    """A moment by which orders must be packed, because a courier comes."""

    at: datetime
    services: tuple[str, ...]
    to_make: int  #: orders that are not packed yet, held ones included
    packed: int
    held: int
    at_risk: int  #: as planned, these will be packed too late


@dataclass(frozen=True)
class PlanLine:
    """The plan in force, in one line."""

    id: str
    made_at: datetime
    status: str
    cost_minor: float
    gap: float | None
    jobs: int
    batches: int


@dataclass(frozen=True)
class FloorBoard:
    """Everything on the floor view."""

    now: datetime
    site: str
    orders: dict[OrderState, int]  #: by state, those that are over left out
    late: int
    at_risk: int
    stations: tuple[StationCard, ...]
    collections: tuple[Collection, ...]
    shift: Presence | None
    plan: PlanLine | None
    rules_hash: str
    rules_since: datetime
    safe_mode: str = ""  #: why nothing is sent; empty when all is as always
    plan_is_old: bool = False  #: planning has brought nothing new for long
    blanks_missed: int = 0  #: blanks that have run out and that pieces wait for

    def count(self, doing: Doing) -> int:
        """Return how many stations do something."""
        return sum(station.doing is doing for station in self.stations)

    @property
    def open_orders(self) -> int:
        """Return how many orders are neither held nor over."""
        return sum(count for state, count in self.orders.items() if state is not OrderState.HELD)


def floor_board(floor: Floor) -> FloorBoard:
    """Return the floor as it is now, from one read of the store."""
    now, rules = floor.now(), floor.rules.current
    with floor.store.read() as session:
        plan = latest_view(session)
        outlooks = board.outlooks_by_leaving(session)
        by_outlook: Counter[str] = Counter()
        for (word, _), count in outlooks.items():
            by_outlook[word] += count
        return FloorBoard(
            now=now,
            site=rules.site.name,
            orders=board.open_by_state(session),
            late=by_outlook["late"],
            at_risk=by_outlook["at_risk"],
            stations=station_cards(session, rules, plan, now),
            collections=_collections(session, now, {at: n for (word, at), n in outlooks.items() if word == "at_risk"}),
            shift=shift_at(rules.stations.values(), now),
            plan=None if plan is None else _line(plan),
            plan_is_old=plan is not None and _is_old(floor, plan),
            rules_hash=rules.hash,
            rules_since=floor.rules.loaded_at,
            safe_mode="" if floor.safe.mode is None else floor.safe.mode.reason,
            blanks_missed=sum(one.waiting > 0 for one in missed_blanks(session)),
        )


def _collections(session: Session, now: datetime, at_risk: dict[datetime, int]) -> tuple[Collection, ...]:
    """Return the next moments by which orders leave; those for which nothing was ordered are not known here."""
    found: dict[datetime, list[LeavingCount]] = {}
    for count in board.leaving(session, now, now + _AHEAD):
        if count.state is not OrderState.CANCELLED:
            found.setdefault(count.leave_by_at, []).append(count)
    return tuple(_collection(at, found[at], at_risk.get(at, 0)) for at in sorted(found)[:_COLLECTIONS])


def _collection(at: datetime, counts: Iterable[LeavingCount], at_risk: int) -> Collection:
    by_state: Counter[OrderState] = Counter()
    services: dict[str, None] = {}
    for count in counts:
        by_state[count.state] += count.orders
        services[count.service] = None
    packed = sum(by_state[state] for state in _DONE)
    return Collection(at, tuple(services), by_state.total() - packed, packed, by_state[OrderState.HELD], at_risk)


def _is_old(floor: Floor, plan: PlanView) -> bool:
    age_s = (floor.now() - plan.plan.created_at).total_seconds()
    return floor.clock.real_seconds(age_s) > _OLD_S


def _line(plan: PlanView) -> PlanLine:
    stored = plan.plan
    gap = None if stored.bound is None or stored.cost <= 0 else max(0.0, 1 - stored.bound / stored.cost)
    return PlanLine(stored.id, stored.created_at, stored.status, stored.cost, gap, stored.jobs, len(plan.batches))
