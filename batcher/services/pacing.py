"""When the next plan is made: at a steady pace, and sooner when the plan in force has been overtaken."""

from datetime import datetime, timedelta

from batcher.services.context import Floor
from batcher.services.cycle import plan_cycle
from batcher.services.promise import quote_room


class PlanPacer:
    """Makes a plan when one is due; asked a few times in each interval."""

    def __init__(self, floor: Floor) -> None:
        self._floor = floor
        self._last: datetime | None = None

    def turn(self) -> None:
        """Plan if it is time to."""
        now = self._floor.now()
        pace = timedelta(seconds=self._floor.settings.plan_s)
        if self._last is None or now - self._last >= pace or self._floor.replan.is_set():
            self._last = now
            plan_cycle(self._floor)
            quote_room(self._floor)  # now, so that no quote waits for it
