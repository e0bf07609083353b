"""What two sets of rules make of the same queue, as values; `shadow` works them out."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Start:
    """A batch that would be released now."""

    station: str
    fixture: str
    reason: str
    jobs: tuple[str, ...]


@dataclass(frozen=True)
class Outcome:
    """What some rules make of the queue; money in minor units."""

    rules_hash: str
    jobs: int
    left_out: int  #: jobs that no plan under these rules can take
    batches: int
    late_orders: int
    cost_minor: float
    starts: tuple[Start, ...]  #: at most one for each station: the first of its next batches


@dataclass(frozen=True)
class RulesDiff:
    """
    Two sets of rules on the same queue.

    Parameters
    ----------
    same_batches
        Batches that both plans have, with the same jobs.
    only_in_force, only_shadow
        What only one of them would release now.
    """

    in_force: Outcome
    shadow: Outcome
    same_batches: int
    only_in_force: tuple[Start, ...]
    only_shadow: tuple[Start, ...]


@dataclass(frozen=True)
class ShadowSeen:
    """What the last look at the shadow rules came to; without a difference, why they cannot be used."""

    at: datetime
    diff: RulesDiff | None
    trouble: str = ""


class ShadowBox:
    """Holds the last look at the shadow rules; none where there are none, or none was taken yet."""

    def __init__(self) -> None:
        self.seen: ShadowSeen | None = None
