"""When a station will be free; a shift of 07:00 to 19:00 on weekdays."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from batcher.domain.calendars import Calendar, Span
from batcher.domain.states import TicketState
from batcher.rules.floor import Station
from batcher.services.forecast import station_outlook
from batcher.store.batches import InHand

MONDAY = datetime(2026, 11, 23, 18, 30, tzinfo=UTC)
SHIFT = Calendar(ZoneInfo("Europe/London"), (((Span(time(7), time(19)),),) * 5 + ((), ())))
UV = Station("uv-1", "uv-print", SHIFT, None, 2, False, 1400, 1400, 120, "plate-jig")


def live(
    sequence: int, *, state: TicketState = TicketState.ACCEPTED, started: datetime | None = None, magazine: bool = False
) -> InHand:
    end_at = MONDAY + timedelta(minutes=20)
    return InHand(f"t{sequence}", sequence, state, started, "uv-1", MONDAY, end_at, 420, "tin-jig", magazine)


def test_an_idle_station_is_free_now_in_the_state_it_is_known_to_have() -> None:
    outlook = station_outlook(UV, [], "tin-jig", [], MONDAY)
    assert (outlook.free_at, outlook.setup_state, outlook.live) == (MONDAY, "tin-jig", 0)
    assert station_outlook(UV, [], None, [], MONDAY).setup_state == "plate-jig"


def test_a_running_batch_ends_when_its_run_has_passed_but_not_before_now() -> None:
    running = live(1, state=TicketState.RUNNING, started=MONDAY - timedelta(minutes=5))
    assert station_outlook(UV, [running], None, [], MONDAY).free_at == MONDAY + timedelta(minutes=15)
    overdue = live(1, state=TicketState.RUNNING, started=MONDAY - timedelta(hours=2))
    assert station_outlook(UV, [overdue], None, [], MONDAY).free_at == MONDAY


def test_queued_batches_follow_with_their_changeovers_until_the_operator_leaves() -> None:
    outlook = station_outlook(UV, [live(2), live(1)], None, [], MONDAY)
    assert outlook.ticket_ends["t1"] == MONDAY + timedelta(minutes=27)
    assert outlook.ticket_ends["t2"] == MONDAY + timedelta(minutes=54)
    three = station_outlook(UV, [live(1), live(2), live(3)], None, [], MONDAY)
    assert three.ticket_ends["t3"] == datetime(2026, 11, 24, 7, 27, tzinfo=UTC)


def test_batches_begun_since_the_operator_left_have_used_the_magazine() -> None:
    night = MONDAY + timedelta(hours=3)
    begun = [MONDAY - timedelta(hours=1), MONDAY + timedelta(hours=1)]
    assert station_outlook(UV, [], None, begun, night).magazine_used == 1
    assert station_outlook(UV, [live(1, magazine=True)], None, begun, night).magazine_used == 2
    assert station_outlook(UV, [], None, begun, MONDAY).magazine_used == 0
