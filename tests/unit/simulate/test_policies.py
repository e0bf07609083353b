from datetime import UTC, datetime, time, timedelta

import pytest

from batcher.errors import ConfigError
from batcher.simulate.baselines import Baseline, Waiting, at_clocks, at_once, at_slack, every, longest_wait
from batcher.simulate.ours import Ours
from batcher.simulate.policies import named_policy
from tests.builders_stations import LONDON

NOON = datetime(2026, 7, 6, 11, 0, tzinfo=UTC)  # 12:00 in London
BATCH = Waiting(since=NOON, latest_at=NOON + timedelta(hours=5), zone=LONDON)


def test_a_batch_goes_at_the_next_clock_also_on_the_next_day() -> None:
    assert at_clocks([time(9), time(15, 30)])(BATCH) == NOON + timedelta(hours=3.5)
    assert at_clocks([time(9), time(12)])(BATCH) == NOON + timedelta(hours=21)


def test_an_interval_is_counted_from_local_midnight() -> None:
    assert every(timedelta(minutes=90))(BATCH) == NOON + timedelta(minutes=90)
    assert every(timedelta(minutes=50))(BATCH) == NOON + timedelta(minutes=30)


def test_the_longest_wait_and_no_wait_count_from_the_oldest_piece() -> None:
    assert longest_wait(timedelta(hours=4))(BATCH) == NOON + timedelta(hours=4)
    assert at_once()(BATCH) == NOON


def test_slack_goes_a_margin_before_the_latest_start() -> None:
    assert at_slack(timedelta(minutes=90))(BATCH) == NOON + timedelta(hours=3.5)


@pytest.mark.parametrize(
    "name",
    ["full-or-clock", "full-or-clock=09:00,17:15", "max-wait", "max-wait=30", "slack=60", "edd", "every-5-minutes"],
)
def test_every_rule_has_a_name(name: str) -> None:
    assert isinstance(named_policy(name), Baseline)


def test_ours_is_one_of_them() -> None:
    assert isinstance(named_policy("ours"), Ours)


@pytest.mark.parametrize(
    "name",
    [
        "theirs",
        "every-0-minutes",
        "max-wait=soon",
        "slack=-5",
        "full-or-clock=25:00",
        "full-or-clock=noon",
        "ours-without=luck",
    ],
)
def test_what_is_no_policy_is_told(name: str) -> None:
    with pytest.raises(ConfigError, match="polic"):
        named_policy(name)
