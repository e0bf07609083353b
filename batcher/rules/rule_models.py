"""
The shapes of the sections that describe promises and batching, and of a rules file as a whole.

Every key with its meaning and an example; JSON Schema and reference page are generated from here.
"""

from typing import Literal, Self

from pydantic import Field, model_validator

from batcher.rules.floor_models import (
    CalendarShape,
    FixtureShape,
    ProcessShape,
    ProductShape,
    SiteShape,
    StationShape,
)
from batcher.rules.grammar import OneOrMore, refuse
from batcher.rules.release_models import ReleaseShape
from batcher.rules.shape import Minor, Shape, key
from batcher.rules.source_models import SourceShape
from batcher.rules.values import (
    CalendarRef,
    Duration,
    Fact,
    FixturePattern,
    Name,
    Pattern,
    ProcessPattern,
    ProductPattern,
    ServicePattern,
    StationRef,
    TierPattern,
    Time,
)


class ServiceCaseShape(Shape):
    """
    What a service is to some orders; a key left out is as the service says. The first case that takes an order decides.

    Patterns are shell patterns, one or a list of which one must match; every one given must hold.
    """

    channel: OneOrMore[Pattern] | None = key(default=None, description="Where the order came in.", examples=["phone"])
    country: OneOrMore[Pattern] | None = key(default=None, description="Where it goes.", examples=["Ireland"])
    carrier: OneOrMore[Pattern] | None = key(default=None, description="Who carries it.", examples=["dpd"])
    tier: OneOrMore[TierPattern] | None = key(default=None, description="The customer's tier.", examples=["gold"])
    offered: bool = key(default=True, description="Whether they may have the service at all.", examples=[False])
    order_by: Time | None = key(default=None, description="Another time to order by.", examples=["14:00"])
    collection: int | None = key(default=None, ge=0, le=60, description="Another collection.", examples=[1])
    leaves_by: Time | None = key(default=None, description="Another time to be complete by.", examples=["15:30"])
    collection_days: CalendarRef | None = key(
        default=None, description="Other days on which a courier collects.", examples=["collections"]
    )
    late_cost_minor: Minor | None = key(default=None, description="What a late order costs at once.", examples=[900])
    late_cost_per_hour_minor: Minor | None = key(
        default=None, description="What each further hour of lateness costs.", examples=[120]
    )

    @model_validator(mode="after")
    def _for_somebody(self) -> Self:
        if all(given is None for given in (self.channel, self.country, self.carrier, self.tier)):
            raise refuse("conflict", "a case needs a channel, country, carrier or tier; else change the service itself")
        return self


class ServiceShape(Shape):
    """A service level: by when an order must be complete, and what it costs when it is not."""

    order_by: Time = key(
        description="Orders placed before this local time count for the day, later ones for the next.",
        examples=["16:00"],
    )
    collection: int = key(
        default=0,
        ge=0,
        le=60,
        description="The collection it must be ready for: 0 the first collection day on or after the counted day, "
        "n the n-th collection day after it.",
        examples=[0],
    )
    leaves_by: Time = key(
        description="Local time on that day by which the parcel must be complete; earlier where the hours of the "
        "collection calendar end earlier that day.",
        examples=["19:00"],
    )
    collection_days: CalendarRef = key(
        description="Calendar of the days on which the courier collects.", examples=["collections"]
    )
    late_cost_minor: Minor = key(description="What a late order costs at once.", examples=[500])
    late_cost_per_hour_minor: Minor = key(
        default=0, description="What each further hour of lateness costs.", examples=[60]
    )
    release: ReleaseShape = key(
        default={},
        description="Release bounds of what is promised so; they win over the product's.",
        examples=["{slack_floor: 2 h}"],
    )
    cases: list[ServiceCaseShape] = key(
        default=[],
        max_length=100,
        description="What differs by channel, destination and tier.",
        examples=['[{country: Ireland, order_by: "14:00"}, {channel: marketplace, offered: false}]'],
    )


class TierShape(Shape):
    """A class of customers. The tier `standard` is always there, with factor 1."""

    late_cost_factor: float = key(
        default=1,
        ge=0,
        le=1000,
        description="Late costs of the service are multiplied by it.",
        examples=[2],
    )


class SelectorShape(Shape):
    """
    Which jobs a rule takes. Every key given must hold; a key left out holds for all.

    Patterns are shell patterns (`*`, `?`, `[abc]`), one or a list of which one must match.
    """

    process: OneOrMore[ProcessPattern] | None = key(
        default=None, description="The step's process.", examples=["uv-print"]
    )
    fixture: OneOrMore[FixturePattern] | None = key(
        default=None, description="The step's fixture.", examples=["tin-jig"]
    )
    product: OneOrMore[ProductPattern] | None = key(
        default=None, description="The product.", examples=["[mug, cushion]"]
    )
    finish: OneOrMore[Pattern] | None = key(default=None, description="The finish of the SKU.", examples=["red"])
    sku: OneOrMore[Pattern] | None = key(default=None, description="The SKU.", examples=['"MUG-CER-*"'])
    service: OneOrMore[ServicePattern] | None = key(
        default=None, description="The order's service.", examples=["same-day"]
    )
    tier: OneOrMore[TierPattern] | None = key(default=None, description="The customer's tier.", examples=["gold"])
    channel: OneOrMore[Pattern] | None = key(default=None, description="Where the order came in.", examples=["web"])
    country: OneOrMore[Pattern] | None = key(default=None, description="Where it goes.", examples=["United Kingdom"])
    carrier: OneOrMore[Pattern] | None = key(default=None, description="Who carries it.", examples=["dpd"])
    attributes: dict[Name, OneOrMore[Pattern]] = key(
        default={},
        description="Other columns of the catalogue and attributes of order and line, by name.",
        examples=["{gift-wrap: yes}"],
    )
    order_size: Literal["any", "single", "multi"] = key(
        default="any", description="Orders of one piece only, of several only, or any.", examples=["single"]
    )
    min_quantity: int = key(default=1, ge=1, description="The fewest pieces in the whole order.", examples=[2])
    max_quantity: int | None = key(default=None, ge=1, description="The most pieces in the whole order.", examples=[5])
    remake: bool | None = key(default=None, description="Remakes only, or none of them.", examples=[True])

    @model_validator(mode="after")
    def _some_order_fits(self) -> Self:
        if self.max_quantity is not None and self.max_quantity < self.min_quantity:
            message = f"min_quantity {self.min_quantity} is more than max_quantity {self.max_quantity}"
            raise refuse("range", f"{message}; no order can have both")
        if self.order_size == "single" and self.min_quantity > 1:
            raise refuse("conflict", f"order_size single and min_quantity {self.min_quantity} exclude each other")
        if self.order_size == "multi" and self.max_quantity == 1:
            raise refuse("conflict", "order_size multi and max_quantity 1 exclude each other")
        return self


class MixShape(Shape):
    """A bound on how many kinds lie in one batch."""

    by: Fact = key(description="The fact whose different values are counted.", examples=["product"])
    at_most: int = key(ge=1, le=1000, description="How many different values one batch may hold.", examples=[3])


class BatchRuleShape(Shape):
    """
    Which jobs may share a batch.

    Rules are asked from the first to the last; the first active one that matches takes a job. The section is a list
    and stands in one file, because its order counts.
    """

    id: Name = key(description="Its name, in plans, tickets and explanations.", examples=["mug-prints"])
    active: bool = key(default=True, description="Whether it takes part.", examples=[True])
    where: SelectorShape = key(
        default={},
        description="Which jobs it takes. Left out: all.",
        examples=["{process: sublimation-print, product: [mug, cushion]}"],
    )
    equal: list[Fact] = key(
        default=["product", "finish"],
        description="Facts that are the same for all jobs of a batch; process and fixture always are. Facts are "
        "`product`, `finish`, `sku`, `service`, `tier`, `channel`, `country`, `carrier`, `order`, `due_day` and "
        "`attribute.NAME`.",
        examples=["[product, finish]"],
    )
    mix: MixShape | None = key(
        default=None,
        description="A bound on how many kinds lie in one batch.",
        examples=["{by: product, at_most: 3}"],
    )
    whole_orders: bool = key(
        default=False,
        description="Whether the pieces of an order that may share a batch must share it.",
        examples=[True],
    )
    max_items: int | None = key(
        default=None,
        ge=1,
        le=100_000,
        description="Pieces in one batch, where that is less than the fixture holds.",
        examples=[8],
    )
    stations: list[StationRef] | None = key(
        default=None,
        min_length=1,
        description="Stations that may run it. Left out: all of the process.",
        examples=["[uv-1]"],
    )
    sort: OneOrMore[Fact] | None = key(
        default=None, description="In which order pieces are laid into the slots.", examples=["[order]"]
    )
    release: ReleaseShape = key(
        default={},
        description="What differs from the section `release`.",
        examples=["{max_wait: 36 h, min_fill: 50 %, below_minimum: hold}"],
    )

    @model_validator(mode="after")
    def _satisfiable(self) -> Self:
        if self.mix is not None and self.mix.at_most > 1 and self.mix.by in self.equal:
            message = f"mix by {self.mix.by} at_most {self.mix.at_most} and equal {self.mix.by} exclude each other"
            raise refuse("conflict", f"{message}; take {self.mix.by} out of equal")
        if self.whole_orders and self.max_items is not None and self.where.min_quantity > self.max_items:
            message = f"whole_orders of at least {self.where.min_quantity} pieces (min_quantity) never fit max_items"
            raise refuse("conflict", f"{message} {self.max_items}")
        return self


class PlanningShape(Shape):
    """How far and how long the planner looks, and how much is released ahead."""

    horizon: Duration = key(default="7 d", description="How far ahead it plans.", examples=["7 d"])
    budget: Duration = key(default="5 s", description="How long one plan may take to find.", examples=["5 s"])
    queue_depth: int = key(
        default=2, ge=1, le=50, description="Live tickets at a station, the running one included.", examples=[2]
    )

    @model_validator(mode="after")
    def _some_time(self) -> Self:
        for name, seconds, least in (("horizon", self.horizon, 3600), ("budget", self.budget, 1)):
            if seconds < least:
                raise refuse("range", f"{name} {seconds} s is less than the least, {least} s")
        return self


class RulesFile(Shape):
    """
    One file of a rules directory.

    Every `*.yaml` file of the directory is read; each holds some of these sections, and an id is defined once over all.
    """

    site: SiteShape | None = Field(default=None, description="The place.")
    calendars: dict[Name, CalendarShape] = Field(default_factory=dict, description="Opening hours, by id.")
    processes: dict[Name, ProcessShape] = Field(default_factory=dict, description="Kinds of work, by id.")
    stations: dict[Name, StationShape] = Field(default_factory=dict, description="Machines, by id.")
    fixtures: dict[Name, FixtureShape] = Field(default_factory=dict, description="Jigs and sheets, by id.")
    products: dict[Name, ProductShape] = Field(default_factory=dict, description="Products and routes, by id.")
    services: dict[Name, ServiceShape] = Field(default_factory=dict, description="Service levels, by id.")
    tiers: dict[Name, TierShape] = Field(default_factory=dict, description="Classes of customers, by id.")
    sources: dict[Name, SourceShape] = Field(default_factory=dict, description="Shops that are polled, by id.")
    batch_rules: list[BatchRuleShape] = Field(default_factory=list, description="Batch rules, first match takes.")
    release: ReleaseShape | None = Field(default=None, description="Release bounds for all rules.")
    planning: PlanningShape | None = Field(default=None, description="The planner's limits.")
