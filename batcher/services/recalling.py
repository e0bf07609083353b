"""Stations asked not to make what was cancelled after it was sent: told again after every start, until it is over."""

from collections.abc import Mapping
from dataclasses import asdict

import structlog

from batcher.dispatch.recall_folder import RecallFolder
from batcher.errors import DispatchError
from batcher.services.context import Floor
from batcher.store import orders

log = structlog.get_logger()


def tell_recalls(floor: Floor, folders: Mapping[str, RecallFolder]) -> None:
    """Bring every recall folder to what its station has and nobody wants; a folder in trouble is tried again."""
    with floor.store.read() as session:
        found = orders.recalls(session)
    for station, folder in folders.items():
        wanted = {recall.item_id: asdict(recall) for recall in found if recall.station == station}
        try:
            for item_id in folder.tell(wanted):
                log.info("recall_told", station=station, item_id=item_id, ticket_id=wanted[item_id]["ticket_id"])
        except DispatchError as error:
            floor.metrics.dispatch_failures.labels(station=station).inc()
            log.error("recall_not_told", station=station, why=str(error))  # noqa: TRY400 - the message tells it all
