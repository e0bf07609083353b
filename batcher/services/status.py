"""The floor at one glance: what the status page, the API and the command line show."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from batcher.domain.orders import Order
from batcher.domain.states import OrderState, StationState, TicketState
from batcher.rules.floor import Station
from batcher.rules.ruleset import RuleSet
from batcher.services.blanks import MissedBlank, missed_blanks
from batcher.services.context import Floor
from batcher.services.expected import OrderOutlook, order_outlooks
from batcher.services.plan_view import PlannedBatch, PlanView, latest_view
from batcher.store import batches, leadership, orders, restored, stations
from batcher.store.batches import LiveBatch
from batcher.store.leadership import Leader
from batcher.store.news import AT_RISK, LATE
from batcher.store.session import Session

#: Lists longer than this are cut; the counts beside them are whole.
_LISTED = 50


@dataclass(frozen=True)
class OrderRisk:
    """An order that is late, or will be as things stand."""

    order_id: str
    source: str
    key: str
    service: str
    leave_by_at: datetime
    expected_at: datetime | None
    reason: str


@dataclass(frozen=True)
class HeldOrder:
    """An order that waits for a person."""

    order_id: str
    source: str
    key: str
    code: str
    reason: str


@dataclass(frozen=True)
class TicketBrief:
    """A live ticket."""

    ticket_id: str
    state: str
    jobs: int
    fill: float
    start_at: datetime
    end_at: datetime
    setup_state: str
    fixture: str


@dataclass(frozen=True)
class NextBatch:
    """The tentative batch that a station is planned to run next."""

    start_at: datetime
    jobs: int
    fill: float
    fixture: str
    release_reason_text: str


@dataclass(frozen=True)
class StationStatus:
    """One station."""

    id: str
    process: str
    state: str
    reason: str
    attended: bool
    running: TicketBrief | None
    queue: list[TicketBrief]
    next_batch: NextBatch | None


@dataclass(frozen=True)
class PlanBrief:
    """The plan in force."""

    created_at: datetime
    status: str
    cost_minor: float
    bound: float | None
    gap: float | None
    seconds: float
    jobs: int
    batches: int
    batches_kept: float | None = None  #: share of the batches of the plan before that it has too


@dataclass(frozen=True)
class FloorStatus:
    """Everything on one page."""

    now: datetime
    rules_hash: str
    rules_loaded_at: datetime
    orders: dict[str, int]
    late_count: int
    at_risk_count: int
    late: list[OrderRisk]
    at_risk: list[OrderRisk]
    stations: list[StationStatus]
    plan: PlanBrief | None
    held: list[HeldOrder]
    leader: Leader | None = None
    safe_mode: str = ""  #: why nothing is sent; empty when all is as always
    blanks: tuple[MissedBlank, ...] = ()  #: that have run out
    in_doubt: int = 0  #: tickets of which nobody can tell whether they were made


def floor_status(floor: Floor) -> FloorStatus:
    """Return the floor as it is now, from one read of the store."""
    now, rules = floor.now(), floor.rules.current
    with floor.store.read() as session:
        by_state = orders.orders_by_state(session)
        outlooks = order_outlooks(session, rules, now)
        held = orders.list_orders(session, states=(OrderState.HELD,), limit=_LISTED)
        view = latest_view(session)
        station_list = _stations(session, rules, view, now)
        leader = leadership.latest(session)
        safe = restored.safe_mode(session)
        missed = missed_blanks(session)
        doubted = len(batches.doubted(session))
        late = [o for o in outlooks if o.word(now) == LATE]
        at_risk = [o for o in outlooks if o.word(now) == AT_RISK]
        late_orders = _risks(session, late, "its leave-by time has passed")
        orders_at_risk = _risks(session, at_risk, "as planned it will be packed too late")
    return FloorStatus(
        now=now,
        rules_hash=rules.hash,
        rules_loaded_at=floor.rules.loaded_at,
        orders={state.value: by_state.get(state, 0) for state in OrderState},
        late_count=len(late),
        at_risk_count=len(at_risk),
        late=late_orders,
        at_risk=orders_at_risk,
        stations=station_list,
        plan=None if view is None else _plan_brief(view),
        held=[_held(order) for order in held],
        leader=leader,
        safe_mode="" if safe is None else safe.reason,
        blanks=missed,
        in_doubt=doubted,
    )


def _risks(session: Session, outlooks: list[OrderOutlook], reason: str) -> list[OrderRisk]:
    worst = sorted(outlooks, key=lambda o: (o.leave_by_at, o.key))[:_LISTED]
    found = orders.orders_by_key(session, [o.key for o in worst])
    return [
        OrderRisk(order.order_id, order.source, order.key, order.service, order.leave_by_at, o.ready_at, reason)
        for o in worst
        for order in [found[o.key]]
    ]


def _held(order: Order) -> HeldOrder:
    return HeldOrder(order.order_id, order.source, order.key, order.held_code or "", order.held_reason or "")


def _plan_brief(view: PlanView) -> PlanBrief:
    plan = view.plan
    gap = None if plan.bound is None or plan.cost <= 0 else max(0.0, 1 - plan.bound / plan.cost)
    return PlanBrief(
        plan.created_at, plan.status, plan.cost, plan.bound, gap, plan.seconds, plan.jobs, len(view.batches),
        view.batches_kept,
    )  # fmt: skip


def _stations(session: Session, rules: RuleSet, view: PlanView | None, now: datetime) -> list[StationStatus]:
    rows = stations.all_stations(session)
    live: dict[str, list[TicketBrief]] = {}
    for entry in batches.live_batches(session):
        live.setdefault(entry.batch.station, []).append(_brief(entry))
    planned: dict[str, PlannedBatch] = {}
    waiting = {entry.job.id for entry in orders.open_work(session)}
    for batch in view.batches if view else ():
        if waiting.issuperset(batch.jobs):
            planned.setdefault(batch.station, batch)
    result = []
    for station in rules.stations.values():
        row = rows.get(station.id)
        briefs = live.get(station.id, [])
        running = next((b for b in briefs if b.state == TicketState.RUNNING), None)
        result.append(
            StationStatus(
                id=station.id,
                process=station.process,
                state=row.state.value if row else StationState.UP.value,
                reason=(row.reason or "") if row else "",
                attended=_attended(station, now),
                running=running,
                queue=[b for b in briefs if b is not running],
                next_batch=_next(planned.get(station.id), now),
            )
        )
    return result


def _brief(entry: LiveBatch) -> TicketBrief:
    batch = entry.batch
    return TicketBrief(
        entry.ticket_id, entry.state.value, batch.jobs, batch.fill, batch.start_at, batch.end_at,
        batch.setup_state, batch.fixture,
    )  # fmt: skip


def _next(batch: PlannedBatch | None, now: datetime) -> NextBatch | None:
    if batch is None:
        return None
    return NextBatch(batch.start_at, len(batch.jobs), batch.fill, batch.fixture, _waits_for(batch, now))


def _waits_for(batch: PlannedBatch, now: datetime) -> str:
    """Return what keeps a batch that is next at its station, as the plan has it."""
    if batch.latest_begin_at <= now:
        return "starts as soon as it can"
    return "full: goes when its station is free" if batch.fill >= 1 else "may wait to fill"


def _attended(station: Station, now: datetime) -> bool:
    return station.attended is None or bool(station.attended.intervals(now, now + timedelta(seconds=1)))
