"""
The picture of a whole plan: what every station does when, what it costs, which orders are late.

Time is wrapped like lines of a text: strips under each other, each with all stations, so that a week of short batches
stays readable. Strips in which nothing runs are left out. A batch is a link to its own picture.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from statistics import median

from batcher.planning.draw_lanes import LEFT, RIGHT, WIDTH, Looks, Strip, height_of, strip_of
from batcher.planning.draw_svg import ROW, Paint, element, page, paints, table, text, width_of
from batcher.planning.draw_view import PlanView, Run, clock, count_of
from batcher.planning.plan import Verdict

#: How long a strip may be: the shortest on which a batch is wide enough to read, unless there are too many of them.
_STRIPS_S = (60, 300, *(3600 * k for k in (1, 2, 4, 8, 12, 24, 48, 96, 168)))
_MOST_STRIPS = 12
_BATCHES_ON_STRIP = 14
#: How many late orders and unplanned jobs are told one by one.
_TOLD = 25
_TABLE = {"late order": 320.0, "due": 110.0, "done": 110.0, "late by": 110.0, "costs": 110.0, "last batch": 240.0}


def gantt(view: PlanView, verdict: Verdict, links: Mapping[str, str]) -> str:
    """
    Return a plan as one SVG document.

    Parameters
    ----------
    view
        The plan.
    verdict
        What the judge says of it: costs and counts are told as it has them.
    links
        Where the picture of each batch is, relative to this one.
    """
    painted = paints(_states(view))
    late: defaultdict[str, list[str]] = defaultdict(list)
    for entry in view.late:
        if entry.batch is not None:
            late[entry.batch].append(entry.order.id)
    looks = Looks(painted, links, late)
    runs: defaultdict[str, list[Run]] = defaultdict(list)
    for run in view.runs:
        runs[run.batch.station].append(run)
    body = list(_header(view, verdict))
    legend, top = _legend(painted, 104)
    body += legend
    for start, end in _strips(view.runs):
        body += strip_of(Strip(start, end, top), view.problem.stations, runs, looks)
        top += height_of(len(view.problem.stations))
    told, top = _told(view, top + 6)
    return page(WIDTH, top + 16, f"Plan of {view.problem.name}", body + told, painted.values())


def _states(view: PlanView) -> list[str]:
    """Return the setup states in use, station by station: neighbours on a station then look least alike."""
    return list(
        dict.fromkeys(
            run.state for station in view.problem.stations for run in view.runs if run.batch.station == station.id
        )
    )


def _header(view: PlanView, verdict: Verdict) -> Iterator[str]:
    plan = view.plan
    parts = " + ".join(f"{part} {money:,.0f}" for part, money in verdict.breakdown.items())
    bound = ""
    if plan.bound is not None:
        bound = f"; {plan.status.value}, nothing can cost less than {plan.bound:,.0f}"
    counts = (
        f"{count_of(verdict.jobs - verdict.unplanned, 'job', 'jobs')} in "
        f"{count_of(verdict.batches, 'batch', 'batches')}, {_filled(view)}; {verdict.late_orders:,} of "
        f"{count_of(verdict.orders, 'order', 'orders')} late; {count_of(verdict.unplanned, 'job', 'jobs')} unplanned"
    )
    yield text(24, 34, f"Plan of {view.problem.name}", "title")
    yield text(24, 56, f"Cost {verdict.cost:,.0f} = {parts}{bound}")
    yield text(24, 74, f"{counts}. Times are hours and minutes since planning, money is in minor units.")


def _filled(view: PlanView) -> str:
    return f"{sum(run.fill for run in view.runs) / len(view.runs):.0%} full on average" if view.runs else "none to run"


def _legend(painted: Mapping[str, Paint], top: float) -> tuple[list[str], float]:
    """Return what colours and marks mean, on as many lines as they need, and where the page goes on."""
    drawn, x = [], 24.0
    entries: list[tuple[str, list[str]]] = [
        (state, [element("rect", x=0, y=-11, width=18, height=14, rx=2, fill=paint.fill, class_="batch")])
        for state, paint in painted.items()
    ]
    entries += [
        ("changeover", [element("rect", x=0, y=-9, width=18, height=10, class_="change")]),
        ("stayed empty", [element("rect", x=0, y=-11, width=18, height=14, rx=2, fill="#77aadd"),
                          element("rect", x=0, y=-11, width=18, height=8, class_="empty")]),
        ("attended", [element("rect", x=0, y=-11, width=18, height=14, class_="lane")]),
        ("unattended", [element("rect", x=0, y=-11, width=18, height=14, class_="unattended")]),
        ("closed", [element("rect", x=0, y=-11, width=18, height=14, fill="url(#closed)")]),
        ("too late for an order", [element("circle", cx=9, cy=-4, r=7, class_="flag"),
                                   text(9, 0, "!", "mark", text_anchor="middle")]),
    ]  # fmt: skip
    for name, sample in entries:
        width = 24 + width_of(name) + 18
        if x + width > RIGHT and x > 24:
            x, top = 24.0, top + 22
        drawn.append(element("g", *sample, text(24, 0, name), transform=f"translate({x:g} {top:g})"))
        x += width
    return drawn, top + 22


def _strips(runs: tuple[Run, ...]) -> Iterator[tuple[int, int]]:
    """Yield the stretches of time in which something runs."""
    if not runs:
        return
    first, last = min(run.begins for run in runs), max(run.batch.end for run in runs)
    wanted = median(run.batch.end - run.begins for run in runs) * _BATCHES_ON_STRIP
    least = max(wanted, (last - first) / _MOST_STRIPS)
    length = next((length for length in _STRIPS_S if length >= least), 86_400 * (1 + int(least // 86_400)))
    busy = {
        place for run in runs for place in range(run.begins // length, max(run.begins, run.batch.end - 1) // length + 1)
    }
    for place in sorted(busy):
        yield place * length, (place + 1) * length


def _told(view: PlanView, top: float) -> tuple[list[str], float]:
    """Return the late orders and unplanned jobs one by one, and where the page ends."""
    drawn: list[str] = []
    if view.late:
        rows = [
            (
                entry.order.id,
                clock(entry.order.due),
                "unplanned" if entry.done is None else clock(entry.done),
                "" if entry.done is None else clock(entry.done - entry.order.due),
                f"{entry.cost:,.0f}",
                entry.batch or "",
            )
            for entry in view.late[:_TOLD]
        ]
        drawn += table(LEFT, top + ROW, _TABLE, rows, set())
        top += ROW * (len(rows) + 2)
        drawn += _more(len(view.late), "late orders, the costliest first", top)
        top += ROW
    if view.plan.unplanned:
        drawn.append(text(LEFT, top + ROW, f"Unplanned: {', '.join(view.plan.unplanned[:_TOLD])}"))
        top += 2 * ROW
        drawn += _more(len(view.plan.unplanned), "unplanned jobs", top)
    return drawn, top


def _more(count: int, what: str, y: float) -> list[str]:
    return [text(LEFT, y, f"{_TOLD} of {count:,} {what}", "muted")] if count > _TOLD else []
