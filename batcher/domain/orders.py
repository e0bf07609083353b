"""
What was ordered: an order, its lines, its pieces, and the steps each piece goes through.

Values as they stand in the store at one moment; how they change is in `states` and `store`.
"""

from dataclasses import dataclass, field
from datetime import datetime

from batcher.domain.states import ItemState, JobState, OrderState


@dataclass(frozen=True)
class OrderLine:
    """One line: so many pieces of one SKU with one personalisation."""

    line_id: str
    sku: str
    quantity: int
    text: str = ""
    artwork: str | None = None  #: reference of the artwork, as given
    attributes: dict[str, str] = field(default_factory=dict)
    artwork_sha256: str | None = None

    @property
    def fetches_artwork(self) -> bool:
        """Tell whether the artwork is an address to fetch it from, and no name that stations know."""
        return self.artwork is not None and self.artwork.startswith(("https://", "http://"))


@dataclass(frozen=True)
class OrderIn:
    """
    A well-formed order as a source sent it, before the rules have been asked.

    `content_hash` identifies its canonical content: same id and hash is a replay, same id and another hash a conflict.
    """

    source: str
    order_id: str
    placed_at: datetime
    service: str
    lines: tuple[OrderLine, ...]
    channel: str = ""
    tier: str = "standard"
    country: str = ""
    carrier: str = ""
    attributes: dict[str, str] = field(default_factory=dict)
    reservation: str = ""  #: id of the reservation it takes
    content_hash: str = ""


@dataclass(frozen=True)
class Promise:
    """By when an order must leave, what being late costs, and how the date came about."""

    leave_by_at: datetime  #: complete and packed by then, aware UTC
    late_cost_minor: int
    late_cost_per_hour_minor: int
    how: str  #: in plain words, for `why` and for people
    possible: bool = True  #: false: too late already when it came in


@dataclass(frozen=True)
class Order:
    """One order as stored; `key` is our own id."""

    key: str
    source: str
    order_id: str
    state: OrderState
    placed_at: datetime
    received_at: datetime
    service: str
    tier: str
    channel: str
    country: str
    carrier: str
    attributes: dict[str, str]
    leave_by_at: datetime
    late_cost_minor: int
    late_cost_per_hour_minor: int
    due_how: str
    pieces: int  #: pieces ordered, remakes not counted
    held_code: str | None = None
    held_reason: str | None = None
    completed_at: datetime | None = None
    version: int = 1  #: grows with every change of the order itself


@dataclass(frozen=True)
class Item:
    """One physical piece of an order."""

    id: str
    order_key: str
    line_id: str
    sku: str
    product: str
    finish: str
    text: str
    artwork: str | None
    attributes: dict[str, str]
    state: ItemState
    remake_of: str | None = None
    remake_reason: str | None = None
    made_at: datetime | None = None  #: the last step is over, its rest included
    packed_at: datetime | None = None


@dataclass(frozen=True)
class Job:
    """One step of one piece: the unit of planning."""

    id: str
    item_id: str
    order_key: str
    step: int  #: 1 is the first step of the route
    steps: int  #: how many the route has
    process: str
    state: JobState
    ready_at: datetime | None  #: earliest start; none while the step before is not done
    done_at: datetime | None = None


@dataclass(frozen=True)
class OpenWork:
    """One waiting job with its piece and order: a row of the planning snapshot."""

    job: Job
    item: Item
    order: Order
