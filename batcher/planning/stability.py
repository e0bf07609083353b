"""
How near a plan is to the one before it: which batches survive.

People prepare what they have seen planned. Between plans that cost the same, the one that keeps more of the last one's
batches is the better one.
"""

from collections.abc import Collection, Iterable
from dataclasses import replace

from batcher.planning.plan import Batch, Plan


def remaining(batches: Iterable[Batch], jobs: Collection[str]) -> list[Batch]:
    """Return what is left of batches when only these jobs still wait; one that holds none of them is gone."""
    left = (replace(batch, jobs=tuple(job for job in batch.jobs if job in jobs)) for batch in batches)
    return [batch for batch in left if batch.jobs]


def batches_kept(last: Collection[Batch], plan: Plan) -> float | None:
    """
    Return the share of a last plan's batches that a plan has too: the same jobs on the same station, at any time.

    Parameters
    ----------
    last
        What remains of the last plan.

    Returns
    -------
    float or None
        From 0 to 1; none when nothing remains of the last plan.
    """
    if not last:
        return None
    planned = {_known_by(batch) for batch in plan.batches}
    return sum(_known_by(batch) in planned for batch in last) / len(last)


def _known_by(batch: Batch) -> tuple[str, frozenset[str]]:
    return batch.station, frozenset(batch.jobs)
