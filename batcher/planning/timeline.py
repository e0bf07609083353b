"""
When a station may begin a batch: its windows, its operators and its magazine.

Costs never fall when a batch ends later, so with the order of batches on a station fixed, the earliest begin of each
is best. `Calendar.earliest` finds it, walking forward only: what a sequence has used up is two whole numbers.
"""

from dataclasses import dataclass
from typing import Self

from batcher.planning.problem import Station


@dataclass(frozen=True, slots=True, eq=False)
class Calendar:
    """
    The station's windows cut into stretches that are attended or unattended throughout, in order of time.

    Parameters
    ----------
    starts, ends
        A batch (with its changeover) may begin in [start, end) of a stretch.
    closes
        The end of the window a stretch lies in: the batch must have ended by then.
    attended
        Whether an operator is there.
    magazine
        How many batches may begin in one unattended stretch.
    """

    starts: tuple[int, ...]
    ends: tuple[int, ...]
    closes: tuple[int, ...]
    attended: tuple[bool, ...]
    magazine: int

    @classmethod
    def of(cls, station: Station) -> Self:
        """Return the calendar of a station."""
        gaps = station.unattended_gaps()
        stretches: list[tuple[int, int, int, bool]] = []
        for opens, closes in sorted(station.windows):
            at = opens
            for start, end in gaps:
                if not opens <= start < closes:
                    continue
                if at < start:
                    stretches.append((at, start, closes, True))
                stretches.append((start, end, closes, False))
                at = end
            if at < closes:
                stretches.append((at, closes, closes, True))
        stretches.sort()
        starts, ends, closing, attended = zip(*stretches, strict=True) if stretches else ((), (), (), ())
        return cls(starts, ends, closing, attended, station.magazine)

    def earliest(self, at: int, lasts: int, alone: bool, stretch: int, load: int) -> tuple[int, int, int] | None:
        """
        Return the earliest begin at or after `at`, with the stretch it lies in and that stretch's load.

        Parameters
        ----------
        at
            When the station is free and the batch may begin its changeover.
        lasts
            Seconds of changeover and run together.
        alone
            Whether it may begin with no operator there.
        stretch, load
            Where the batch before it began, and how many batches had begun in that stretch when unattended.

        Returns
        -------
        tuple or None
            None when no window is left that is long enough.
        """
        starts, ends, closes = self.starts, self.ends, self.closes
        for k in range(stretch, len(starts)):
            if at >= ends[k]:
                continue
            begin = at if at > starts[k] else starts[k]
            if begin + lasts > closes[k]:
                continue
            if self.attended[k]:
                return begin, k, 0
            if alone:
                used = load if k == stretch else 0
                if used < self.magazine:
                    return begin, k, used + 1
        return None

    def first_end(self, at: int, lasts: int) -> int | None:
        """Return when a batch that starts at or after `at` ends at the earliest, operators apart; none: no window."""
        for opens, closes in zip(self.starts, self.closes, strict=True):
            if max(at, opens) + lasts <= closes:
                return max(at, opens) + lasts
        return None
