"""Where a piece that was packed too late lost its time: in waiting for one of its steps, or in one that took longer."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

from batcher.domain.orders import Job
from batcher.store.whereabouts import Whereabouts


@dataclass(frozen=True)
class Lost:
    """Time that one step cost, in plain words, and the station it was lost at."""

    time: timedelta
    text: str
    station: str


def most_lost(jobs: Iterable[Job], where: Mapping[str, Whereabouts]) -> Lost | None:
    """Return where most time was lost on the way of a piece; none when its steps are not known any more."""
    return max(_lost(jobs, where), key=lambda lost: lost.time, default=None)


def _lost(jobs: Iterable[Job], where: Mapping[str, Whereabouts]) -> Iterator[Lost]:
    for job in jobs:
        at = where.get(job.id)
        if at is None or job.ready_at is None or job.done_at is None:
            continue
        step = f"step {job.step}, {job.process}"
        waited, over = at.start_at - job.ready_at, job.done_at - at.end_at
        yield Lost(waited, f"{step}, waited {_told(waited)} for {at.station}", at.station)
        yield Lost(over, f"{step}, took {_told(over)} longer at {at.station} than planned", at.station)


def _told(time: timedelta) -> str:
    minutes = max(0, round(time / timedelta(minutes=1)))
    return f"{minutes // 60} h {minutes % 60:02} min" if minutes >= 60 else f"{minutes} min"
