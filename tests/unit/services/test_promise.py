"""Dates for work that nobody has ordered yet, from the plan in force."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

from batcher.domain.states import StationState
from batcher.intake.quotes import parse_quote
from batcher.services.asking import Asking
from batcher.services.confidence import confidence
from batcher.services.context import Floor
from batcher.services.promise import Quote, quote, quote_room
from batcher.store import orders, stations
from tests.builders_api import NOW
from tests.builders_floor import later, order_document, plan_at_once, take


def _ask(floor: Floor, sku: str = "TIN-CAK-NATURAL-01", quantity: int = 1, **asked: Any) -> Quote:
    document = {"lines": [{"sku": sku, "quantity": quantity, "text": "Zsófia"}], **asked}
    found = quote(floor, parse_quote(document, source="shop", zone=floor.rules.current.site.zone, now=floor.now()))
    assert found is not None
    return found


def test_without_a_plan_nothing_is_promised(floor: Floor) -> None:
    document = {"lines": [{"sku": "TIN-CAK-NATURAL-01", "quantity": 1, "text": "Zsófia"}]}
    question = parse_quote(document, source="shop", zone=floor.rules.current.site.zone, now=NOW)

    assert quote(floor, question) is None


def test_an_empty_floor_keeps_what_each_service_says_and_keeps_nothing_of_the_question(floor: Floor) -> None:
    plan_at_once(floor)

    offers = _ask(floor).offers

    assert [offer.service for offer in offers] == list(floor.rules.current.services)
    assert all(offer.leave_by_at == offer.nominal_at for offer in offers)
    assert {offer.binding.code for offer in offers} == {"service"}
    assert {offer.hurry for offer in offers} == {None}
    with floor.store.read() as session:
        assert orders.open_work(session) == []


def test_one_service_is_quoted_when_it_is_named(floor: Floor) -> None:
    plan_at_once(floor)

    (offer,) = _ask(floor, service="same-day").offers

    assert offer.leave_by_at == datetime(2026, 11, 23, 18, 0, tzinfo=UTC)
    assert offer.ready_at is not None
    assert NOW < offer.ready_at <= offer.leave_by_at


def test_a_full_floor_promises_later_tells_which_station_binds_and_what_hurrying_costs(floor: Floor) -> None:
    with floor.store.write() as session:
        stations.set_station(session, "uv-2", StationState.DOWN, "broken", NOW)
    documents = [order_document(quantity=20, service="same-day") for _ in range(60)]
    take(floor, *documents)
    plan_at_once(floor)

    (offer,) = _ask(floor, service="same-day").offers

    assert offer.nominal_at is not None
    assert offer.leave_by_at is not None
    assert offer.leave_by_at > offer.nominal_at
    assert offer.binding.code in ("station_taken", "station_closed")
    assert offer.binding.station is not None
    assert offer.hurry is not None
    assert offer.hurry.leave_by_at == offer.nominal_at
    assert offer.hurry.cost_minor > 0


def test_what_could_not_be_made_gets_the_code_it_would_be_held_with(floor: Floor) -> None:
    plan_at_once(floor)

    assert {offer.binding.code for offer in _ask(floor, sku="NO-SUCH").offers} == {"sku_unknown"}
    (offer,) = _ask(floor, service="by-balloon").offers
    assert (offer.binding.code, offer.nominal_at, offer.leave_by_at) == ("service_unknown", None, None)


def test_stations_that_are_down_have_no_room(floor: Floor) -> None:
    with floor.store.write() as session:
        for station in floor.rules.current.stations:
            stations.set_station(session, station, StationState.DOWN, "broken", NOW)
    plan_at_once(floor)

    assert {offer.binding.code for offer in _ask(floor).offers} == {"no_room"}


def test_who_could_not_be_answered_in_time_is_told_so_and_not_that_there_is_no_room(floor: Floor) -> None:
    plan_at_once(floor)
    room = quote_room(floor)
    assert room is not None
    document = {"lines": [{"sku": "TIN-CAK-NATURAL-01", "quantity": 1, "text": "Ada"}], "service": "next-day"}
    asked = parse_quote(document, source="shop", zone=floor.rules.current.site.zone, now=floor.now()).order

    offer = Asking(room, asked, None, floor.now(), deadline=time.monotonic() - 1).offer()

    assert (offer.binding.code, offer.leave_by_at) == ("no_time", None)


def test_after_the_cut_off_the_next_day_is_quoted(floor: Floor) -> None:
    evening = later(floor, hours=8, minutes=55)  # same-day closes at 11:00
    plan_at_once(evening)

    (offer,) = _ask(evening, service="same-day").offers

    assert offer.leave_by_at == datetime(2026, 11, 24, 18, 0, tzinfo=UTC)


def test_a_later_plan_is_asked_once_it_is_in_force(floor: Floor) -> None:
    first = plan_at_once(floor)
    assert _ask(floor).plan_id == first.id
    second = plan_at_once(later(floor, minutes=1))

    assert _ask(later(floor, minutes=1)).plan_id == second.id


def test_confidence_grows_with_slack_and_with_what_is_known_and_is_never_certain() -> None:
    slips = (-60.0, 0.0, 30.0, 600.0)
    hour = timedelta(hours=1).total_seconds()

    assert confidence(slips, 10, 1) < confidence(slips, hour, 1) < confidence(slips * 100, hour, 1) < 1
    assert confidence(slips, hour, 2) < confidence(slips, hour, 1)
