"""What to lay ready for the night; a shift of 07:00 to 19:00 on weekdays, and a magazine of two."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from batcher.domain.calendars import Calendar, Span
from batcher.rules.floor import Changeover, Process, Station
from batcher.services.context import Floor
from batcher.services.cycle import plan_cycle
from batcher.services.load_list import Blank, Night, NightBatch, load_list, load_lists, night_of
from tests.builders_floor import order_document, take

MONDAY = datetime(2026, 11, 23, 18, 30, tzinfo=UTC)
SHIFT = Calendar(ZoneInfo("Europe/London"), (((Span(time(7), time(19)),),) * 5 + ((), ())))
UV = Station("uv-1", "uv-print", SHIFT, None, 2, False, 1400, 1400, 120, "plate")
PRINT = Process("uv-print", Changeover(420, 0))
NIGHT = Night(MONDAY + timedelta(minutes=30), MONDAY + timedelta(hours=12, minutes=30))


def batch(hours: float, fixture: str = "tin", *, jobs: tuple[str, ...] = (), ticket: str | None = None) -> NightBatch:
    begin = MONDAY + timedelta(hours=hours)
    return NightBatch(fixture, fixture, begin, begin + timedelta(minutes=20), jobs, ticket)


def test_the_night_is_the_gap_under_way_or_the_next_one() -> None:
    assert night_of(UV, MONDAY) == NIGHT
    midnight = MONDAY + timedelta(hours=5)
    assert night_of(UV, midnight) == Night(midnight, NIGHT.ends_at)


def test_a_station_without_magazine_or_operators_has_no_night() -> None:
    assert night_of(replace(UV, magazine=0), MONDAY) is None
    assert night_of(replace(UV, attended=None), MONDAY) is None


def test_what_begins_in_the_night_is_listed_in_order_as_far_as_the_magazine_reaches() -> None:
    waiting = [batch(3), batch(1, ticket="t1"), batch(0.1, "plate"), batch(0.5), batch(2), batch(13)]
    found = load_list(UV, PRINT, NIGHT, waiting, "plate", {})
    assert [(load.place, load.begin_at, load.ticket_id) for load in found.loads] == [
        (1, MONDAY + timedelta(hours=1), "t1"),
        (2, MONDAY + timedelta(hours=2), None),
    ]


def test_a_batch_whose_changeover_begins_while_the_operator_is_there_needs_no_place() -> None:
    assert load_list(UV, PRINT, NIGHT, [batch(0.55)], "plate", {}).loads == ()
    assert len(load_list(UV, PRINT, NIGHT, [batch(0.55)], "tin", {}).loads) == 1


def test_the_list_tells_the_setup_to_leave_the_station_in() -> None:
    found = load_list(UV, PRINT, NIGHT, [batch(1)], "plate", {})
    assert (found.setup_state, found.loads[0].changeover) == ("tin", True)
    alone = load_list(replace(UV, setup_unattended=True), PRINT, NIGHT, [batch(1)], "plate", {})
    assert alone.setup_state == "plate"
    assert load_list(UV, PRINT, NIGHT, [], "plate", {}).setup_state == "plate"


def test_blanks_are_counted_by_sku() -> None:
    found = load_list(
        UV, PRINT, NIGHT, [batch(1, jobs=("a", "b", "c"))], "tin", {"a": "TIN-1", "b": "TIN-2", "c": "TIN-1"}
    )
    assert found.loads[0].blanks == (Blank("TIN-1", 2), Blank("TIN-2", 1))


def test_the_floors_list_names_every_station_that_runs_unattended(floor: Floor) -> None:
    take(floor, order_document(quantity=3))
    plan_cycle(floor)
    with_magazine = [s.id for s in floor.rules.current.stations.values() if s.magazine and s.attended is not None]
    assert [found.station for found in load_lists(floor)] == with_magazine
    assert [found.station for found in load_lists(floor, only=with_magazine[0])] == with_magazine[:1]
