"""
What befalls a simulated floor, and the chance it hangs on.

Every stroke of luck has a name (this piece's step, that station's week) and is drawn from the seed and that name alone:
two runs with one seed meet the same weather, whatever the floor decides in between.
"""

import random
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from batcher.domain.calendars import Span
from batcher.rules.floor import Station


@dataclass(frozen=True)
class Scenario:
    """
    How a floor's days differ from their rules; everything may be 0.

    Parameters
    ----------
    seed
        Of every chance.
    fail_rate
        Share of pieces that come out wrong at a step.
    time_noise
        Standard deviation of a batch's running time, as a share of it.
    downs_per_week
        Breakdowns of each station in a week, on average.
    down_s
        Mean seconds of a breakdown.
    told_after_s
        Seconds until somebody tells batcher that a station is down.
    late_operators
        Share of days on which operators come late.
    late_operators_s
        By how much, in seconds.
    early_couriers
        Share of days on which couriers come before their time.
    early_couriers_s
        By how much, in seconds.
    """

    seed: int = 0
    fail_rate: float = 0.01
    time_noise: float = 0.05
    downs_per_week: float = 0.0
    down_s: float = 7200.0
    told_after_s: float = 600.0
    late_operators: float = 0.0
    late_operators_s: float = 3600.0
    early_couriers: float = 0.0
    early_couriers_s: float = 1800.0


def chance(seed: int, *names: object) -> random.Random:
    """Return the chance of one named thing."""
    return random.Random(":".join(map(str, (seed, *names))))  # noqa: S311 - chance, no secret


def breakdowns(scenario: Scenario, station: str, start: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
    """Return when a station is down between two moments, in order and apart from each other."""
    found: list[tuple[datetime, datetime]] = []
    if not scenario.downs_per_week:
        return found
    luck, at = chance(scenario.seed, "down", station), start
    while True:
        at += timedelta(weeks=luck.expovariate(scenario.downs_per_week))
        if at >= end:
            return found
        up_at = at + timedelta(seconds=luck.expovariate(1 / scenario.down_s))
        found.append((at, up_at))
        at = up_at


def with_late_operators(station: Station, scenario: Scenario, first: date, last: date) -> Station:
    """Return a station as it is really attended from one local day to another: all its operators come late together."""
    calendar = station.attended
    if calendar is None or not scenario.late_operators:
        return station
    exceptions = dict(calendar.exceptions)
    for day in (first + timedelta(days=k) for k in range((last - first).days + 1)):
        if chance(scenario.seed, "operators", day).random() < scenario.late_operators:
            exceptions[day] = _late(calendar.spans_on(day), scenario.late_operators_s)
    return replace(station, attended=replace(calendar, exceptions=exceptions))


def early_by(scenario: Scenario, day: date) -> timedelta:
    """Return by how much couriers come before their time on a local day."""
    early = chance(scenario.seed, "couriers", day).random() < scenario.early_couriers
    return timedelta(seconds=scenario.early_couriers_s if early else 0)


def _late(spans: tuple[Span, ...], late_s: float) -> tuple[Span, ...]:
    if not spans:
        return spans
    moved = datetime.combine(date.min, spans[0].start) + timedelta(seconds=late_s)
    if moved.date() > date.min or (time() != spans[0].end <= moved.time()):  # nobody comes for that shift
        return spans[1:]
    return (replace(spans[0], start=moved.time()), *spans[1:])
