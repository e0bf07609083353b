"""The picture of one batch: its sheet or slots, beside a table of every piece."""

from collections.abc import Iterator, Mapping, Sequence

from batcher.planning.draw_sheet import outline_of, sheet
from batcher.planning.draw_slots import slots
from batcher.planning.draw_svg import ROW, Paint, element, page, paints, table, text, width_of
from batcher.planning.draw_view import Run, clock, count_of
from batcher.planning.problem import Job, Order

_LEFT, _TOP = 24, 126
#: Longer names than this are cut in the table.
_WIDEST = 300.0


def batch_picture(run: Run, orders: Mapping[str, Order], late: Mapping[str, str], back: str) -> str:
    """
    Return one batch as an SVG document.

    Parameters
    ----------
    run
        The batch.
    orders
        Every order by its id.
    late
        By how much each late order is late, in words.
    back
        Where the picture of the whole plan is, relative to this one.
    """
    groups = {job.id: _group(job) for job in run.jobs}
    painted = paints(groups.values())
    fills = {job: painted[group].fill for job, group in groups.items()}
    behind = frozenset(job.id for job in run.jobs if job.order in late)
    if run.mode.sheet is not None:
        figure, width, height = sheet(run, run.mode.sheet, fills, behind)
    else:
        figure, width, height = slots(run, run.mode.capacity or 0, fills, behind)
    body = [*_header(run, back), element("g", *figure, transform=f"translate({_LEFT} {_TOP})")]
    legend, bottom = _legend(painted, _TOP + height + 26)
    columns, rows = _rows(run, orders, late)
    right = _LEFT + width + 40
    body += legend + table(right, _TOP + 10, columns, rows, {k for k, job in enumerate(run.jobs) if job.id in behind})
    total = right + sum(columns.values()) + 16
    lowest = max(bottom, _TOP + 10 + ROW * (len(rows) + 1))
    return page(max(total, 760), lowest + 12, f"Batch {run.batch.id}", body, painted.values())


def _group(job: Job) -> str:
    """Return what pieces of one colour have in common: their kind, else their outline or size."""
    if job.kind is not None:
        return job.kind
    return f"{job.width} × {job.height}" if job.width else f"size {job.size}"


def _header(run: Run, back: str) -> Iterator[str]:
    batch, mode = run.batch, run.mode
    change = f", after a changeover from {clock(run.begins)}" if run.changeover_s else ""
    if mode.sheet is not None:
        room = f"sheet {mode.sheet.width} × {mode.sheet.height}, gap {mode.sheet.gap}; {run.fill:.1%} of its area used"
    else:
        room = f"{sum(job.size for job in run.jobs):,} of {mode.capacity:,} slots used, {run.fill:.1%}"
    yield text(_LEFT, 34, f"Batch {batch.id}", "title")
    yield text(
        _LEFT,
        58,
        f"{batch.family} on {batch.station}, set up as {run.state}: {count_of(len(run.jobs), 'piece', 'pieces')}",
    )
    yield text(_LEFT, 76, f"Runs from {clock(batch.start)} to {clock(batch.end)}{change}")
    yield text(_LEFT, 94, f"{room[0].upper()}{room[1:]}")
    yield element("a", text(_LEFT, 112, "← the whole plan", "muted"), href=back)


def _legend(painted: Mapping[str, Paint], top: float) -> tuple[list[str], float]:
    """Return what the colours mean, and where that ends."""
    drawn, x = [], float(_LEFT)
    for name, paint in painted.items():
        width = 24 + width_of(name) + 18
        if x > _LEFT and x + width > 800:
            x, top = float(_LEFT), top + 22
        sample = element("rect", x=x, y=top - 11, width=18, height=14, fill=paint.fill, class_="piece")
        drawn += [sample, text(x + 24, top, name)]
        x += width
    return drawn, top


def _rows(
    run: Run, orders: Mapping[str, Order], late: Mapping[str, str]
) -> tuple[dict[str, float], Sequence[tuple[str, ...]]]:
    """Return the table's columns with their widths, and a row for each piece."""
    rows = []
    for number, job in enumerate(run.jobs, 1):
        at = run.batch.placements.get(job.id)
        if run.mode.sheet is not None and at is not None:
            room: tuple[str, ...] = (outline_of(job, at), f"{at.x}, {at.y}", "yes" if at.rotated else "")
        else:
            room = (str(job.size),)
        rows.append((str(number), job.id, job.order, *room, clock(orders[job.order].due), late.get(job.order, "")))
    titles = ("outline", "at", "turned") if run.mode.sheet is not None else ("size",)
    heads = ("no.", "job", "order", *titles, "due", "late by")
    widths = {}
    for place, head in enumerate(heads):
        widest = max(width_of(cell) for cell in (head, *(row[place] for row in rows)))
        widths[head] = min(_WIDEST, widest) + 20
    return widths, rows
