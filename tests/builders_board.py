"""
A floor in the middle of its day, for those who look at it: made by the daemon's own services, without a daemon.

Orders of a night and a morning, planned at once, released by the policy, run by stations that report on time; and of
each kind of trouble a little.
"""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import takewhile

from batcher.domain.batches import StationReport
from batcher.domain.clock import Clock
from batcher.domain.states import TicketState
from batcher.planning.plan import Plan, PlanResult
from batcher.planning.problem import Problem
from batcher.planning.quick import quick_plan
from batcher.services import actions
from batcher.services.context import Floor
from batcher.services.cycle import plan_cycle
from batcher.services.housekeeping import housekeep
from batcher.services.intake import take_orders
from batcher.services.outlook_watch import watch_outlooks
from batcher.services.releasing import release_due
from batcher.services.reports import apply_report
from batcher.simulate.generator import orders
from batcher.store import batches
from batcher.store.batches import LiveBatch
from tests.builders_api import order
from tests.builders_floor import at, made_by

#: A Monday afternoon in winter: an hour to the first courier, two to the next.
MOMENT = datetime(2026, 11, 23, 16, 52, tzinfo=UTC)
_BEGAN = timedelta(hours=2)
_STEP, _PLAN_EVERY = timedelta(minutes=3), 5
_SPOILT = "smudged"


def _quickly(
    problem: Problem, *, budget_s: float, workers: int, seed: int, start: Plan | None, memory_mb: int
) -> PlanResult:
    return quick_plan(problem, start=start, seed=seed)


@dataclass
class _Stations:
    """What each station does, as its reports tell."""

    running: dict[str, datetime] = field(default_factory=dict)  #: when each ends, by ticket
    number: int = 0

    def step(self, floor: Floor) -> None:
        """Report what has happened by now, and begin what can be begun."""
        with floor.store.read() as session:
            live = batches.live_batches(session)
        busy = {entry.batch.station for entry in live if entry.state is TicketState.RUNNING}
        for entry in live:
            if entry.state is TicketState.RELEASED:
                self._deliver(floor, entry)
            elif entry.state is TicketState.RUNNING:
                self._end(floor, entry)
            elif entry.state is TicketState.ACCEPTED and entry.batch.station not in busy:
                busy.add(entry.batch.station)
                if entry.batch.start_at <= floor.now():
                    self._tell(floor, entry, "running")

    def _deliver(self, floor: Floor, entry: LiveBatch) -> None:
        with floor.store.write() as session:
            for state in (TicketState.SENDING, TicketState.DELIVERED):
                batches.move_ticket(session, entry.ticket_id, state, floor.now())
        self._tell(floor, entry, "accepted")

    def _end(self, floor: Floor, entry: LiveBatch) -> None:
        run = entry.batch.end_at - entry.batch.start_at
        if entry.started_at is not None and entry.started_at + run <= floor.now():
            self._tell(floor, entry, "done")

    def _tell(self, floor: Floor, entry: LiveBatch, kind: str) -> None:
        self.number += 1
        report = StationReport(f"r{self.number}", entry.batch.station, entry.ticket_id, kind, floor.now())
        assert apply_report(floor, report).outcome == "applied"


def busy(floor: Floor, *, rate_per_day: float = 480, now: datetime = MOMENT) -> Floor:
    """Let a fresh floor have worked for some hours; return it at `now`, its clock standing."""
    began = now - _BEGAN
    stream = orders(floor.rules.current, seed=3, start_at=began - timedelta(hours=14), rate_per_day=rate_per_day)
    due = list(takewhile(lambda order: _placed(order) <= now, stream))
    stations, moment, turn, taken = _Stations(), began, 0, 0
    while moment <= now:
        then = at(floor, moment)
        coming = [document for document in due[taken:] if _placed(document) <= moment]
        taken += len(coming)
        take_orders(then, coming, "shop")
        if turn % _PLAN_EVERY == 0:
            plan_cycle(then, made_by(then, _quickly))
            housekeep(then)
            watch_outlooks(then)
        release_due(then)
        stations.step(then)
        moment, turn = moment + _STEP, turn + 1
    return at(floor, now)


def _placed(document: dict[str, object]) -> datetime:
    return datetime.fromisoformat(str(document["placed_at"]))


def make_trouble(floor: Floor) -> None:
    """Add what a floor can have: stations down, doubt, spoilt pieces, orders that are held, late and at risk."""
    late = [order(f"LATE-{n}", placed_at=(floor.now() - timedelta(days=4 + n)).isoformat()) for n in range(3)]
    odd = order("ODD-1", lines=[{"sku": "NO-SUCH", "quantity": 1}])
    keys = [str(taken.key) for taken in take_orders(floor, [*late, odd], "shop")]
    for key in keys[:3]:
        actions.release_order(floor, key, "ada", reason="the buyer agreed")
    actions.set_station(floor, "laser-2", up=False, reason="lens cracked, technician at five", who="ada")
    with floor.store.read() as session:
        live = batches.live_batches(session)
    by_state = {state: [e for e in live if e.state is state] for state in (TicketState.ACCEPTED, TicketState.RUNNING)}
    for entry in by_state[TicketState.ACCEPTED][:1]:
        with floor.store.write() as session:
            batches.move_ticket(session, entry.ticket_id, TicketState.IN_DOUBT, floor.now(), error="its folder is gone")
    for entry in by_state[TicketState.RUNNING][:1]:
        _spoil(floor, entry)
    plan_cycle(floor, made_by(floor, _quickly))
    housekeep(floor)
    watch_outlooks(floor)


def _spoil(floor: Floor, entry: LiveBatch) -> None:
    with floor.store.read() as session:
        spoilt = batches.ticket_items(session, entry.ticket_id)[0].item_id
    report = StationReport(
        "spoilt", entry.batch.station, entry.ticket_id, "done", floor.now(), items={spoilt: "failed"}, reason=_SPOILT
    )
    assert apply_report(floor, report).outcome == "applied"


def started(floor: Floor, speed: float = 1.0) -> Floor:
    """Return the floor with a clock that goes on from now."""
    return replace(floor, clock=Clock(speed=speed, floor_at=floor.now(), anchor_at=datetime.now(UTC)))
