"""Small orders, pieces and batches for tests of the store, and databases to put them in."""

from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from batcher.domain.batches import BatchJob, NewBatch, Place, Ticket
from batcher.domain.ids import check_code, new_id
from batcher.domain.orders import Job, Order, OrderIn, OrderLine, Promise
from batcher.domain.states import JobState, OrderState, TicketState
from batcher.store import batches, migrate, orders, stations, tables
from batcher.store.orders import Held, NewPiece
from batcher.store.session import Session, Store

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
PRINT_AND_PRESS = ("sublimation-print", "mug-press")


def sqlite_url(directory: Path) -> str:
    return f"sqlite:///{directory / 'batcher.db'}"


@cache
def _empty_database() -> bytes:
    """Return a database brought up to date once; a copy of it is a fresh one."""
    with TemporaryDirectory() as directory:
        migrate.upgrade(sqlite_url(Path(directory)))
        return (Path(directory) / "batcher.db").read_bytes()


def lay_empty_database(directory: Path) -> str:
    """Put an empty database of today's schema into a directory, and return its URL."""
    (directory / "batcher.db").write_bytes(_empty_database())
    return sqlite_url(directory)


def open_orders(s: Session) -> list[Order]:
    """Return the orders that are neither complete nor cancelled."""
    states = (OrderState.HELD, OrderState.WAITING, OrderState.IN_PRODUCTION)
    return orders.list_orders(s, states=states, limit=10_000)


def fresh_store(directory: Path) -> Store:
    return Store.open(lay_empty_database(directory), exclusive=True)


def clear_tables(session: Session) -> None:
    """Forget everything but the schema and who leads."""
    for table in reversed(tables.metadata.sorted_tables):
        if table is not tables.leadership:
            session.execute(table.delete())


def order_in(order_id: str = "A-1", *, quantity: int = 1, source: str = "shop", content_hash: str = "h") -> OrderIn:
    return OrderIn(
        source=source,
        order_id=order_id,
        placed_at=NOW - timedelta(minutes=5),
        service="next-day",
        lines=(OrderLine("1", "MUG-1", quantity, "Zoë", None, {"font": "serif"}),),
        channel="web",
        tier="gold",
        country="United Kingdom",
        carrier="post",
        attributes={"gift": "yes"},
        content_hash=content_hash,
    )


def promise(hours: float = 24) -> Promise:
    return Promise(NOW + timedelta(hours=hours), 300, 60, "placed before the cut-off")


def piece(processes: tuple[str, ...] = PRINT_AND_PRESS) -> NewPiece:
    return NewPiece("1", "MUG-1", "mug", "white", "Zoë", None, {"font": "serif"}, processes)


def add(
    session: Session,
    order_id: str = "A-1",
    *,
    pieces: int = 1,
    processes: tuple[str, ...] = PRINT_AND_PRESS,
    held: Held | None = None,
    now: datetime = NOW,
) -> str:
    order = order_in(order_id, quantity=pieces)
    return orders.add_order(session, order, promise(), [piece(processes)] * pieces, held=held, now=now).key


def first_steps(session: Session, *keys: str) -> list[Job]:
    jobs = [job for key in keys for job in orders.jobs_of(session, key)]
    return [job for job in jobs if job.state is JobState.WAITING and job.ready_at is not None]


def new_batch(job_ids: list[str], station: str = "uv-1") -> NewBatch:
    return NewBatch(
        station=station,
        process="sublimation-print",
        fixture="sheet",
        setup_state="paper",
        changeover_s=0,
        rule="mugs",
        family="mug white",
        start_at=NOW,
        end_at=NOW + timedelta(minutes=10),
        due_at=NOW + timedelta(hours=24),
        jobs=tuple(BatchJob(job_id, Place(slot)) for slot, job_id in enumerate(job_ids, start=1)),
        fill=0.5,
        reason="full",
        cost_minor=120,
        capacity=12,
        unattended_ok=True,
    )


def release_jobs(session: Session, job_ids: list[str], station: str = "uv-1", now: datetime = NOW) -> Ticket:
    stations.ensure_stations(session, [station], now)
    return batches.release(
        session,
        new_batch(job_ids, station),
        batch_id=new_id(),
        ticket_id=new_id(),
        document={"format": "batcher-ticket/1", "jobs": list(job_ids)},
        check_codes={job_id: check_code(job_id) for job_id in job_ids},
        plan_id="plan-1",
        rules_hash="rules-1",
        now=now,
    )


def deliver(session: Session, ticket_id: str, now: datetime = NOW) -> None:
    for state in (TicketState.SENDING, TicketState.DELIVERED):
        batches.move_ticket(session, ticket_id, state, now)


def run_through(session: Session, ticket_id: str, now: datetime = NOW) -> None:
    deliver(session, ticket_id, now)
    for state in (TicketState.ACCEPTED, TicketState.RUNNING):
        batches.move_ticket(session, ticket_id, state, now)
