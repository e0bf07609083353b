"""What happened on a simulated floor in the order of time, as far as pictures need it: small, and fit to be pickled."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from batcher.domain.states import OrderState
from batcher.rules.ruleset import RuleSet
from batcher.simulate.run import Trail


@dataclass(frozen=True)
class Bar:
    """One batch on its machine; changing over until `running_at`."""

    station: str
    setup_state: str
    loaded_at: datetime
    running_at: datetime
    ended_at: datetime
    pieces: int
    fill: float


@dataclass(frozen=True)
class History:
    """
    One run.

    Parameters
    ----------
    stations
        In the order of the rules.
    waiting
        How many orders were in and not packed, from each moment on at which that changed.
    slack_h
        Hours between packing and courier of each complete order; negative is late.
    """

    zone: ZoneInfo
    stations: tuple[str, ...]
    bars: tuple[Bar, ...]
    waiting: tuple[tuple[datetime, int], ...]
    slack_h: tuple[float, ...]


def make_history(trail: Trail, rules: RuleSet) -> History:
    """Return what a finished run leaves to be looked at."""
    batches = {batch.id: batch for batch in trail.whole.batches}
    bars = [
        Bar(
            station=run.station,
            setup_state=batches[run.batch_id].setup_state,
            loaded_at=run.loaded_at,
            running_at=run.running_at,
            ended_at=run.ended_at,
            pieces=len(run.made) + len(run.failed),
            fill=batches[run.batch_id].fill,
        )
        for run in trail.runs
    ]
    orders = [order for order in trail.whole.orders if order.state is not OrderState.HELD]
    complete = [(order.leave_by_at, order.completed_at) for order in orders if order.completed_at is not None]
    changes = [(order.received_at, 1) for order in orders] + [(packed_at, -1) for _, packed_at in complete]
    return History(
        zone=rules.site.zone,
        stations=tuple(rules.stations),
        bars=tuple(sorted(bars, key=lambda bar: (bar.loaded_at, bar.station))),
        waiting=tuple(_summed(changes)),
        slack_h=tuple((leave_by - packed_at).total_seconds() / 3600 for leave_by, packed_at in complete),
    )


def _summed(changes: list[tuple[datetime, int]]) -> list[tuple[datetime, int]]:
    count, found = 0, {}
    for at, change in sorted(changes):
        count += change
        found[at] = count
    return list(found.items())
