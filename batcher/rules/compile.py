"""
Turn sections in shape into the values the floor runs by: defaults filled in, references resolved.

Assumes that every reference is known; what entries mean together is `consistency`'s work.
"""

from datetime import date
from functools import cache
from zoneinfo import ZoneInfo

from batcher.domain.calendars import Calendar
from batcher.rules.batch_rules import (
    PATTERN_FACTS,
    BatchRule,
    Mix,
    OrderSize,
    Selector,
)
from batcher.rules.bounds import BelowMinimum, ClosingTime, GivenBounds, ReleaseBounds, bounded
from batcher.rules.compile_sources import compile_source
from batcher.rules.floor import (
    STANDARD_TIER,
    CatalogueEntry,
    Changeover,
    Fixture,
    Process,
    Product,
    Service,
    ServiceCase,
    Sheet,
    Site,
    Station,
    Step,
    TextRule,
    TextSeconds,
    Tier,
)
from batcher.rules.floor_models import (
    CalendarShape,
    ChangeoverShape,
    FixtureShape,
    ProcessShape,
    ProductShape,
    SiteShape,
    StationShape,
    StepShape,
    TextShape,
)
from batcher.rules.fonts import Coverage
from batcher.rules.release_models import ReleaseShape
from batcher.rules.rule_models import BatchRuleShape, SelectorShape, ServiceCaseShape, ServiceShape
from batcher.rules.ruleset import PlanningRules, RuleSet
from batcher.rules.sections import Sections

#: Public holidays are known for these years, past ones so that recorded orders can be replayed.
HOLIDAY_YEARS = range(2005, 2041)


def compile_rules(sections: Sections, catalogue: dict[str, CatalogueEntry], digest: str, fonts: Coverage) -> RuleSet:
    """Return the rule set of sections that have no faults."""
    assert sections.site is not None, "a missing site is a fault"
    zone = sections.site.time_zone
    calendars = {name: _calendar(shape, zone) for name, shape in sections.calendars.items()}
    fixtures = {name: _fixture(name, shape) for name, shape in sections.fixtures.items()}
    tiers = {name: Tier(name, shape.late_cost_factor) for name, shape in sections.tiers.items()}
    tiers.setdefault(STANDARD_TIER, Tier(STANDARD_TIER))
    return RuleSet(
        hash=digest,
        site=_site(sections.site),
        processes={name: _process(name, shape, zone) for name, shape in sections.processes.items()},
        stations={name: _station(name, shape, calendars, fixtures) for name, shape in sections.stations.items()},
        fixtures=fixtures,
        products={name: _product(name, shape, fixtures, zone, fonts) for name, shape in sections.products.items()},
        services={name: _service(name, shape, calendars, zone) for name, shape in sections.services.items()},
        tiers=tiers,
        batch_rules=tuple(
            batch_rule(shape, sections.release, zone) for _, shape in sorted(sections.batch_rules.items())
        ),
        planning=PlanningRules(
            horizon_s=sections.planning.horizon,
            budget_s=float(sections.planning.budget),
            queue_depth=sections.planning.queue_depth,
        ),
        catalogue=catalogue,
        sources={name: compile_source(name, shape) for name, shape in sections.sources.items()},
    )


@cache
def public_holidays(country: str, part: str | None) -> frozenset[date]:
    """Return the public holidays of a country, or part of it, in `HOLIDAY_YEARS`."""
    import holidays  # takes a while to import

    return frozenset(holidays.country_holidays(country, subdiv=part, years=HOLIDAY_YEARS))


def batch_rule(shape: BatchRuleShape, site_wide: ReleaseShape, zone: ZoneInfo) -> BatchRule:
    """Return one batch rule, its release bounds laid over those of the whole site."""
    return BatchRule(
        id=shape.id,
        where=_selector(shape.where),
        active=shape.active,
        equal=tuple(shape.equal),
        mix=None if shape.mix is None else Mix(shape.mix.by, shape.mix.at_most),
        whole_orders=shape.whole_orders,
        max_items=shape.max_items,
        stations=None if shape.stations is None else frozenset(shape.stations),
        sort=tuple(shape.sort or ()),
        release=bounded(ReleaseBounds(), given_bounds(site_wide, zone), given_bounds(shape.release, zone)),
    )


def _site(shape: SiteShape) -> Site:
    return Site(name=shape.name, zone=shape.time_zone, currency=shape.currency, pack_s=shape.pack)


def _calendar(shape: CalendarShape, zone: ZoneInfo) -> Calendar:
    closed = frozenset() if shape.public_holidays is None else public_holidays(*shape.public_holidays)
    return Calendar(zone=zone, week=shape.week(), closed=closed, exceptions=dict(shape.exceptions))


def _changeover(shape: ChangeoverShape) -> Changeover:
    return Changeover(seconds=shape.time, cost_minor=shape.cost_minor)


def _process(name: str, shape: ProcessShape, zone: ZoneInfo) -> Process:
    pairs = {(pair.before, pair.after): _changeover(pair) for pair in shape.pairs}
    release = given_bounds(shape.release, zone)
    return Process(id=name, changeover=_changeover(shape.changeover), pairs=pairs, release=release)


def _fixture(name: str, shape: FixtureShape) -> Fixture:
    sheet = None if shape.sheet is None else Sheet(*shape.sheet.size, gap_mm=shape.sheet.gap)
    return Fixture(
        id=name,
        process=shape.process,
        setup_state=shape.setup_state or name,
        fixed_s=shape.fixed,
        unattended=shape.unattended,
        capacity=shape.capacity,
        sheet=sheet,
    )


def _station(name: str, shape: StationShape, calendars: dict[str, Calendar], fixtures: dict[str, Fixture]) -> Station:
    own = shape.fixtures or [fixture.id for fixture in fixtures.values() if fixture.process == shape.process]
    changing = shape.changeover_cost_per_hour_minor
    return Station(
        id=name,
        process=shape.process,
        attended=None if shape.attended is None else calendars[shape.attended],
        runs=None if shape.runs is None else calendars[shape.runs],
        magazine=shape.magazine,
        setup_unattended=shape.setup_unattended,
        cost_per_hour_minor=shape.cost_per_hour_minor,
        changeover_cost_per_hour_minor=shape.cost_per_hour_minor if changing is None else changing,
        cost_per_batch_minor=shape.cost_per_batch_minor,
        initial_state=shape.initial_state or fixtures[own[0]].setup_state,
        fixtures=None if shape.fixtures is None else frozenset(shape.fixtures),
        hot_folder=shape.hot_folder,
        report_folder=shape.report_folder,
        queue_depth=shape.queue_depth,
        silent_after_s=shape.silent_after,
    )


def _product(name: str, shape: ProductShape, fixtures: dict[str, Fixture], zone: ZoneInfo, fonts: Coverage) -> Product:
    return Product(
        id=name,
        route=tuple(_step(step, fixtures) for step in shape.route),
        skus=tuple(shape.skus or ()),
        text=_text(shape.text, fonts),
        max_quantity=shape.max_quantity,
        release=given_bounds(shape.release, zone),
    )


def _text(shape: TextShape, fonts: Coverage) -> TextRule:
    return TextRule(
        required=shape.required,
        max_characters=shape.max_characters,
        max_lines=shape.max_lines,
        max_line_characters=shape.max_line_characters,
        scripts=frozenset(shape.scripts or ()),
        characters=shape.characters or "",
        font=shape.font,
        font_covers=None if shape.font is None else fonts[shape.font],
    )


def _step(shape: StepShape, fixtures: dict[str, Fixture]) -> Step:
    width, height = (None, None) if shape.piece is None else shape.piece
    grows = shape.parallel
    return Step(
        process=fixtures[shape.fixture].process,
        fixture=shape.fixture,
        serial_s=shape.serial,
        parallel=TextSeconds(grows.base, grows.per_character, grows.at_most),
        max_parallel_s=shape.max_parallel,
        size=shape.slots,
        width_mm=width,
        height_mm=height,
        rotate=shape.rotate,
        rest_s=shape.rest,
    )


def _service(name: str, shape: ServiceShape, calendars: dict[str, Calendar], zone: ZoneInfo) -> Service:
    return Service(
        id=name,
        order_by=shape.order_by,
        collection=shape.collection,
        leaves_by=shape.leaves_by,
        collection_days=calendars[shape.collection_days],
        late_cost_minor=shape.late_cost_minor,
        late_cost_per_hour_minor=shape.late_cost_per_hour_minor,
        release=given_bounds(shape.release, zone),
        cases=tuple(_service_case(case, calendars) for case in shape.cases),
    )


def _service_case(shape: ServiceCaseShape, calendars: dict[str, Calendar]) -> ServiceCase:
    named = {name: getattr(shape, name) for name in ("channel", "country", "carrier", "tier")}
    return ServiceCase(
        where={name: tuple(value) for name, value in named.items() if value is not None},
        offered=shape.offered,
        order_by=shape.order_by,
        collection=shape.collection,
        leaves_by=shape.leaves_by,
        collection_days=None if shape.collection_days is None else calendars[shape.collection_days],
        late_cost_minor=shape.late_cost_minor,
        late_cost_per_hour_minor=shape.late_cost_per_hour_minor,
    )


def _selector(shape: SelectorShape) -> Selector:
    named = {name: getattr(shape, name) for name in PATTERN_FACTS}
    patterns = {name: tuple(value) for name, value in named.items() if value is not None}
    patterns |= {f"attribute.{name}": tuple(value) for name, value in shape.attributes.items()}
    return Selector(
        patterns=patterns,
        order_size=OrderSize(shape.order_size),
        min_quantity=shape.min_quantity,
        max_quantity=shape.max_quantity,
        remake=shape.remake,
    )


def given_bounds(shape: ReleaseShape, zone: ZoneInfo) -> GivenBounds:
    """Return what a file gives of the release bounds."""
    given = shape.model_dump(exclude_none=True)
    renamed = {"slack_floor": "slack_floor_s", "max_wait": "max_wait_s", "fill_up_window": "fill_up_window_s"}
    values = {renamed.get(name, name): value for name, value in given.items()}
    if shape.close_at is not None:
        values["close_at"] = tuple(ClosingTime(closing.days, closing.at, zone) for closing in shape.close_at)
    if "below_minimum" in values:
        values["below_minimum"] = BelowMinimum(values["below_minimum"])
    return values
