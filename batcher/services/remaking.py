"""A piece that somebody found spoilt after its station had reported it made: scrapped, and made again."""

import structlog

from batcher.services.context import Floor
from batcher.store import batches

log = structlog.get_logger()


def remake_item(floor: Floor, item_id: str, reason: str, who: str) -> str:
    """
    Scrap a piece and have another made in its place, with the order's own due time; return the new piece's id.

    Raises
    ------
    NotFoundError
        When there is none.
    TransitionError
        When it has not been begun, is in a station's hands, is packed, or is wanted no more.
    """
    with floor.store.write() as session:
        found = batches.scrap_item(session, item_id, reason, floor.now(), who=who)
    floor.metrics.remakes.labels(process=found.process).inc()
    floor.replan.set()
    log.info("item_remade_by_hand", item_id=item_id, remake_id=found.remake, who=who)
    return found.remake
