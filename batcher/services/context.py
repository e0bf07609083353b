"""
The one value that services are handed: store, rules in force, metrics, clock and settings.

Built by hand in `daemon.main` and, for commands that act without a daemon, in `cli`.
"""

import threading
from dataclasses import dataclass, field
from datetime import datetime

from batcher.domain.clock import FloorClock
from batcher.metrics import Metrics
from batcher.rules.ruleset import RuleSet
from batcher.services.arrivals import ArrivalsBox
from batcher.services.families import FamilyBook
from batcher.services.plan_in_force import PlanBox
from batcher.services.quote_room import RoomBox
from batcher.services.rules_diff import ShadowBox
from batcher.services.token_box import TokenBox
from batcher.settings import Settings
from batcher.store.restored import SafeMode
from batcher.store.session import Store


class RulesBox:
    """Holds the rules in force; a reload swaps the whole value, readers keep the one they took."""

    def __init__(self, rules: RuleSet, loaded_at: datetime) -> None:
        self._now = (rules, loaded_at)

    @property
    def current(self) -> RuleSet:
        """Return the rules in force."""
        return self._now[0]

    @property
    def loaded_at(self) -> datetime:
        """Return since when they are in force."""
        return self._now[1]

    def swap(self, rules: RuleSet, loaded_at: datetime) -> None:
        """Put other rules in force, in one step."""
        self._now = (rules, loaded_at)


@dataclass(eq=False)
class SafeModeBox:
    """Holds why nothing is sent, as the database says it; none when all is as always."""

    mode: SafeMode | None = None


@dataclass(frozen=True)
class Floor:
    """Everything a service needs to know the floor and to act on it."""

    store: Store
    rules: RulesBox
    metrics: Metrics
    clock: FloorClock
    settings: Settings
    plans: PlanBox = field(default_factory=PlanBox)
    quote_rooms: RoomBox = field(default_factory=RoomBox)
    arrivals: ArrivalsBox = field(default_factory=ArrivalsBox)
    families: FamilyBook = field(default_factory=FamilyBook)
    shadow: ShadowBox = field(default_factory=ShadowBox)
    safe: SafeModeBox = field(default_factory=SafeModeBox)
    tokens: TokenBox = field(default_factory=TokenBox)
    #: set when something happened that the plan in force does not know; the plan loop looks at it
    replan: threading.Event = field(default_factory=threading.Event)

    def now(self) -> datetime:
        """Return the floor's time, aware UTC."""
        return self.clock.now()
