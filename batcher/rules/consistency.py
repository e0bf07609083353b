"""
What the sections of the floor must mean together: fixtures fit stations, pieces fit fixtures, promises can be kept.

Runs on whatever entries are in shape, so that these faults are told together with those of other entries. What batch
rules must mean together is in `rule_checks`.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from batcher.errors import Fault
from batcher.rules.faults import Places
from batcher.rules.floor_models import FixtureShape, StationShape, StepShape
from batcher.rules.sections import Sections


@dataclass(frozen=True)
class Checked:
    """What a group of checks found."""

    faults: tuple[Fault, ...]
    warnings: tuple[Fault, ...] = ()


def check_floor(sections: Sections, places: Places, sold: Collection[str]) -> Checked:
    """
    Return what is wrong between stations, fixtures, products, services and calendars.

    Parameters
    ----------
    sold
        Products that the catalogue lists.
    """
    faults = [
        *_stations(sections, places),
        *_folders(sections.stations, places),
        *_pairs(sections, places),
        *_steps(sections, places),
        *_services(sections, places),
    ]
    warnings: list[Fault] = []
    if not sections.broken:
        faults += [*_never_run(sections, places), *_nothing_sold(sections, places, sold)]
        warnings += [*_unsold(sections, places, sold), *_unused(sections, places)]
    return Checked(tuple(faults), tuple(warnings))


def takes(station: StationShape, name: str, fixture: FixtureShape) -> bool:
    """Tell whether a station takes a fixture."""
    return station.process == fixture.process and (station.fixtures is None or name in station.fixtures)


def _stations(sections: Sections, places: Places) -> Iterator[Fault]:
    for name, station in sections.stations.items():
        for position, fixture_id in enumerate(station.fixtures or ()):
            fixture = sections.fixtures.get(fixture_id)
            if fixture is not None and fixture.process != station.process:
                message = f"fixture '{fixture_id}' is for {fixture.process}, station '{name}' does {station.process}"
                yield Fault(places.at("stations", name, "fixtures", position), message, "conflict")
        states = {
            fixture.setup_state or fixture_id
            for fixture_id, fixture in sections.fixtures.items()
            if takes(station, fixture_id, fixture)
        }
        if (
            station.initial_state is not None
            and "fixtures" not in sections.broken
            and station.initial_state not in states
        ):
            message = f"setup state '{station.initial_state}' is of no fixture that station '{name}' takes"
            yield Fault(places.at("stations", name, "initial_state"), message, "conflict")


def _folders(stations: Mapping[str, StationShape], places: Places) -> Iterator[Fault]:
    """Two stations that read each other's tickets would both make them."""
    seen: dict[PurePosixPath, tuple[str, str]] = {}
    for name, station in stations.items():
        defaults = {"hot_folder": f"stations/{name}/in", "report_folder": f"stations/{name}/out"}
        for key, default in defaults.items():
            folder = PurePosixPath(getattr(station, key) or default)
            for other, (owner, owner_key) in seen.items():
                if folder == other or folder.is_relative_to(other) or other.is_relative_to(folder):
                    how = "the same folder as" if folder == other else "nested with"
                    message = (
                        f"{key} '{folder}' of '{name}' is {how} {owner_key} '{other}' of '{owner}'; give each its own"
                    )
                    yield Fault(places.at("stations", name, key), message, "conflict")
            seen.setdefault(folder, (name, key))


def _pairs(sections: Sections, places: Places) -> Iterator[Fault]:
    for name, process in sections.processes.items():
        states = {
            fixture.setup_state or fixture_id
            for fixture_id, fixture in sections.fixtures.items()
            if fixture.process == name
        }
        seen: set[tuple[str, str]] = set()
        for position, pair in enumerate(process.pairs):
            where = places.at("processes", name, "pairs", position)
            if pair.before == pair.after:
                yield Fault(
                    where, f"before and after are both '{pair.before}'; within a state nothing changes", "conflict"
                )
            elif (pair.before, pair.after) in seen:
                yield Fault(where, f"the pair '{pair.before}' to '{pair.after}' is given again", "conflict")
            elif "fixtures" not in sections.broken and not {pair.before, pair.after} <= states:
                stranger = pair.before if pair.before not in states else pair.after
                yield Fault(where, f"setup state '{stranger}' is of no fixture of {name}", "conflict")
            seen.add((pair.before, pair.after))


def _steps(sections: Sections, places: Places) -> Iterator[Fault]:
    for name, product in sections.products.items():
        for position, step in enumerate(product.route):
            fixture = sections.fixtures.get(step.fixture)
            wrong = None if fixture is None else _misfit(step, fixture)
            if wrong is not None:
                key, message = wrong
                yield Fault(places.at("products", name, "route", position, key), message, "range")


def _misfit(step: StepShape, fixture: FixtureShape) -> tuple[str, str] | None:
    """Return the key and the reason why a piece cannot lie in its fixture."""
    if fixture.capacity is not None:
        if step.piece is not None:
            return "piece", f"fixture '{step.fixture}' has slots and no sheet; take piece out, or name a sheet"
        if step.slots > fixture.capacity:
            return "slots", f"a piece takes {step.slots} slots, fixture '{step.fixture}' has {fixture.capacity}"
        return None
    if fixture.sheet is None:
        return None
    if step.piece is None:
        return "fixture", f"fixture '{step.fixture}' is a sheet; give the size of the piece, such as piece: 205 x 95 mm"
    (width, height), (across, up) = step.piece, fixture.sheet.size
    fits = (width <= across and height <= up) or (step.rotate and height <= across and width <= up)
    if not fits:
        turned = "" if step.rotate else " without turning it"
        return "piece", f"a piece of {width} x {height} mm does not fit on a sheet of {across} x {up} mm{turned}"
    return None


def _services(sections: Sections, places: Places) -> Iterator[Fault]:
    for name, calendar in sections.calendars.items():
        if not any(calendar.week()) and not any(calendar.exceptions.values()):
            yield Fault(
                places.at("calendars", name, "hours"), f"calendar '{name}' is never open; give it hours", "range"
            )
    for name, service in sections.services.items():
        if service.collection == 0 and service.order_by >= service.leaves_by:
            message = (
                f"order_by {service.order_by:%H:%M} is not before leaves_by {service.leaves_by:%H:%M} of the same day; "
                "orders would be late when they come in: use collection: 1 or other times"
            )
            yield Fault(places.at("services", name, "order_by"), message, "range")
        for position, case in enumerate(service.cases):
            collection = service.collection if case.collection is None else case.collection
            order_by, leaves_by = case.order_by or service.order_by, case.leaves_by or service.leaves_by
            if case.offered and collection == 0 and order_by >= leaves_by:
                told = f"orders by {order_by:%H:%M} would be late for {leaves_by:%H:%M} of the same day"
                yield Fault(places.at("services", name, "cases", position), told, "range")


def _never_run(sections: Sections, places: Places) -> Iterator[Fault]:
    for name in sections.processes:
        where = places.at("processes", name, key=True)
        if not any(station.process == name for station in sections.stations.values()):
            yield Fault(where, f"no station does {name}; add one or take it out", "conflict")
        if not any(fixture.process == name for fixture in sections.fixtures.values()):
            yield Fault(where, f"no fixture is for {name}; add one or take it out", "conflict")
    for name, fixture in sections.fixtures.items():
        stations = [station for station in sections.stations.values() if station.process == fixture.process]
        if stations and not any(takes(station, name, fixture) for station in stations):
            message = f"no station of {fixture.process} takes fixture '{name}'; list it in the fixtures of one"
            yield Fault(places.at("fixtures", name, key=True), message, "conflict")


def _nothing_sold(sections: Sections, places: Places, sold: Collection[str]) -> Iterator[Fault]:
    if sections.products and not sold and not any(product.skus for product in sections.products.values()):
        first = next(iter(sections.products))
        message = (
            "no SKU is known: put a catalogue.csv (sku, product, finish) beside these files, or give products skus"
        )
        yield Fault(places.at("products", first, key=True), message, "missing")


def _unsold(sections: Sections, places: Places, sold: Collection[str]) -> Iterator[Fault]:
    if not sold:
        return
    for name, product in sections.products.items():
        if name not in sold and not product.skus:
            message = f"product '{name}' is never made: no SKU of the catalogue is it, and it has no skus"
            yield Fault(places.at("products", name, key=True), message, "unused")


def _unused(sections: Sections, places: Places) -> Iterator[Fault]:
    calendars = {station.attended for station in sections.stations.values()}
    calendars |= {station.runs for station in sections.stations.values()}
    calendars |= {service.collection_days for service in sections.services.values()}
    calendars |= {case.collection_days for service in sections.services.values() for case in service.cases}
    fixtures = {step.fixture for product in sections.products.values() for step in product.route}
    for section, names, used in (
        ("calendars", sections.calendars, calendars),
        ("fixtures", sections.fixtures, fixtures),
    ):
        for name in names:
            if name not in used:
                yield Fault(places.at(section, name, key=True), f"'{name}' is used by nothing", "unused")
