"""Which batches share a changeover, by hand; times in seconds."""

import pytest

from batcher.planning.plan import Batch
from batcher.planning.problem import Station
from batcher.planning.visits import Coming, Need, shared_visits

DAY = 86_400
#: Attended from 7 to 19 on two days in a row.
SHIFTS = ((7 * 3600, 19 * 3600), (DAY + 7 * 3600, DAY + 19 * 3600))
STATION = Station("uv-1", ((0, 2 * DAY),), "tin", 0, 0, attended=SHIFTS)
CHANGEOVERS = {"tin": 420, "plate": 420}
EVENING = 17 * 3600
NEXT_AFTERNOON = DAY + 15 * 3600


def need(name: str, by: int, open_until: int | None, state: str = "tin") -> Need:
    batch = Batch(name, "uv-1", state, 0, 400, (name,))
    return Need(batch, state, by, by, open_until, visit_cost=300, batch_cost=200)


def shared(*needs: Need, changeovers: dict[str, int] = CHANGEOVERS, coming: Coming | None = None) -> dict[str, int]:
    return {each.batch.id: each.by for each in shared_visits(needs, STATION, changeovers, coming)}


def test_what_is_due_tomorrow_goes_along_today_when_nothing_more_can_come_for_it() -> None:
    found = shared(need("today", EVENING, 16 * 3600), need("tomorrow", NEXT_AFTERNOON, 0))
    assert found == {"today": EVENING, "tomorrow": EVENING}


def test_what_others_may_still_have_to_go_with_waits_for_them() -> None:
    found = shared(need("early", 15 * 3600, 0), need("open", EVENING, 16 * 3600))
    assert found == {"early": 15 * 3600, "open": EVENING}
    assert shared(need("early", 15 * 3600, 0), need("unknown", EVENING, None))["unknown"] == EVENING


@pytest.mark.parametrize(("an_hour", "goes_along"), [(0.5, True), (1.5, False)])
def test_what_hardly_anything_comes_for_any_more_goes_along_and_what_much_comes_for_waits(
    an_hour: float, goes_along: bool
) -> None:
    def coming(state: str, start: int, end: int, leaves_by: int) -> float:
        assert (state, leaves_by > EVENING) == ("tin", True)
        return an_hour * (end - start) / 3600

    # from 15:00, when the first visit's batch begins at the latest, until 16:00, when the last order may come
    early = need("early", 15 * 3600 + 400, 0)
    found = shared(early, need("open", EVENING, 16 * 3600), coming=coming)
    assert found["open"] == (early.by if goes_along else EVENING)


def test_what_has_a_whole_working_day_left_waits_for_the_next_visit() -> None:
    later = DAY + EVENING
    assert shared(need("today", EVENING, 0), need("later", later, 0))["later"] == later


def test_another_setup_state_is_another_visit() -> None:
    found = shared(need("today", EVENING, 0), need("plates", NEXT_AFTERNOON, 0, "plate"))
    assert found["plates"] == NEXT_AFTERNOON


def test_where_changeovers_take_nothing_everything_waits_as_long_as_it_can() -> None:
    found = shared(need("today", EVENING, 0), need("tomorrow", NEXT_AFTERNOON, 0), changeovers={"tin": 0})
    assert found["tomorrow"] == NEXT_AFTERNOON


def test_the_visit_that_something_may_go_along_with_is_the_last_before_it() -> None:
    found = shared(need("early", 15 * 3600, 0), need("open", EVENING, 16 * 3600), need("tomorrow", NEXT_AFTERNOON, 0))
    assert found == {"early": 15 * 3600, "open": EVENING, "tomorrow": EVENING}


def test_with_what_is_late_already_everything_closed_goes_now() -> None:
    found = shared(need("late", -4000, 0), need("closed", 3 * 3600, -60))
    assert found == {"late": -4000, "closed": 0}
