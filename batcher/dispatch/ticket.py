"""
The job ticket: `batcher-ticket/1`, everything a station needs to know to make one batch.

Built once when a batch is released and never changed after. What each field means to a station is told in
`docs/tickets.md`; the JSON Schema is made from these models. How a ticket gets to its station is in `transport`.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from batcher.domain.batches import BatchJob, NewBatch
from batcher.domain.orders import OpenWork
from batcher.rules.floor import Sheet

TICKET_FORMAT = "batcher-ticket/1"
#: Slack at and above which a ticket has priority 1.
_RELAXED_SLACK_S = 48 * 3600

Id = Annotated[str, Field(min_length=1, max_length=64)]
Seconds = Annotated[int, Field(ge=0)]
Millimetres = Annotated[int, Field(ge=0)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class TicketChangeover(_Part):
    """Whether the station must be set up anew before this batch, and how long that is planned to take."""

    needed: bool
    seconds: Seconds


class TicketSheet(_Part):
    """The sheet the pieces are placed on; origin at the lower left."""

    width_mm: Annotated[int, Field(gt=0)]
    height_mm: Annotated[int, Field(gt=0)]


class TicketItem(_Part):
    """One piece: what it is, what to put on it, and where it lies."""

    item_id: Id
    job_id: Annotated[str, Field(min_length=1, max_length=80)]
    step: Annotated[int, Field(ge=1, description="which step of the piece's route this is")]
    slot: Annotated[int, Field(ge=1, description="place on the fixture from 1, or running number on a sheet")]
    x_mm: Millimetres | None
    y_mm: Millimetres | None
    rotated: Annotated[bool, Field(description="turned by 90 degrees on its sheet")]
    sku: str
    product: str
    finish: str
    text: Annotated[str, Field(description="the personalisation, exactly as ordered")]
    artwork: Annotated[str | None, Field(description="reference of the artwork, as the order gave it")]
    order_id: Annotated[str, Field(description="the shop's own order id")]
    source: Annotated[str, Field(description="which shop system sent the order")]
    check_code: Annotated[str, Field(min_length=4, max_length=8, description="to compare by eye with the piece")]
    # tickets of before artwork was fetched have neither
    artwork_file: Annotated[
        str | None, Field(description="the artwork's file beside the ticket, if it was fetched")
    ] = None
    artwork_sha256: Annotated[str | None, Field(description="what that file is, whatever it is called")] = None


class TicketDocument(_Part):
    """One batch for one station."""

    format: Literal["batcher-ticket/1"]
    ticket_id: Id
    batch_id: Id
    sequence: Annotated[int, Field(ge=1, description="order of release at this station: the lowest runs first")]
    station: Id
    process: str
    fixture: str
    setup_state: Annotated[str, Field(description="what the station must be set up for")]
    changeover: TicketChangeover
    planned_start_at: Annotated[AwareDatetime, Field(description="planned start of the run, after any changeover")]
    planned_end_at: AwareDatetime
    due_at: Annotated[AwareDatetime, Field(description="earliest moment at which one of its orders must leave")]
    priority: Annotated[int, Field(ge=1, le=100, description="100 is the most urgent")]
    rules_hash: str
    unattended_ok: Annotated[bool, Field(description="may be started with no operator present")]
    run_seconds: Annotated[int, Field(ge=0, description="planned time of the run, without changeover")]
    capacity: Annotated[int | None, Field(ge=1, description="slots of the fixture; null on a sheet")]
    sheet: TicketSheet | None
    items: Annotated[tuple[TicketItem, ...], Field(min_length=1)]
    sha256: Annotated[
        str,
        Field(pattern="^[0-9a-f]{64}$", description="of this document without this field, as canonical JSON"),
    ]


def build_ticket(
    batch: NewBatch,
    work: Mapping[str, OpenWork],
    check_codes: Mapping[str, str],
    *,
    ticket_id: str,
    batch_id: str,
    sequence: int,
    rules_hash: str,
    sheet: Sheet | None = None,
    artwork: Mapping[str, tuple[str, str]] | None = None,
) -> dict[str, object]:
    """
    Return the ticket of a batch that is about to be released, as a JSON document.

    Parameters
    ----------
    batch
        What has been decided; its run lasts from `start_at` to `end_at`.
    work
        The batch's jobs with their pieces and orders, by job id.
    check_codes
        By job id.
    sequence
        The station's next release number.
    sheet
        The fixture's sheet; none for a fixture with slots.
    artwork
        SHA-256 and kind of the artwork that was fetched, by item id.
    """
    document: dict[str, object] = {
        "format": TICKET_FORMAT,
        "ticket_id": ticket_id,
        "batch_id": batch_id,
        "sequence": sequence,
        "station": batch.station,
        "process": batch.process,
        "fixture": batch.fixture,
        "setup_state": batch.setup_state,
        "changeover": {"needed": batch.changeover_s > 0, "seconds": batch.changeover_s},
        "planned_start_at": batch.start_at,
        "planned_end_at": batch.end_at,
        "due_at": batch.due_at,
        "priority": priority(batch.end_at, batch.due_at),
        "rules_hash": rules_hash,
        "unattended_ok": batch.unattended_ok,
        "run_seconds": round((batch.end_at - batch.start_at).total_seconds()),
        "capacity": batch.capacity or None,
        "sheet": None if sheet is None else {"width_mm": sheet.width_mm, "height_mm": sheet.height_mm},
        "items": tuple(
            _item(job, work[job.job_id], check_codes[job.job_id])
            | _artwork(ticket_id, (artwork or {}).get(work[job.job_id].item.id))
            for job in batch.jobs
        ),
        "sha256": "0" * 64,
    }
    # Through the model, so that nothing leaves the house that the published schema does not allow.
    plain: dict[str, object] = TicketDocument.model_validate(document).model_dump(mode="json")
    return plain | {"sha256": content_hash(plain)}


def priority(end_at: datetime, due_at: datetime) -> int:
    """Return 100 for a batch that ends at or past its due time, falling to 1 with two days of slack."""
    slack_s = (due_at - end_at).total_seconds()
    return max(1, min(100, 100 - int(slack_s * 99 / _RELAXED_SLACK_S)))


def content_hash(document: Mapping[str, object]) -> str:
    """Return the SHA-256 of a document without its `sha256`, as JSON with sorted keys and no spaces, in UTF-8."""
    content = {name: value for name, value in document.items() if name != "sha256"}
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def ticket_bytes(document: Mapping[str, object]) -> bytes:
    """Return the file that a station is given: UTF-8, indented for the person who opens it."""
    return (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode()


def _artwork(ticket_id: str, kept: tuple[str, str] | None) -> dict[str, object]:
    if kept is None:
        return {"artwork_file": None, "artwork_sha256": None}
    sha256, kind = kept
    # the ticket's own, so that a station may throw it away with the ticket
    return {"artwork_file": f"{ticket_id}-{sha256[:16]}.{kind}", "artwork_sha256": sha256}


def _item(job: BatchJob, work: OpenWork, check_code: str) -> dict[str, object]:
    return {
        "item_id": work.item.id,
        "job_id": job.job_id,
        "step": work.job.step,
        "slot": job.place.slot,
        "x_mm": job.place.x_mm,
        "y_mm": job.place.y_mm,
        "rotated": job.place.rotated,
        "sku": work.item.sku,
        "product": work.item.product,
        "finish": work.item.finish,
        "text": work.item.text,
        "artwork": work.item.artwork,
        "order_id": work.order.order_id,
        "source": work.order.source,
        "check_code": check_code,
    }
