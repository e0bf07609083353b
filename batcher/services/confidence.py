"""
How sure a date is, by how well the floor has kept its times of late.

A piece that goes through `steps` batches with some slack until its collection is in time when none of them slips by
more than its share of the slack. How often batches slip so far is counted among those of the last two weeks; counted
so that few of them never make certain (rule of succession). What it does not know: work that is yet to come.
"""

from bisect import bisect_right
from collections.abc import Sequence


def confidence(slips: Sequence[float], slack_s: float, steps: int) -> float:
    """
    Return the chance, from 0 to 1, that work is in time.

    Parameters
    ----------
    slips
        Seconds by which batches ended late, from the least; early is negative.
    slack_s
        Seconds between being packed, as planned, and having to leave.
    steps
        Batches one after another, at least 1.
    """
    kept = bisect_right(slips, slack_s / steps)
    return float(((kept + 1) / (len(slips) + 2)) ** steps)
