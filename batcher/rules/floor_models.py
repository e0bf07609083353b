"""
The shapes of the sections that describe the floor: site, calendars, processes, stations, fixtures, products.

Every key with its meaning and an example; JSON Schema and reference page are generated from here. What the sections
mean together is `consistency`'s work.
"""

from typing import Annotated, Self

from pydantic import BeforeValidator, model_validator

from batcher.domain.calendars import Span
from batcher.rules.grammar import OneOrMore, refuse
from batcher.rules.release_models import ReleaseShape
from batcher.rules.shape import Minor, Shape, key
from batcher.rules.values import (
    CalendarRef,
    Characters,
    Currency,
    Day,
    Days,
    Duration,
    FixtureRef,
    Folder,
    Holidays,
    Hours,
    Length,
    Name,
    Pattern,
    ProcessRef,
    Script,
    Size,
    StateRef,
    Text,
    Zone,
)


class SiteShape(Shape):
    """The place all other sections are about; exactly one."""

    name: Text = key(description="What people call the floor.", examples=["Demonstration floor"])
    time_zone: Zone = key(description="Time zone of every local time in these files.", examples=["Europe/London"])
    currency: Currency = key(
        description="Currency whose whole minor units (pence, cents) all keys ending in `_minor` count.",
        examples=["GBP"],
    )
    pack: Duration = key(
        default="15 min",
        description="From the end of a piece's last step, and its rest, until it is packed.",
        examples=["15 min"],
    )


class CalendarShape(Shape):
    """Weekly opening hours in local time, with the days that differ. Other sections name calendars by id."""

    hours: dict[Days, Hours] = key(
        min_length=1,
        description="Hours by weekday; a weekday left out is closed. Hours may cross midnight (22:00-06:00); "
        "a whole day is 00:00-24:00.",
        examples=["{mon-fri: 07:00-19:00, sat: [07:00-12:00, 13:00-17:00]}"],
    )
    public_holidays: Holidays | None = key(
        default=None,
        description="Country, or country and part, on whose public holidays it is closed; "
        "known for the years 2005 to 2040.",
        examples=["GB-ENG"],
    )
    exceptions: dict[Day, Hours] = key(
        default={},
        description="Dates with other hours, or closed; they win over weekday and public holiday.",
        examples=["{2026-12-24: 07:00-13:00, 2026-12-27: closed}"],
    )

    @model_validator(mode="after")
    def _each_weekday_once(self) -> Self:
        days = [day for days in self.hours for day in days]
        if len(days) != len(set(days)):
            raise refuse("conflict", "a weekday is given hours twice; list all hours of a day in one place")
        return self

    def week(self) -> tuple[tuple[Span, ...], ...]:
        """Return the spans by weekday, Monday first."""
        return tuple(next((spans for days, spans in self.hours.items() if weekday in days), ()) for weekday in range(7))


class ChangeoverShape(Shape):
    """What it takes to change a station's setup state."""

    time: Duration = key(default="0 s", description="How long the station stands.", examples=["420 s"])
    cost_minor: Minor = key(
        default=0, description="What one changeover costs besides the station's time.", examples=[180]
    )


class PairShape(ChangeoverShape):
    """A changeover between two setup states that differs from the process's default."""

    before: StateRef = key(description="Setup state before it.", examples=["wood-lens"])
    after: StateRef = key(description="Setup state after it.", examples=["slate-lens"])


class ProcessShape(Shape):
    """A kind of work that one or several stations do."""

    changeover: ChangeoverShape = key(
        default={},
        description="The changeover between any two different setup states.",
        examples=["{time: 420 s, cost_minor: 180}"],
    )
    pairs: list[PairShape] = key(
        default=[],
        description="Changeovers that differ from that, one for each direction.",
        examples=["[{before: wood-lens, after: slate-lens, time: 60 s}]"],
    )
    release: ReleaseShape = key(
        default={},
        description="Release bounds of everything made by it; they win over the batch rule's.",
        examples=["{target_fill: 90 %}"],
    )


class StationShape(Shape):
    """A machine that takes job tickets."""

    process: ProcessRef = key(description="The work it does.", examples=["uv-print"])
    attended: CalendarRef | None = key(
        default=None,
        description="Calendar of the hours in which an operator can load it. Outside them it runs lights-out, "
        "from its magazine. Left out: it never needs an operator.",
        examples=["day-shift"],
    )
    runs: CalendarRef | None = key(
        default=None,
        description="Calendar of the hours in which it may run at all. Left out: always.",
        examples=["around-the-clock"],
    )
    magazine: int = key(
        default=0,
        ge=0,
        le=1000,
        description="Batches it may start in one unattended gap, loaded beforehand.",
        examples=[6],
    )
    setup_unattended: bool = key(
        default=False, description="Whether it may change over with no operator present.", examples=[False]
    )
    cost_per_hour_minor: Minor = key(description="What an hour of running costs.", examples=[1400])
    changeover_cost_per_hour_minor: Minor | None = key(
        default=None,
        description="What an hour of changing over costs. Left out: as an hour of running.",
        examples=[1400],
    )
    cost_per_batch_minor: Minor = key(
        default=0, description="What each batch costs: blanks, cleaning, film, paper.", examples=[120]
    )
    initial_state: StateRef | None = key(
        default=None,
        description="Setup state assumed until its first ticket tells. Left out: that of its first fixture.",
        examples=["plate-jig"],
    )
    fixtures: list[FixtureRef] | None = key(
        default=None,
        min_length=1,
        description="Fixtures it takes. Left out: every fixture of its process.",
        examples=["[plate-jig, tin-jig]"],
    )
    hot_folder: Folder | None = key(
        default=None,
        description="Folder that job tickets are put into: absolute, or below the state directory. "
        "Left out: `stations/<id>/in`.",
        examples=["/srv/uv-1/in"],
    )
    report_folder: Folder | None = key(
        default=None,
        description="Folder that its reports are read from, likewise. Left out: `stations/<id>/out`.",
        examples=["/srv/uv-1/out"],
    )
    queue_depth: int | None = key(
        default=None,
        ge=1,
        le=50,
        description="Live tickets at it, the running one included. Left out: as `planning` says for all. "
        "More where a batch takes a minute, so that the machine never waits for its next ticket.",
        examples=["6"],
    )
    silent_after: Duration = key(
        default="30 min",
        description="An alarm is raised when a delivered ticket brings no report for so long past its time.",
        examples=["30 min"],
    )


class SheetShape(Shape):
    """Film or paper on which pieces are nested, each turned by 90 degrees where that helps; no border."""

    size: Size = key(description="Width and height.", examples=["1100 x 600 mm"])
    gap: Length = key(default="0 mm", description="Kept free between two pieces.", examples=["5 mm"])


class FixtureShape(Shape):
    """What holds the pieces of one batch: slots in a jig, or a sheet. One of `capacity` and `sheet` is given."""

    process: ProcessRef = key(description="The process it is used in.", examples=["uv-print"])
    setup_state: Name | None = key(
        default=None,
        description="What a station must be set up for to take it; fixtures that share a state need no changeover. "
        "Left out: its own id.",
        examples=["wood-lens"],
    )
    fixed: Duration = key(default="0 s", description="How long a batch takes whatever it holds.", examples=["400 s"])
    unattended: bool = key(
        default=False, description="Whether it may be started from the magazine, with no operator.", examples=[True]
    )
    capacity: int | None = key(default=None, ge=1, le=100_000, description="Slots for pieces.", examples=[15])
    sheet: SheetShape | None = key(
        default=None,
        description="The sheet that pieces are placed on, instead of slots.",
        examples=["{size: 1100 x 600 mm, gap: 5 mm}"],
    )

    @model_validator(mode="after")
    def _slots_or_sheet(self) -> Self:
        if (self.capacity is None) == (self.sheet is None):
            raise refuse("conflict", "a fixture has either a capacity (slots) or a sheet, one of the two")
        return self


class TextTimeShape(Shape):
    """Seconds that grow with the length of the personalisation."""

    base: Duration = key(description="With no text at all.", examples=["420 s"])
    per_character: Duration = key(default="0 s", description="For each character.", examples=["20 s"])
    at_most: Duration | None = key(default=None, description="Never more than this.", examples=["900 s"])

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.at_most is not None and self.at_most < self.base:
            raise refuse("range", f"at_most {self.at_most} s is less than base {self.base} s")
        return self


def _base_only(value: object) -> object:
    return value if isinstance(value, dict) else {"base": value}


TextTime = Annotated[TextTimeShape, BeforeValidator(_base_only, json_schema_input_type=TextTimeShape | Duration)]


class StepShape(Shape):
    """One step of a route. A batch lasts the fixture's `fixed`, all its `serial` times and its longest `parallel`."""

    fixture: FixtureRef = key(description="What holds the piece; it also names the process.", examples=["mug-rack"])
    serial: Duration = key(
        default="0 s", description="What each piece adds to its batch, one after the other.", examples=["55 s"]
    )
    parallel: TextTime = key(
        default="0 s",
        description="What pieces take together; the longest counts. A duration, or one that grows with the text.",
        examples=["480 s", "{base: 420 s, per_character: 20 s, at_most: 900 s}"],
    )
    max_parallel: Duration | None = key(
        default=None,
        description="The longest the piece can stand in a batch (an oven). Left out: no limit.",
        examples=["600 s"],
    )
    slots: int = key(default=1, ge=1, le=100_000, description="Slots that one piece takes.", examples=[1])
    piece: Size | None = key(
        default=None, description="Width and height of the piece on a sheet.", examples=["205 x 95 mm"]
    )
    rotate: bool = key(
        default=True, description="Whether it may be turned by 90 degrees on the sheet.", examples=[True]
    )
    rest: Duration = key(
        default="0 s",
        description="Cooling or drying after it, before the next step or packing may begin.",
        examples=["300 s"],
    )

    @model_validator(mode="after")
    def _bearable(self) -> Self:
        if self.max_parallel is not None and self.max_parallel < self.parallel.base:
            raise refuse("range", f"max_parallel {self.max_parallel} s is less than parallel {self.parallel.base} s")
        return self


class TextShape(Shape):
    """What personalisation a product takes."""

    required: bool = key(default=False, description="Whether an order without text is held.", examples=[True])
    max_characters: int = key(default=200, ge=1, le=10_000, description="The longest text that fits.", examples=[24])
    max_lines: int = key(default=1, ge=1, le=50, description="How many lines it may have.", examples=[3])
    max_line_characters: int | None = key(
        default=None, ge=1, le=1000, description="The longest line that fits. Left out: as the text.", examples=[12]
    )
    scripts: list[Script] | None = key(
        default=None,
        min_length=1,
        description="Scripts that it takes, beside what all share (digits, signs, emoji). Left out: all.",
        examples=["[Latin, Greek]"],
    )
    characters: Characters | None = key(
        default=None,
        description="The only characters that it takes; `A-Z` is a range, a `-` of its own stands last. Left out: all.",
        examples=['"A-Za-z0-9 .&-"'],
    )
    font: Folder | None = key(
        default=None,
        description="The font it is set in, a TrueType or OpenType file below the rules directory: what it cannot draw "
        "holds the order.",
        examples=["fonts/engraving.ttf"],
    )


class ProductShape(Shape):
    """What is sold, and its way over the floor."""

    route: list[StepShape] = key(
        min_length=1,
        max_length=20,
        description="Its steps, first to last.",
        examples=["[{fixture: tin-jig}]"],
    )
    skus: OneOrMore[Pattern] | None = key(
        default=None,
        description="Shell patterns of SKUs that are this product without being in the catalogue.",
        examples=['["MUG-*"]'],
    )
    text: TextShape = key(
        default={},
        description="Limits of the personalisation.",
        examples=["{required: true, max_characters: 24}"],
    )
    max_quantity: int = key(
        default=100, ge=1, le=100_000, description="Pieces that one order line may ask for.", examples=[100]
    )
    release: ReleaseShape = key(
        default={},
        description="Release bounds of its pieces; they win over the process's.",
        examples=["{max_wait: 24 h}"],
    )
