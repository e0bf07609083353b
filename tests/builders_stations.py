"""Stations, tickets and machines for tests of dispatch and virtual stations."""

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from batcher.dispatch.ticket import build_ticket, ticket_bytes
from batcher.domain.batches import BatchJob, NewBatch, Place
from batcher.domain.calendars import Calendar, Span
from batcher.domain.orders import Item, Job, OpenWork, Order
from batcher.domain.states import ItemState, JobState, OrderState
from batcher.rules.floor import Sheet, Station
from batcher.simulate.machine_folders import MachineFolders

LONDON = ZoneInfo("Europe/London")
#: A Monday, 09:00 in London.
MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)


def day_shift(opens: int = 7, closes: int = 19) -> Calendar:
    """Return Monday to Saturday hours."""
    return Calendar(LONDON, (*((Span(time(opens), time(closes)),),) * 6, ()))


def a_station(
    ident: str = "uv-1",
    *,
    attended: Calendar | None = None,
    runs: Calendar | None = None,
    magazine: int = 0,
    setup_unattended: bool = False,
    hot_folder: str | None = None,
    report_folder: str | None = None,
) -> Station:
    return Station(
        id=ident,
        process="uv-print",
        attended=attended,
        runs=runs,
        magazine=magazine,
        setup_unattended=setup_unattended,
        cost_per_hour_minor=1400,
        changeover_cost_per_hour_minor=1400,
        cost_per_batch_minor=120,
        initial_state="tin-jig",
        hot_folder=hot_folder,
        report_folder=report_folder,
    )


def open_work(item_id: str, *, text: str = "Zoë & Łukasz", at: datetime = MONDAY) -> OpenWork:
    order = Order(
        key=f"K-{item_id}", source="shop", order_id=f"o-{item_id}", state=OrderState.WAITING, placed_at=at,
        received_at=at, service="next-day", tier="standard", channel="web", country="GB", carrier="", attributes={},
        leave_by_at=at + timedelta(hours=10), late_cost_minor=500, late_cost_per_hour_minor=60, due_how="", pieces=1,
    )  # fmt: skip
    item = Item(
        id=item_id, order_key=order.key, line_id="1", sku="84988", product="tin", finish="gold", text=text,
        artwork=None, attributes={}, state=ItemState.WAITING,
    )  # fmt: skip
    job = Job(
        id=f"{item_id}-1", item_id=item_id, order_key=order.key, step=1, steps=1, process="uv-print",
        state=JobState.WAITING, ready_at=at,
    )  # fmt: skip
    return OpenWork(job, item, order)


def a_batch(
    item_ids: Sequence[str],
    *,
    station: str = "uv-1",
    start_at: datetime = MONDAY,
    run_s: int = 400,
    changeover_s: int = 0,
    unattended_ok: bool = False,
    on_sheet: bool = False,
) -> NewBatch:
    return NewBatch(
        station=station, process="uv-print", fixture="tin-jig", setup_state="tin-jig", changeover_s=changeover_s,
        rule="tins", family="f1", start_at=start_at, end_at=start_at + timedelta(seconds=run_s),
        due_at=start_at + timedelta(hours=10), fill=0.5, reason="full", cost_minor=300,
        capacity=0 if on_sheet else 15, unattended_ok=unattended_ok,
        jobs=tuple(
            BatchJob(f"{item_id}-1", Place(slot, 0 if on_sheet else None, slot * 100 if on_sheet else None))
            for slot, item_id in enumerate(item_ids, start=1)
        ),
    )  # fmt: skip


def a_ticket(
    ticket_id: str,
    item_ids: Sequence[str],
    *,
    sequence: int = 1,
    station: str = "uv-1",
    run_s: int = 400,
    changeover_s: int = 0,
    unattended_ok: bool = False,
    sheet: Sheet | None = None,
    text: str = "Zoë & Łukasz",
) -> dict[str, object]:
    batch = a_batch(
        item_ids,
        station=station,
        run_s=run_s,
        changeover_s=changeover_s,
        unattended_ok=unattended_ok,
        on_sheet=sheet is not None,
    )
    return build_ticket(
        batch,
        {f"{item_id}-1": open_work(item_id, text=text) for item_id in item_ids},
        {f"{item_id}-1": "BCDF" for item_id in item_ids},
        ticket_id=ticket_id,
        batch_id=f"B-{ticket_id}",
        sequence=sequence,
        rules_hash="r1",
        sheet=sheet,
    )


def machine_folders(root: Path, station: str = "uv-1") -> MachineFolders:
    home = root / "stations" / station
    return MachineFolders(hot=home / "in", reports=home / "out", home=home / "machine")


def put_ticket(folders: MachineFolders, document: dict[str, object]) -> None:
    """Put a ticket into a machine's hot folder the way any sender should: written beside it, then renamed."""
    folders.create()
    hidden = folders.home / f"{document['ticket_id']}.tmp"
    hidden.write_bytes(ticket_bytes(document))
    hidden.rename(folders.hot / f"{document['ticket_id']}.json")
