"""
One strip of the picture of a plan: a stretch of time, a lane for each station, its batches as bars.

A bar has the colour of its setup state; the pale part at its top is the room that stayed empty. What is before it in
dark is its changeover. `draw_gantt` puts strips together.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from batcher.planning.draw_svg import Paint, element, shortened, text, tip, width_of
from batcher.planning.draw_view import Run, clock, count_of
from batcher.planning.problem import Station

#: The picture's width, and where its lanes begin and end.
WIDTH, LEFT, RIGHT = 1480, 150, 1456
#: From one lane to the next, and what is above the first: the times.
LANE, HEAD = 32, 26
_BAR = 24
#: Ticks are this far apart, or further.
_TICK_ROOM = 72
_TICKS_S = (1, 2, 5, 10, 30, *(60 * k for k in (1, 2, 5, 10, 15, 30)), *(3600 * k for k in (1, 2, 3, 6, 12, 24, 48)))


@dataclass(frozen=True)
class Looks:
    """How batches are shown: paint by setup state, picture by batch, and late orders that end with a batch."""

    paints: Mapping[str, Paint]
    links: Mapping[str, str]
    late: Mapping[str, list[str]]


@dataclass(frozen=True)
class Strip:
    """A stretch of time on the page; `top` is where it begins."""

    start: int
    end: int
    top: float

    def x(self, at: float) -> float:
        """Return where a time is, at the strip's ends when it is beyond them."""
        share = (min(max(at, self.start), self.end) - self.start) / (self.end - self.start)
        return LEFT + (RIGHT - LEFT) * share

    def span(self, start: float, end: float) -> tuple[float, float] | None:
        """Return where what lies between two times begins and how wide it is; none when it is not on the strip."""
        if end < self.start or start >= self.end:
            return None
        return self.x(start), self.x(end) - self.x(start)


def height_of(stations: int) -> float:
    """Return how high a strip is with the room under it."""
    return HEAD + LANE * stations + 22


def strip_of(strip: Strip, stations: tuple[Station, ...], runs: Mapping[str, list[Run]], looks: Looks) -> Iterator[str]:
    """Yield a strip: lanes, the grid over them, bars, and above all the marks of what is late."""
    yield text(24, strip.top + 16, f"from {clock(strip.start)}", "head")
    for place, station in enumerate(stations):
        yield from _lane(strip, station, strip.top + HEAD + LANE * place)
    yield from _grid(strip, len(stations))
    flags = []
    for place, station in enumerate(stations):
        top = strip.top + HEAD + LANE * place + (LANE - _BAR) / 2
        for run in runs.get(station.id, ()):
            yield from _bar(strip, run, top, looks)
            if run.batch.id in looks.late and strip.start < run.batch.end <= strip.end:
                flags.append(_flag(strip.x(run.batch.end), top))
    yield from flags


def _lane(strip: Strip, station: Station, top: float) -> Iterator[str]:
    """Yield a lane: closed throughout, open where windows are, unattended where no operator is there."""
    label = shortened(station.id, LEFT - 24)
    yield element("g", tip(station.id), text(LEFT - 12, top + 20, label, text_anchor="end"))
    yield element("rect", x=LEFT, y=top + 1, width=RIGHT - LEFT, height=LANE - 2, fill="url(#closed)")
    spells = [("lane", window) for window in station.windows]
    spells += [("unattended", gap) for gap in station.unattended_gaps()]
    for class_, (start, end) in spells:
        found = strip.span(start, end)
        if found is not None:
            yield element("rect", x=found[0], y=top + 1, width=found[1], height=LANE - 2, class_=class_)


def _grid(strip: Strip, lanes: int) -> Iterator[str]:
    """Yield a line with its time at every tick."""
    least = (strip.end - strip.start) * _TICK_ROOM / (RIGHT - LEFT)
    step = next((tick for tick in _TICKS_S if tick >= least), 86_400 * (1 + int(least // 86_400)))
    for at in range(-(-strip.start // step) * step, strip.end + 1, step):
        x = strip.x(at)
        yield text(x, strip.top + 16, clock(at), "muted", text_anchor="middle")
        yield element("line", x1=x, x2=x, y1=strip.top + 21, y2=strip.top + HEAD + LANE * lanes, class_="grid")


def _bar(strip: Strip, run: Run, top: float, looks: Looks) -> Iterator[str]:
    """Yield the part of a batch that is on a strip, with its changeover."""
    change = strip.span(run.begins, run.batch.start) if run.changeover_s else None
    body = strip.span(run.batch.start, run.batch.end)
    parts = [tip(_told(run, looks.late.get(run.batch.id, [])))]
    if change is not None and change[1]:
        parts.append(element("rect", x=change[0], y=top + 5, width=change[1], height=_BAR - 10, class_="change"))
    if body is not None and (body[1] or run.batch.start == run.batch.end):
        parts += _body(run, body, top, looks)
    if len(parts) > 1:
        link = looks.links.get(run.batch.id)
        yield element("a", *parts, href=link) if link else element("g", *parts)


def _body(run: Run, body: tuple[float, float], top: float, looks: Looks) -> list[str]:
    x, width = body[0], max(body[1], 1.0)
    fill = looks.paints[run.state].fill
    empty = _BAR * (1 - min(1.0, run.fill))
    parts = [element("rect", x=x, y=top, width=width, height=_BAR, rx=2, fill=fill)]
    if empty:
        parts.append(element("rect", x=x, y=top, width=width, height=empty, class_="empty"))
    parts.append(element("rect", x=x, y=top, width=width, height=_BAR, rx=2, fill="none", class_="batch"))
    label = _label(run, width - 6)
    if label:
        parts.append(text(x + width / 2, top + 16, label, "on", text_anchor="middle", pointer_events="none"))
    return parts


def _label(run: Run, room: float) -> str:
    """Return as much about a batch as there is room for."""
    name, percent = run.batch.id, f"{run.fill:.0%}"
    choices = (f"{name} · {run.batch.family} · {len(run.jobs)} · {percent}", f"{name} · {percent}", name)
    return next((choice for choice in choices if width_of(choice) <= room), "")


def _flag(x: float, top: float) -> str:
    """Return the mark of a batch that ends too late for an order."""
    circle = element("circle", cx=x, cy=top + 3, r=7, class_="flag")
    return element("g", circle, text(x, top + 7, "!", "mark", text_anchor="middle"), pointer_events="none")


def _told(run: Run, late: list[str]) -> str:
    batch = run.batch
    lines = [
        f"{batch.id}: {batch.family} on {batch.station}",
        f"{count_of(len(run.jobs), 'job', 'jobs')}, {run.fill:.0%} full",
        f"{clock(batch.start)} to {clock(batch.end)}, set up as {run.state}",
    ]
    if run.changeover_s:
        lines.append(f"changeover from {clock(run.begins)}")
    if late:
        more = f" and {len(late) - 10} more" if len(late) > 10 else ""
        lines.append(f"too late for {', '.join(late[:10])}{more}")
    return "\n".join(lines)
