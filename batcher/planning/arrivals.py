"""
How many more pieces to expect, hour by hour of the week, as what came before has it.

Pure: from when pieces came to rates. Little history is stretched: an hour of the week not seen yet is expected to be
like that hour of any day, and a kind of which little is known like the mean kind of its process. What a piece more is
worth is told by `waiting` and `visits`; reading the history is the services' work.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

HOURS_OF_WEEK = 168
_HOURS_OF_DAY = 24
_HOUR_S = 3600
#: That hour of any day counts as much as so many weeks of this day's own.
_PRIOR_WEEKS = 1.0
#: The mean of the process counts as much as so many pieces of a kind's own.
_PRIOR_PIECES = 1.0


@dataclass(frozen=True)
class Arrival:
    """One piece that came: what it is counted as, and its hour of the local week; 0 is Monday 00:00 to 01:00."""

    process: str
    kind: str
    hour: int


@dataclass(frozen=True)
class ArrivalForecast:
    """
    Expected pieces by kind and hour of the week.

    Parameters
    ----------
    rates
        Pieces an hour, for each hour of the week, by kind.
    """

    rates: Mapping[str, tuple[float, ...]]

    def expected(self, kind: str, week_s: int, seconds: int) -> float:
        """
        Return how many pieces of a kind to expect.

        Parameters
        ----------
        week_s
            From this second of the local week on.
        seconds
            Within so many; none before nought.
        """
        rates = self.rates.get(kind)
        if rates is None or seconds <= 0:
            return 0.0
        weeks, rest = divmod(seconds, HOURS_OF_WEEK * _HOUR_S)
        total = weeks * sum(rates)
        at, end = week_s, week_s + rest
        while at < end:
            step = min(end, (at // _HOUR_S + 1) * _HOUR_S)
            total += rates[at // _HOUR_S % HOURS_OF_WEEK] * (step - at) / _HOUR_S
            at = step
        return total


def forecast(came: Mapping[Arrival, int], seen: Mapping[int, float]) -> ArrivalForecast:
    """
    Learn from what came.

    Parameters
    ----------
    came
        How many pieces were counted so.
    seen
        How often each hour of the week went by meanwhile; each hour of the day at least once on some day.
    """
    kinds: Counter[tuple[str, str]] = Counter()
    hours: Counter[tuple[str, int]] = Counter()
    for arrival, count in came.items():
        kinds[arrival.process, arrival.kind] += count
        hours[arrival.process, arrival.hour] += count
    rates = {}
    for process in {process for process, _ in kinds}:
        pace = _pace([hours[process, hour] for hour in range(HOURS_OF_WEEK)], seen)
        own = {kind: count for (made_by, kind), count in kinds.items() if made_by == process}
        total = sum(own.values()) + _PRIOR_PIECES * len(own)
        for kind, count in own.items():
            share = (count + _PRIOR_PIECES) / total
            rates[kind] = tuple(share * pieces for pieces in pace)
    return ArrivalForecast(rates)


def _pace(came: list[int], seen: Mapping[int, float]) -> list[float]:
    """Return how many pieces of a process come in each hour of the week."""
    by_day = []
    for hour in range(_HOURS_OF_DAY):
        days = range(hour, HOURS_OF_WEEK, _HOURS_OF_DAY)
        by_day.append(sum(came[day] for day in days) / sum(seen.get(day, 0.0) for day in days))
    return [
        (count + _PRIOR_WEEKS * by_day[hour % _HOURS_OF_DAY]) / (seen.get(hour, 0.0) + _PRIOR_WEEKS)
        for hour, count in enumerate(came)
    ]
