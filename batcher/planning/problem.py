"""
The planning problem: what `batcher-problem/1` says, as frozen values.

Whole seconds from the moment of planning, whole minor units of money, intervals [start, end). `documents` reads and
writes it as JSON and finds faults; solvers index it as they like.
"""

from dataclasses import dataclass, field

#: A job left unplanned counts as ending a week past the horizon.
UNPLANNED_DELAY_S = 7 * 86_400


@dataclass(frozen=True)
class SheetSize:
    """A sheet on which jobs are placed, at least `gap` apart in x or in y; none at the border."""

    width: int
    height: int
    gap: int = 0


@dataclass(frozen=True)
class Station:
    """
    A machine that runs one batch at a time.

    Parameters
    ----------
    windows
        When it may run; a batch with its changeover lies in one window.
    state
        Setup state at time 0.
    attended
        When an operator is there; none: always.
    magazine
        Batches it may start in one unattended gap.
    """

    id: str
    windows: tuple[tuple[int, int], ...]
    state: str
    cost_per_hour: int
    changeover_cost_per_hour: int
    attended: tuple[tuple[int, int], ...] | None = None
    magazine: int = 0
    setup_unattended: bool = False

    def unattended_gaps(self) -> list[tuple[int, int]]:
        """Return the maximal intervals inside a window with no operator present, in order."""
        if self.attended is None:
            return []
        gaps: list[tuple[int, int]] = []
        for opens, closes in self.windows:
            at = opens
            for start, end in sorted(self.attended):
                if end <= at or start >= closes:
                    continue
                if start > at:
                    gaps.append((at, start))
                at = max(at, end)
            if at < closes:
                gaps.append((at, closes))
        return gaps


@dataclass(frozen=True)
class Mode:
    """How a family runs on one station: capacity in sizes, or a sheet."""

    station: str
    seconds: int
    cost: int
    capacity: int | None = None
    sheet: SheetSize | None = None
    max_kinds: int | None = None


@dataclass(frozen=True)
class Family:
    """Jobs that may share a batch."""

    id: str
    state: str
    modes: tuple[Mode, ...]
    unattended: bool = False


@dataclass(frozen=True)
class Order:
    """Done when its last job ends; late costs fall once, plus per hour."""

    id: str
    due: int
    late_cost: int
    late_cost_per_hour: int


@dataclass(frozen=True)
class Link:
    """A job that must have ended `lag` seconds before."""

    job: str
    lag: int = 0


@dataclass(frozen=True)
class Job:
    """One step of one piece."""

    id: str
    order: str
    family: str
    release: int = 0
    size: int = 1
    width: int = 0
    height: int = 0
    rotate: bool = True
    serial_seconds: int = 0
    parallel_seconds: int = 0
    max_parallel_seconds: int | None = None
    after: tuple[Link, ...] = ()
    stations: frozenset[str] | None = None
    kind: str | None = None
    group: str | None = None


@dataclass(frozen=True)
class Changeovers:
    """Seconds and cost by (from, to) state; row is from, column is to."""

    states: tuple[str, ...]
    seconds: tuple[tuple[int, ...], ...]
    cost: tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Problem:
    """One planning problem."""

    name: str
    horizon: int
    stations: tuple[Station, ...]
    changeovers: Changeovers
    families: tuple[Family, ...]
    orders: tuple[Order, ...]
    jobs: tuple[Job, ...]
    notes: dict[str, str] = field(default_factory=dict, compare=False)
