"""What needs a person: each kind of trouble with who or what it concerns, and how much of it there is."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

from batcher.domain.batches import Batch
from batcher.domain.orders import Order
from batcher.domain.states import OrderState, StationState, TicketState
from batcher.services.blanks import MissedBlank, missed_blanks
from batcher.services.board.expectation import expected_at
from batcher.services.context import Floor
from batcher.services.plan_view import PlanView, latest_view
from batcher.store import batches, board, stations
from batcher.store.board import Remake
from batcher.store.session import Session

#: Lists longer than this are cut; the counts beside them are whole.
LISTED = 25
#: A batch of which nothing was made is shown so long.
_RECENT = timedelta(hours=24)


@dataclass(frozen=True)
class RiskyOrder:
    """An order that is late, or will be; `expected_at` is none where no plan has all of it."""

    order: Order
    expected_at: datetime | None


@dataclass(frozen=True)
class Doubt:
    """A ticket of which nobody can tell whether its pieces were made."""

    ticket_id: str
    batch_id: str
    station: str
    jobs: int
    since: datetime
    why: str


@dataclass(frozen=True)
class Down:
    """A station that takes no work."""

    station: str
    since: datetime
    why: str


@dataclass(frozen=True)
class Trouble:
    """All of it."""

    late: tuple[RiskyOrder, ...]
    late_count: int
    at_risk: tuple[RiskyOrder, ...]
    at_risk_count: int
    held: tuple[Order, ...]
    held_count: int
    held_by_code: tuple[tuple[str, int], ...]  #: the commonest first
    in_doubt: tuple[Doubt, ...]
    failed: tuple[Batch, ...]
    remakes: tuple[Remake, ...]
    down: tuple[Down, ...]
    up: tuple[str, ...]  #: the other stations, which may be taken down
    blanks: tuple[MissedBlank, ...]
    there: tuple[str, ...]  #: products whose blanks have not run out as a whole


def trouble(floor: Floor) -> Trouble:
    """Return what needs a person now, from one read of the store."""
    rules, now = floor.rules.current, floor.now()
    with floor.store.read() as session:
        plan = latest_view(session)
        counts: Counter[str] = Counter()
        for (word, _), count in board.outlooks_by_leaving(session).items():
            counts[word] += count
        rows = stations.all_stations(session)
        down = [rows[name] for name in rules.stations if name in rows and rows[name].state is StationState.DOWN]
        out = missed_blanks(session)
        return Trouble(
            late=_risky(floor, session, plan, "late"),
            late_count=counts["late"],
            at_risk=_risky(floor, session, plan, "at_risk"),
            at_risk_count=counts["at_risk"],
            held=tuple(board.held_orders(session, LISTED)),
            held_count=board.open_by_state(session)[OrderState.HELD],
            held_by_code=tuple(Counter(board.held_by_code(session)).most_common()),
            in_doubt=_doubts(session, now),
            failed=tuple(board.failed_batches(session, now - _RECENT, LISTED)),
            remakes=tuple(board.being_remade(session, LISTED)),
            down=tuple(Down(row.id, row.since, row.reason) for row in down),
            up=tuple(name for name in rules.stations if name not in {row.id for row in down}),
            blanks=out,
            there=tuple(name for name in sorted(rules.products) if name not in {one.blank for one in out}),
        )


def _risky(floor: Floor, session: Session, plan: PlanView | None, outlook: str) -> tuple[RiskyOrder, ...]:
    listed = board.orders_by_outlook(session, outlook, LISTED)
    return tuple(RiskyOrder(order, expected_at(floor, session, plan, order.key)) for order in listed)


def _doubts(session: Session, now: datetime) -> tuple[Doubt, ...]:
    since = batches.doubted(session) if (found := batches.tickets(session, states=(TicketState.IN_DOUBT,))) else {}
    counts = {entry.ticket_id: entry.batch.jobs for entry in batches.live_batches(session)} if found else {}
    return tuple(
        Doubt(
            ticket.id, ticket.batch_id, ticket.station, counts.get(ticket.id, 0), since.get(ticket.id, now),
            ticket.last_error or "",
        )
        for ticket in found
    )  # fmt: skip
