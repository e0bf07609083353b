"""
How many more pieces of a family to expect, hour by hour of the week, as earlier weeks have it.

Pure: from when pieces came to rates. A family of which little is known is expected to be like the mean family of its
process. What a piece more is worth is told by `waiting`; reading the history is the services' work.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

HOURS_OF_WEEK = 168
_HOUR_S = 3600
#: The mean of the process counts as much as so many weeks of the family's own.
_PRIOR_WEEKS = 1.0


@dataclass(frozen=True)
class Arrival:
    """One piece that came; `hour` is that of the local week, 0 is Monday 00:00 to 01:00."""

    process: str
    family: str
    hour: int


@dataclass(frozen=True)
class ArrivalForecast:
    """
    Expected pieces by family and hour of the week.

    Parameters
    ----------
    rates
        Pieces an hour, for each hour of the week, by family.
    """

    rates: Mapping[str, tuple[float, ...]]

    def expected(self, family: str, week_s: int, seconds: int) -> float:
        """
        Return how many pieces of a family to expect.

        Parameters
        ----------
        week_s
            From this second of the local week on.
        seconds
            Within so many; none before nought.
        """
        rates = self.rates.get(family)
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


def forecast(arrivals: Iterable[Arrival], weeks: float) -> ArrivalForecast:
    """
    Learn from what came within some weeks.

    Parameters
    ----------
    weeks
        How many, more than 0; of less than one week each hour has been seen once or never, and much is left to the
        mean of the process.
    """
    seen = Counter(arrivals)
    process_of = {arrival.family: arrival.process for arrival in seen}
    families = Counter(process_of.values())
    by_process: Counter[tuple[str, int]] = Counter()
    for arrival, count in seen.items():
        by_process[arrival.process, arrival.hour] += count
    rates = {}
    for family, process in process_of.items():
        rates[family] = tuple(
            (
                seen[Arrival(process, family, hour)]
                + _PRIOR_WEEKS * by_process[process, hour] / (weeks * families[process])
            )
            / (weeks + _PRIOR_WEEKS)
            for hour in range(HOURS_OF_WEEK)
        )
    return ArrivalForecast(rates)
