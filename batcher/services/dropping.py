"""
The drop folder: order files in, each put away only after its orders are kept.

Reading and moving files is `intake.folder`'s work; here their orders meet the rules in force and the metrics.
"""

import time
from collections.abc import Sequence

import structlog

from batcher.domain.orders import OrderIn
from batcher.intake.accept import Outcome, accept
from batcher.intake.file_import import RecordResult
from batcher.intake.folder import DropFolder, poll_folder
from batcher.services.context import Floor
from batcher.services.intake import Taken, order_reader, tell_taken

log = structlog.get_logger()

#: Orders from files that do not say where they come from.
SOURCE = "folder"


class OrderDrop:
    """The drop folder of a floor."""

    def __init__(self, floor: Floor) -> None:
        self._floor = floor
        self._folder = DropFolder(floor.settings.orders_dir)

    def poll(self) -> int:
        """Take in what lies there whole; return how many orders."""
        metrics = self._floor.metrics
        try:
            count = self._poll()
        except Exception:
            metrics.source_failures.labels(source=SOURCE).inc()
            raise
        metrics.source_success.labels(source=SOURCE).set(time.time())
        return count

    def _poll(self) -> int:
        parse, count = order_reader(self._floor, SOURCE), 0
        for file in poll_folder(self._folder, parse=parse, take=self._take):
            for fault in file.faults:
                log.warning("order_file_refused", file=file.name, code=fault.code, where=fault.where)
            tell_taken(self._floor, [as_taken(result) for result in file.results], SOURCE)
            count += len(file.results)
        return count

    def _take(self, orders: Sequence[OrderIn]) -> list[Outcome]:
        return accept(self._floor.store, self._floor.rules.current, orders, self._floor.now())


def as_taken(result: RecordResult) -> Taken:
    """Return what became of a record of a file as of any order."""
    return Taken(result.order_id, result.outcome, result.key, result.held_code, result.message, result.faults)
