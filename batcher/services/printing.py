"""
Paper of released batches: made from the ticket as it was sent, whenever somebody asks, and left beside it if wanted.

How a page looks is `dispatch.printing`'s part. What is on it is personal as the ticket is, and forgotten with it.
"""

from collections.abc import Callable
from pathlib import Path

import structlog

from batcher.dispatch.folders import station_folders
from batcher.dispatch.printing.document import Printed, Room, read_printed
from batcher.dispatch.printing.labels import labels_pdf
from batcher.dispatch.printing.sheet import sheet_pdf
from batcher.dispatch.ticket import TicketItem
from batcher.errors import NotFoundError
from batcher.rules.ruleset import RuleSet
from batcher.services.context import Floor
from batcher.settings import Settings
from batcher.store import batches, orders

log = structlog.get_logger()

#: What can be printed, by the name of its file.
PAPERS: dict[str, Callable[[Printed, Settings], bytes]] = {
    "sheet": lambda printed, settings: sheet_pdf(printed, settings.paper),
    "labels": lambda printed, settings: labels_pdf(printed, settings.label_mm),
}


def print_batch(floor: Floor, ref: str, paper: str, *, texts: bool = True) -> bytes:
    """
    Return the sheet or the labels of a batch as PDF.

    Parameters
    ----------
    ref
        Its id, or its ticket's.
    texts
        Whether what customers wrote is on it.

    Raises
    ------
    NotFoundError
        There is no such batch.
    """
    with floor.store.read() as session:
        try:
            ticket = batches.ticket_of_batch(session, ref)
        except NotFoundError:
            ticket = batches.get_ticket(session, ref)
    rules = floor.rules.current
    printed = read_printed(ticket.document, lambda item: _room(rules, item), rules.site.zone, texts=texts)
    return PAPERS[paper](printed, floor.settings)


def leave_papers(floor: Floor, ticket_id: str, station: str) -> None:
    """Leave the paper of a ticket where its station finds it; paper that cannot be written holds up nothing."""
    folder = _folder(floor, station)
    if not floor.settings.ticket_papers or folder is None:
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for paper in PAPERS:
            part = folder / f"{ticket_id}.{paper}.part"
            part.touch(mode=0o640)  # a text is somebody's name
            part.write_bytes(print_batch(floor, ticket_id, paper))
            part.replace(folder / f"{ticket_id}.{paper}.pdf")
    except OSError as error:
        log.warning("paper_not_left", ticket_id=ticket_id, station=station, why=str(error))


def forget_papers(floor: Floor, order_key: str) -> list[str]:
    """Remove the papers on which an order stands; return their names."""
    with floor.store.read() as session:
        found = [batches.ticket_of_job(session, job.id) for job in orders.jobs_of(session, order_key)]
    removed = []
    for ticket in filter(None, found):
        folder = _folder(floor, ticket.station)
        for path in sorted(folder.glob(f"{ticket.id}.*.pdf")) if folder is not None else ():
            path.unlink(missing_ok=True)
            removed.append(path.name)
    return removed


def forget_older_papers(floor: Floor, before_s: float) -> None:
    """Remove the papers that were left before a moment, in seconds since 1970."""
    for station in floor.rules.current.stations:
        folder = _folder(floor, station)
        for path in sorted(folder.glob("*.pdf")) if folder is not None else ():
            if path.lstat().st_mtime < before_s:
                path.unlink(missing_ok=True)


def _folder(floor: Floor, station: str) -> Path | None:
    found = floor.rules.current.stations.get(station)
    return None if found is None else station_folders(floor.settings.state_dir, found).papers


def _room(rules: RuleSet, item: TicketItem) -> Room:
    """Return how much room a piece takes by the rules in force; they may not know its product any more."""
    product = rules.products.get(item.product)
    if product is None or item.step > len(product.route):
        return Room()
    step = product.route[item.step - 1]
    return Room(step.size, step.width_mm, step.height_mm)
