"""
Stations on the wall: as many at once as letters leave room for that are read from across the hall.

What does not fit comes by turns, which the browser takes; stations that need somebody are there at every turn.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from batcher.services.board.stations import Doing, StationCard

#: Cards at once, and how many of these at most may be there at every turn.
AT_ONCE, _PINNED = 16, 8
_NEEDS_SOMEBODY = (Doing.DOWN, Doing.IN_DOUBT)


@dataclass(frozen=True)
class WallCard:
    """A station, and the turn at which it is shown; none: at every turn."""

    card: StationCard
    turn: int | None


@dataclass(frozen=True)
class WallStations:
    """Every station, in the order in which they are shown."""

    cards: tuple[WallCard, ...]
    turns: int


def by_turns(cards: Sequence[StationCard]) -> WallStations:
    """Return which stations are shown together."""
    if len(cards) <= AT_ONCE:
        return WallStations(tuple(WallCard(card, None) for card in cards), 1)
    pinned = [card for card in cards if card.doing in _NEEDS_SOMEBODY][:_PINNED]
    others = [card for card in cards if card not in pinned]
    room = AT_ONCE - len(pinned)
    shown = [WallCard(card, None) for card in pinned]
    shown += [WallCard(card, place // room) for place, card in enumerate(others)]
    return WallStations(tuple(shown), math.ceil(len(others) / room))
