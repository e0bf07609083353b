"""When the next plan is made: at a steady pace, and sooner when the plan in force has been overtaken."""

from datetime import datetime, timedelta

import structlog

from batcher.services.context import Floor
from batcher.services.cycle import plan_cycle
from batcher.services.planner import Planner
from batcher.services.promise import quote_room

log = structlog.get_logger()


class PlanPacer:
    """Makes a plan when one is due; asked a few times in each interval."""

    def __init__(self, floor: Floor, planner: Planner) -> None:
        self._floor, self._planner = floor, planner
        self._last: datetime | None = None

    def turn(self) -> None:
        """Plan if it is time to."""
        now = self._floor.now()
        pace = timedelta(seconds=self._floor.settings.plan_s)
        if self._last is None or now - self._last >= pace or self._floor.replan.is_set():
            self._last = now
            plan_cycle(self._floor, self._planner)
            self._prepare_quotes()

    def _prepare_quotes(self) -> None:
        """Make the plan ready to be asked, so that no quote waits for it; the plan stands whatever comes of it."""
        if not self._floor.quote_rooms.in_use:
            return
        try:
            quote_room(self._floor)
        except Exception as error:
            log.exception("quote_room_broke", error=type(error).__name__)
