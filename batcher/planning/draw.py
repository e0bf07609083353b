"""A plan as pictures: one of the whole, one of each batch, by the names their files should have."""

import re
from collections.abc import Iterable, Iterator

from batcher.planning.draw_batch import batch_picture
from batcher.planning.draw_gantt import gantt
from batcher.planning.draw_view import clock, view
from batcher.planning.plan import Plan, Verdict
from batcher.planning.problem import Problem

#: The picture of the whole plan.
WHOLE = "plan.svg"
#: What the name of each batch's picture begins with.
BATCH = "batch-"


def pictures(problem: Problem, plan: Plan, verdict: Verdict) -> Iterator[tuple[str, str]]:
    """
    Yield every picture as (file name, SVG document); they link to each other when they lie in one directory.

    Parameters
    ----------
    problem, plan
        A plan that keeps every rule of the problem.
    verdict
        What the judge said of it.
    """
    seen = view(problem, plan)
    names = _file_names(run.batch.id for run in seen.runs)
    yield WHOLE, gantt(seen, verdict, names)
    orders = {order.id: order for order in problem.orders}
    late = {
        entry.order.id: "unplanned" if entry.done is None else clock(entry.done - entry.order.due)
        for entry in seen.late
    }
    for run in seen.runs:
        yield names[run.batch.id], batch_picture(run, orders, late, WHOLE)


def _file_names(batches: Iterable[str]) -> dict[str, str]:
    """Return a file name for each batch: its id where a file may be called so, and never two the same in any case."""
    names: dict[str, str] = {}
    taken: set[str] = set()
    for number, batch in enumerate(batches, 1):
        stem = re.sub(r"[^A-Za-z0-9._-]+", "_", batch)[:80]
        while stem.lower() in taken:
            stem = f"{stem}-{number}"
        taken.add(stem.lower())
        names[batch] = f"{BATCH}{stem}.svg"
    return names
