"""Plain charts as SVG text, for the page of a simulation: a course, a histogram, stacked parts, a day's Gantt."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta

from batcher.domain.calendars import local
from batcher.planning.draw_svg import element, paints, shortened, text, tip
from batcher.simulate.history import Bar, History

_WIDTH, _HEIGHT, _LEFT, _BOTTOM = 720.0, 200.0, 56.0, 26.0
_LANE, _HEAD = 22.0, 20.0


def course(waiting: Sequence[tuple[datetime, int]], history: History) -> str:
    """Return how many orders waited over time, with a line at each local midnight."""
    if not waiting:
        return _svg(_HEIGHT, text(_LEFT, 40, "No orders."))
    first, last = waiting[0][0], waiting[-1][0]
    span = max(1.0, (last - first).total_seconds())
    most = max(1, *(count for _, count in waiting))

    def x_of(at: datetime) -> float:
        return _LEFT + (_WIDTH - _LEFT) * (at - first).total_seconds() / span

    path, before = [], 0
    for at, count in waiting:
        x = x_of(at)
        path += [f"{x:.1f},{_y(before, most):.1f}", f"{x:.1f},{_y(count, most):.1f}"]
        before = count
    drawn = _scale(most)
    for day in _days(first, last, history):
        at = local(day, time(), history.zone)
        if first <= at <= last:
            x = x_of(at)
            drawn.append(element("line", x1=x, x2=x, y1=4, y2=_HEIGHT - _BOTTOM, class_="grid"))
            drawn.append(text(x + 3, _HEIGHT - 8, f"{day:%a %d}", "muted"))
    drawn.append(element("polyline", points=" ".join(path), class_="line"))
    return _svg(_HEIGHT, *drawn)


def histogram(values: Sequence[float], edges: Sequence[float], names: Sequence[str]) -> str:
    """Return how many values lie between each edge and the next; what is outside counts in the first or last bin."""
    counts = [0] * len(names)
    for value in values:
        place = sum(value >= edge for edge in edges[1:-1])
        counts[place] += 1
    most, wide = max(1, *counts), (_WIDTH - _LEFT) / len(names)
    drawn = _scale(most)
    for place, (count, name) in enumerate(zip(counts, names, strict=True)):
        x, y = _LEFT + place * wide, _y(count, most)
        told = tip(f"{name}: {count} of {len(values)}")
        height = _HEIGHT - _BOTTOM - y
        drawn.append(element("rect", told, x=x + 1, y=y, width=wide - 2, height=height, class_="bin"))
        drawn.append(text(x + wide / 2, _HEIGHT - 8, name, "muted", text_anchor="middle"))
    return _svg(_HEIGHT, *drawn)


def parts(costs: Mapping[str, Mapping[str, float]]) -> str:
    """Return each case's costs by part, side by side on one scale."""
    colours = paints(part for each in costs.values() for part in each)
    most = max([1e-9, *(sum(each.values()) for each in costs.values())])
    room = _WIDTH - 240
    drawn, y = [], 0.0
    for name, each in costs.items():
        x = 180.0
        drawn.append(text(0, y + 16, shortened(name, 175)))
        for part, money in each.items():
            wide = room * money / most
            told = tip(f"{part}: {money:.1f}")
            fill = colours[part].fill
            drawn.append(element("rect", told, x=x, y=y + 2, width=wide, height=20, fill=fill, class_="batch"))
            x += wide
        drawn.append(text(x + 6, y + 16, f"{sum(each.values()):.1f}"))
        y += 28
    x = 180.0
    for part, paint in colours.items():
        drawn.append(element("rect", x=x, y=y + 4, width=12, height=12, fill=paint.fill))
        drawn.append(text(x + 17, y + 15, part, "muted"))
        x += 110
    return _svg(y + 24, *drawn)


def gantts(history: History) -> dict[date, str]:
    """Return a picture of each local day on which a machine began something."""
    days = sorted({bar.loaded_at.astimezone(history.zone).date() for bar in history.bars})
    colours = {name: paint.fill for name, paint in paints(sorted({b.setup_state for b in history.bars})).items()}
    patterns = "".join({paint.pattern for paint in paints(sorted({b.setup_state for b in history.bars})).values()})
    return {day: _gantt(day, history, colours, patterns) for day in days}


def _gantt(day: date, history: History, colours: Mapping[str, str], patterns: str) -> str:
    opens = local(day, time(), history.zone)
    closes = local(day + timedelta(days=1), time(), history.zone)
    span, left = (closes - opens).total_seconds(), 110.0

    def x_of(at: datetime) -> float:
        inside = min(max(at, opens), closes)
        return left + (_WIDTH - left) * (inside - opens).total_seconds() / span

    drawn = [element("defs", patterns)] if patterns else []
    for hour in range(0, 24, 3):
        x = left + (_WIDTH - left) * hour / 24
        drawn.append(element("line", x1=x, x2=x, y1=_HEAD, y2=_HEAD + _LANE * len(history.stations), class_="grid"))
        drawn.append(text(x, 13, f"{hour:02d}:00", "muted"))
    rows = {station: _HEAD + _LANE * place for place, station in enumerate(history.stations)}
    drawn += [text(0, y + 15, shortened(station, left)) for station, y in rows.items()]
    for bar in history.bars:
        if bar.ended_at > opens and bar.loaded_at < closes:
            drawn += _bar(
                bar, rows[bar.station], x_of(bar.loaded_at), x_of(bar.running_at), x_of(bar.ended_at), colours
            )
    return _svg(_HEAD + _LANE * len(rows) + 4, *drawn)


def _bar(bar: Bar, y: float, loaded: float, running: float, ended: float, colours: Mapping[str, str]) -> list[str]:
    told = tip(f"{bar.setup_state}, {bar.pieces} pieces, {bar.fill:.0%} full")
    high = _LANE - 5
    drawn = []
    if running > loaded:
        drawn.append(
            element("rect", tip("changeover"), x=loaded, y=y, width=running - loaded, height=high, class_="change")
        )
    wide = max(0.8, ended - running)
    fill = colours[bar.setup_state]
    drawn.append(element("rect", told, x=running, y=y, width=wide, height=high, fill=fill, class_="batch"))
    return drawn


def _scale(most: int) -> list[str]:
    """Return the vertical scale: its lines at nought, half and all, with what they stand for."""
    drawn = []
    for share in (0.0, 0.5, 1.0):
        y = _y(share * most, most)
        drawn.append(element("line", x1=_LEFT, x2=_WIDTH, y1=y, y2=y, class_="grid"))
        drawn.append(text(_LEFT - 6, y + 4, f"{share * most:.0f}", "muted", text_anchor="end"))
    return drawn


def _y(value: float, most: float) -> float:
    return (_HEIGHT - _BOTTOM) - (_HEIGHT - _BOTTOM - 10) * value / most


def _days(first: datetime, last: datetime, history: History) -> list[date]:
    day = first.astimezone(history.zone).date()
    count = (last.astimezone(history.zone).date() - day).days
    return [day + timedelta(days=ahead) for ahead in range(count + 1)]


def _svg(height: float, *body: str) -> str:
    return element("svg", *body, viewBox=f"0 0 {_WIDTH + 8:.0f} {height:.0f}", role="img")
