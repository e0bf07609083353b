"""A sheet to scale: where each piece lies, which way round, and the gap kept around it. The origin is lower left."""

from collections.abc import Mapping

from batcher.planning.draw_labels import Label, flagged, label
from batcher.planning.draw_svg import element, text, tip
from batcher.planning.draw_view import Run
from batcher.planning.plan import Placement
from batcher.planning.problem import Job, SheetSize

#: The longest a sheet is drawn in either direction, and the margin for its measures.
_LONGEST = 760
_MARGIN = 44

Box = tuple[float, float, float, float]


def sheet(run: Run, size: SheetSize, fills: Mapping[str, str], late: frozenset[str]) -> tuple[list[str], float, float]:
    """
    Return a sheet with its pieces, and how wide and high that is.

    Parameters
    ----------
    run
        A batch with a placement for each job.
    size
        The sheet.
    fills
        What each job is filled with.
    late
        Jobs of orders that are late.
    """
    scale = _LONGEST / max(size.width, size.height)
    width, height = size.width * scale, size.height * scale
    boxes = {job.id: _box(job, run.batch.placements[job.id], size, scale) for job in run.jobs}
    gap = size.gap * scale
    inside = element("clipPath", element("rect", x=_MARGIN, y=0, width=width, height=height), id="inside")
    bands = [element("rect", **_rect((x - gap, y - gap, w + 2 * gap, h + 2 * gap))) for x, y, w, h in boxes.values()]
    drawn = [
        element("defs", inside),
        element("rect", x=_MARGIN, y=0, width=width, height=height, class_="sheet"),
        element("g", *bands, class_="gap", clip_path="url(#inside)") if gap and bands else "",
    ]
    for number, job in enumerate(run.jobs, 1):
        drawn.append(_piece(number, job, run.batch.placements[job.id], boxes[job.id], fills[job.id]))
        if job.id in late:
            drawn.append(flagged(boxes[job.id]))
    drawn += _measures(size, width, height)
    return drawn, _MARGIN + width, height + _MARGIN


def outline_of(job: Job, at: Placement) -> str:
    """Return how wide and high a piece lies on its sheet."""
    width, height = (job.height, job.width) if at.rotated else (job.width, job.height)
    return f"{width} × {height}"


def _box(job: Job, at: Placement, size: SheetSize, scale: float) -> Box:
    width, height = (job.height, job.width) if at.rotated else (job.width, job.height)
    return _MARGIN + at.x * scale, (size.height - at.y - height) * scale, width * scale, height * scale


def _piece(number: int, job: Job, at: Placement, box: Box, fill: str) -> str:
    where, turned = f"at {at.x}, {at.y}", "turned" if at.rotated else ""
    lies = f"{outline_of(job, at)} {turned}".rstrip()
    told = f"{number}: {job.id} of order {job.order}\n{lies} {where}"
    name = label(
        box,
        (
            Label((job.id, outline_of(job, at), where, turned)),
            Label((job.id, lies, where)),
            Label((job.id, where, "↻" if turned else "")),
            Label((f"{number} ↻" if turned else str(number),)),
        ),
    )
    return element("g", tip(told), element("rect", **_rect(box), fill=fill, class_="piece"), name)


def _rect(box: Box) -> dict[str, float]:
    return {"x": box[0], "y": box[1], "width": box[2], "height": box[3]}


def _measures(size: SheetSize, width: float, height: float) -> list[str]:
    """Return the origin and both measures of the sheet at its lower and left side."""
    middle = height / 2
    return [
        text(_MARGIN, height + 18, "0, 0", "muted"),
        text(_MARGIN + width / 2, height + 18, f"{size.width}", "muted", text_anchor="middle"),
        text(30, middle, f"{size.height}", "muted", text_anchor="middle", transform=f"rotate(-90 30 {middle:g})"),
    ]
