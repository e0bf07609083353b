"""
The floor as the rules describe it: site, processes, stations, fixtures, products, services.

Frozen values with every default filled in and every reference resolved; `schema` makes them from YAML.
Which jobs share a batch is in `batch_rules`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import time
from fnmatch import fnmatchcase
from zoneinfo import ZoneInfo

from batcher.domain.calendars import Calendar
from batcher.domain.orders import Order, OrderIn
from batcher.rules.bounds import GivenBounds

#: The tier of an order that names none.
STANDARD_TIER = "standard"


@dataclass(frozen=True)
class Site:
    """The place: its time zone, its currency, and how long packing takes."""

    name: str
    zone: ZoneInfo
    currency: str  #: ISO 4217; money is whole minor units of it
    pack_s: int  #: from the end of a piece's last step until it is packed


@dataclass(frozen=True)
class Sheet:
    """A film or paper sheet on which pieces are nested; `gap_mm` between pieces, none at the border."""

    width_mm: int
    height_mm: int
    gap_mm: int


@dataclass(frozen=True)
class Fixture:
    """What holds the pieces of a batch: a jig with slots, or a sheet."""

    id: str
    process: str
    setup_state: str  #: what the station must be set up for; a changeover is due when it differs
    fixed_s: int  #: seconds of every batch, whatever it holds
    unattended: bool  #: may be started with no operator present (from the magazine)
    capacity: int | None = None
    sheet: Sheet | None = None


@dataclass(frozen=True)
class Changeover:
    """Time and money to bring a station of the process from one setup state to another."""

    seconds: int
    cost_minor: int


@dataclass(frozen=True)
class Process:
    """
    A kind of work that several stations may do.

    Parameters
    ----------
    pairs
        Changeovers that differ from the default, by (from, to) setup state.
    """

    id: str
    changeover: Changeover
    pairs: dict[tuple[str, str], Changeover] = field(default_factory=dict)
    release: GivenBounds = field(default_factory=dict)

    def changeover_between(self, before: str, after: str) -> Changeover:
        """Return the changeover from one setup state to another; none within a state."""
        if before == after:
            return Changeover(0, 0)
        return self.pairs.get((before, after), self.changeover)


@dataclass(frozen=True)
class Station:
    """
    A machine that takes job tickets.

    Parameters
    ----------
    runs
        When it may run at all; none: always.
    attended
        When an operator can load it; none: it never needs one.
    magazine
        Batches it may start in one unattended gap.
    fixtures
        Fixtures it takes; none: all of its process.
    initial_state
        Setup state assumed until the first ticket tells.
    """

    id: str
    process: str
    attended: Calendar | None
    runs: Calendar | None
    magazine: int
    setup_unattended: bool
    cost_per_hour_minor: int
    changeover_cost_per_hour_minor: int
    cost_per_batch_minor: int
    initial_state: str
    fixtures: frozenset[str] | None = None
    hot_folder: str | None = None  #: absolute, or relative to the state directory; none: stations/<id>/in
    report_folder: str | None = None  #: likewise; none: stations/<id>/out
    queue_depth: int | None = None  #: live tickets it may have, the running one included; none: as for all
    silent_after_s: int = 1800  #: alarm when a delivered ticket brings no report for so long past its time


@dataclass(frozen=True)
class TextSeconds:
    """Parallel time that grows with the personalisation: `base_s` plus `per_character_s` each, at most `limit_s`."""

    base_s: int
    per_character_s: int = 0
    limit_s: int | None = None

    def seconds(self, text: str) -> int:
        """Return the seconds for one text."""
        total = self.base_s + self.per_character_s * len(text)
        return total if self.limit_s is None else min(total, self.limit_s)


@dataclass(frozen=True)
class Step:
    """One step of a route; `rest_s` passes after it before the next step (or packing) may start."""

    process: str
    fixture: str
    serial_s: int = 0
    parallel: TextSeconds = TextSeconds(0)
    max_parallel_s: int | None = None
    size: int = 1  #: slots of the fixture that one piece takes
    width_mm: int | None = None  #: on a sheet
    height_mm: int | None = None
    rotate: bool = True
    rest_s: int = 0


@dataclass(frozen=True)
class TextRule:
    """What personalisation a product takes."""

    required: bool = False
    max_characters: int = 200  #: of all lines together
    max_lines: int = 1
    max_line_characters: int | None = None
    scripts: frozenset[str] = frozenset()  #: codes of ISO 15924; none: all
    characters: str = ""  #: the only ones that are taken; none: all
    font: str | None = None
    font_covers: frozenset[int] | None = None  #: code points that the font can draw


@dataclass(frozen=True)
class Product:
    """What is sold: its route over the floor, which SKUs it covers, and its limits."""

    id: str
    route: tuple[Step, ...]
    skus: tuple[str, ...] = ()  #: shell patterns, for SKUs that the catalogue does not list
    text: TextRule = TextRule()
    max_quantity: int = 100  #: pieces in one order line
    release: GivenBounds = field(default_factory=dict)


@dataclass(frozen=True)
class CatalogueEntry:
    """What a SKU is."""

    sku: str
    product: str
    finish: str
    attributes: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ServiceCase:
    """
    What a service is to some orders: not offered, or with other times and late costs; none: as the service says.

    Parameters
    ----------
    where
        Shell patterns by `channel`, `country`, `carrier` and `tier`, of which one must match; what is left out may be
        anything.
    """

    where: Mapping[str, tuple[str, ...]]
    offered: bool = True
    order_by: time | None = None
    collection: int | None = None
    leaves_by: time | None = None
    collection_days: Calendar | None = None
    late_cost_minor: int | None = None
    late_cost_per_hour_minor: int | None = None

    def takes(self, order: OrderIn | Order) -> bool:
        """Tell whether it is an order's case."""
        return all(
            any(fnmatchcase(getattr(order, name), pattern) for pattern in patterns)
            for name, patterns in self.where.items()
        )


@dataclass(frozen=True)
class Service:
    """
    A promise to the buyer.

    An order placed before `order_by` counts for that day, later ones for the next. It must be packed by `leaves_by`
    on a collection day: the first on or after the counted day when `collection` is 0, else the n-th after it.
    """

    id: str
    order_by: time
    collection: int
    leaves_by: time
    collection_days: Calendar
    late_cost_minor: int
    late_cost_per_hour_minor: int
    release: GivenBounds = field(default_factory=dict)
    cases: tuple[ServiceCase, ...] = ()

    def for_order(self, order: OrderIn | Order) -> "Service | None":
        """Return what the service is to an order: the first case that takes it decides; none: not offered."""
        case = next((case for case in self.cases if case.takes(order)), None)
        if case is None:
            return self
        given = {name: value for name, value in vars(case).items() if name not in ("where", "offered")}
        return replace(self, **{k: v for k, v in given.items() if v is not None}) if case.offered else None


@dataclass(frozen=True)
class Tier:
    """A class of customers; lateness towards it costs `late_cost_factor` times the service's."""

    id: str
    late_cost_factor: float = 1.0


def state_name(process: str, setup_state: str) -> str:
    """Return one name for a setup state of a process; two processes may use the same word."""
    return f"{process}:{setup_state}"
