"""Instants, spans, shares and money in words."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from batcher.api.words import clock, money, percent, span

_NOW = datetime(2026, 6, 1, 22, 30, tzinfo=UTC)  # 23:30 in London
_LONDON = ZoneInfo("Europe/London")


@pytest.mark.parametrize(
    ("instant", "told"),
    [
        (datetime(2026, 6, 1, 12, 5, tzinfo=UTC), "13:05"),
        (datetime(2026, 6, 1, 23, 5, tzinfo=UTC), "Tue 00:05"),
        (datetime(2026, 5, 31, 12, 0, tzinfo=UTC), "Sun 13:00"),
        (datetime(2026, 6, 8, 12, 0, tzinfo=UTC), "08 Jun 13:00"),
    ],
)
def test_an_instant_is_local_with_its_day_when_that_is_not_today(instant: datetime, told: str) -> None:
    assert clock(instant, _NOW, _LONDON) == told


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0, "0 s"), (59, "59 s"), (60, "1 min"), (-3700, "1 h 1 min"), (90_000, "1 d 1 h")],
)
def test_a_span_has_its_two_largest_units(seconds: float, told: str) -> None:
    assert span(seconds) == told


@pytest.mark.parametrize(("share", "told"), [(0, "0 %"), (0.034, "3.4 %"), (0.93, "93 %"), (1, "100 %")])
def test_a_small_share_keeps_a_decimal(share: float, told: str) -> None:
    assert percent(share) == told


@pytest.mark.parametrize(
    ("minor", "currency", "told"),
    [(1843250, "GBP", "18,432.50 GBP"), (5, "EUR", "0.05 EUR"), (1200, "JPY", "1,200 JPY")],
)
def test_money_is_told_in_the_units_people_pay_in(minor: float, currency: str, told: str) -> None:
    assert money(minor, currency) == told
