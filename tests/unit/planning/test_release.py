from dataclasses import replace

import pytest

from batcher.planning.release import Candidate, Decision, Reason, StationNow, decide
from batcher.planning.waiting import Waiting
from batcher.rules.bounds import BelowMinimum

STATION = StationNow(
    id="uv-1", free=0, setup_state="tin", slots=2, attended_from=0, magazine_left=0, setup_unattended=False,
    changeover_s={"tin": 0, "plate": 420},
)  # fmt: skip
HALF_FULL = Candidate(
    batch_id="b1", station="uv-1", setup_state="tin", seconds=400, fill=0.5, full=False, ready=0, latest_begin=9_000,
    wait_until=None, closed=False, min_fill=0.0, below_minimum=BelowMinimum.RUN, exact=False,
    unattended=True,
)  # fmt: skip


def decision(candidate: Candidate, station: StationNow = STATION, now: int = 0, lead: int = 10) -> Decision:
    return decide([candidate], station, now, lead)[0]


def released(*candidates: Candidate, station: StationNow = STATION, now: int = 0) -> list[str]:
    return [d.batch_id for d in decide(list(candidates), station, now, 10) if d.release]


def test_a_half_full_batch_with_time_left_waits_until_its_latest_begin() -> None:
    assert decision(HALF_FULL) == Decision("b1", False, Reason.FILLING, 9_000)


def test_a_full_batch_goes_at_once() -> None:
    assert decision(replace(HALF_FULL, full=True)) == Decision("b1", True, Reason.FULL)


def test_a_full_batch_waits_for_its_setup_while_there_is_time_and_others_want_another() -> None:
    plates, tins = replace(HALF_FULL, batch_id="plates", full=True, setup_state="plate"), HALF_FULL
    assert decide([plates, tins], STATION, 0, 10)[0] == Decision("plates", False, Reason.OTHER_SETUP, 9_000)
    assert decide([plates], STATION, 0, 10)[0].reason is Reason.FULL
    for pressing in ({"latest_begin": 5}, {"wait_until": 0}, {"closed": True}):
        assert decide([replace(plates, **pressing), tins], STATION, 0, 10)[0].release


@pytest.mark.parametrize(
    ("latest_begin", "goes"),
    [
        pytest.param(10, True, id="due before this is asked again"),
        pytest.param(11, False, id="can still wait once more"),
        pytest.param(-500, True, id="late already"),
    ],
)
@pytest.mark.again
def test_a_batch_goes_when_its_latest_begin_comes_before_the_next_look(latest_begin: int, goes: bool) -> None:
    assert decision(replace(HALF_FULL, latest_begin=latest_begin)).release is goes


def test_a_busy_station_makes_a_batch_due_earlier() -> None:
    busy = replace(STATION, free=8_995)
    assert decision(HALF_FULL, busy).reason is Reason.LATEST_START


def test_a_batch_whose_job_is_not_ready_is_never_released_even_when_late() -> None:
    assert decision(replace(HALF_FULL, ready=60, latest_begin=-1)) == Decision("b1", False, Reason.NOT_READY, 60)


def test_max_wait_releases_when_the_oldest_job_has_waited_so_long() -> None:
    waited = replace(HALF_FULL, wait_until=0)
    assert decision(waited).reason is Reason.MAX_WAIT
    assert decision(replace(waited, wait_until=1)).reason is Reason.FILLING


def test_a_closing_time_below_the_minimum_fill_holds_or_runs_as_the_rule_says() -> None:
    closed = replace(HALF_FULL, closed=True, min_fill=0.8)
    assert decision(closed).reason is Reason.CLOSE_AT
    assert decision(replace(closed, below_minimum=BelowMinimum.HOLD)).reason is Reason.FILLING
    assert decision(replace(closed, below_minimum=BelowMinimum.HOLD, fill=0.8)).reason is Reason.CLOSE_AT


def test_an_exact_rule_ignores_clock_and_waiting_but_not_the_courier() -> None:
    exact = replace(HALF_FULL, exact=True, closed=True, wait_until=-1)
    assert decision(exact).reason is Reason.FILLING
    assert decision(replace(exact, latest_begin=0)).reason is Reason.LATEST_START


def test_a_station_with_enough_tickets_gets_no_more() -> None:
    assert decision(replace(HALF_FULL, full=True), replace(STATION, slots=0)).reason is Reason.QUEUE_FULL


def test_only_one_batch_is_released_at_a_time_the_most_urgent_first() -> None:
    full = replace(HALF_FULL, batch_id="full", full=True)
    late = replace(HALF_FULL, batch_id="late", latest_begin=-5)
    later = replace(HALF_FULL, batch_id="later", latest_begin=5)
    assert released(full, later, late) == ["late"]


def test_among_batches_that_have_waited_the_one_without_a_changeover_goes_first() -> None:
    waited = replace(HALF_FULL, wait_until=0)
    plates = replace(waited, batch_id="plates", setup_state="plate", latest_begin=2_000)
    assert released(plates, replace(waited, batch_id="tins")) == ["tins"]


def test_a_full_batch_gives_way_when_running_it_would_make_another_late() -> None:
    full = replace(HALF_FULL, batch_id="full", full=True)
    urgent = replace(HALF_FULL, batch_id="urgent", latest_begin=300)
    decisions = {d.batch_id: d for d in decide([full, urgent], STATION, 0, 10)}
    assert decisions["full"] == Decision("full", False, Reason.GIVES_WAY, 300)
    assert not decisions["urgent"].release


NIGHT = replace(STATION, attended_from=36_000, magazine_left=1)
MUST_GO = replace(HALF_FULL, latest_begin=0)
OTHER_SETUP = replace(MUST_GO, setup_state="plate")


@pytest.mark.parametrize(
    ("batch", "station", "goes"),
    [
        pytest.param(MUST_GO, NIGHT, True, id="from the magazine"),
        pytest.param(MUST_GO, replace(NIGHT, magazine_left=0), False, id="magazine empty"),
        pytest.param(replace(MUST_GO, unattended=False), NIGHT, False, id="fixture needs an operator"),
        pytest.param(OTHER_SETUP, NIGHT, False, id="nobody to change it over"),
        pytest.param(OTHER_SETUP, replace(NIGHT, setup_unattended=True), True, id="sets up by itself"),
    ],
)
def test_at_night_a_batch_that_must_go_starts_only_from_the_magazine(
    batch: Candidate, station: StationNow, goes: bool
) -> None:
    told = decision(batch, station)
    assert told.release is goes
    if not goes:
        assert told == Decision("b1", False, Reason.OPERATOR_ABSENT, 36_000)


def test_a_part_full_batch_goes_when_one_more_piece_saves_less_than_waiting_risks() -> None:
    risky, worth = Waiting(saving=1.0, risk=2.0), Waiting(saving=2.0, risk=1.0)
    assert decision(replace(HALF_FULL, waiting=risky)) == Decision("b1", True, Reason.RISK, waiting=risky)
    assert decision(replace(HALF_FULL, waiting=worth)) == Decision("b1", False, Reason.FILLING, 9_000, worth)
    assert decision(replace(HALF_FULL, waiting=risky, exact=True)).reason is Reason.FILLING
