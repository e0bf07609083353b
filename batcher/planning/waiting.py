"""
What waiting for one more piece is worth, and what it risks, in money.

Pure. A piece that joins a batch saves its share of another one. Waiting uses up slack: a stop of the station that could
have been sat out before makes the parcels late after. The release policy compares the two.
"""

from dataclasses import dataclass
from math import exp

#: A station stops about once in a week, for two hours on average: what `simulate --downs-per-week 1` plays.
_STOPS_PER_S = 1 / (7 * 86_400)
STOP_S = 7200


@dataclass(frozen=True)
class Waiting:
    """What one more piece would save and what waiting for it risks; minor units of money, expected values."""

    saving: float
    risk: float

    @property
    def pays(self) -> bool:
        """Tell whether it is worth waiting."""
        return self.saving >= self.risk

    def __str__(self) -> str:
        return f"another piece would save {self.saving:.1f}, waiting for it risks {self.risk:.1f} (minor units)"


@dataclass(frozen=True)
class Stake:
    """
    What is at stake for a batch with room.

    Parameters
    ----------
    price
        Of a batch of its kind, running of the pieces themselves aside.
    changeover
        Of setting its station up for it; others may come along on the same visit.
    holds
        How many such pieces a full one holds, at least 1.
    late
        Cost of its orders being late by as long as a stop lasts.
    seconds
        How long it runs.
    """

    price: float
    changeover: float
    holds: float
    late: float
    seconds: int


def worth_of_waiting(stake: Stake, expected: float, slack: int, margin: int) -> Waiting:
    """
    Weigh waiting for one more piece.

    Parameters
    ----------
    expected
        Pieces to come until the latest safe start.
    slack
        Seconds from now to that start, not negative.
    margin
        Seconds that are left after it.
    """
    chance = 1 - exp(-max(0.0, expected))
    saving = chance * (stake.price / stake.holds + stake.changeover)
    waits = slack if expected <= 1 else slack / expected  # until the next one comes, at an even pace
    exposed = _STOPS_PER_S * (stake.seconds + STOP_S)
    now, then = _outlasts(slack + margin), _outlasts(slack - waits + margin)
    return Waiting(saving, stake.late * exposed * (then - now))


def _outlasts(slack: float) -> float:
    """Return the chance that a stop lasts longer than some slack."""
    return exp(-max(0.0, slack) / STOP_S)
