"""What is run beside what: ours, ours with a part left out, and the others with their knobs tuned on the quiet week."""

from collections.abc import Iterable, Iterator, Sequence

from batcher.simulate.ours import Part
from benchmarks.policy.runs import BOUND, CLAIRVOYANT, Record, Run

OURS = "ours"
PARTS = tuple(f"ours-without={part}" for part in Part)
#: Knobs that are tried, by what they are knobs of.
GRID = {
    "slack": ("slack=30", "slack=60", "slack=90", "slack=120", "slack=180"),
    "full-or-clock": (
        "full-or-clock=15:30",
        "full-or-clock=10:00,15:30",
        "full-or-clock=12:00,16:30",
        "full-or-clock=09:00,12:00,15:30",
        "full-or-clock=07:30,11:00,14:00,16:30",
    ),
    "max-wait": ("max-wait=120", "max-wait=240", "max-wait=480"),
    "interval": ("every-60-minutes", "every-120-minutes", "every-240-minutes"),
    "edd": ("edd",),
}


def tuning(days: float | None) -> Iterator[Run]:
    """Yield the runs by which the knobs of the others are chosen."""
    for knobs in GRID.values():
        for policy in knobs:
            yield Run("quiet", policy, 0, days)


def tuned(records: Iterable[Record], days: float | None) -> dict[str, str]:
    """Return the cheapest knob of each of the others, of those that have been run on the quiet week."""
    costs = {r.run.policy: r.cost for r in records if r.run in set(tuning(days))}
    return {
        kind: min(tried, key=costs.__getitem__)
        for kind, knobs in GRID.items()
        if (tried := [policy for policy in knobs if policy in costs])
    }


def compared(weeks: Sequence[str], seeds: int, others: Iterable[str], days: float | None) -> Iterator[Run]:
    """Yield the runs that are compared, so that what has been done of them tells as much as it can."""
    for seed in range(seeds):
        for week in weeks:
            for policy in (OURS, CLAIRVOYANT, BOUND, *others):
                yield Run(week, policy, seed, days)
    for seed in range(seeds):
        for week in weeks:
            for policy in PARTS:
                yield Run(week, policy, seed, days)
