"""The plan in force as the board reads it: taken apart once for each plan, however many look."""

import threading

from batcher.services.plan_view import PlanView, plan_view
from batcher.store import batches, board
from batcher.store.session import Session


class PlanReader:
    """Keeps the newest plan, indexed, until there is a newer one; safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._id: str | None = None
        self._view: PlanView | None = None

    def read(self, session: Session) -> PlanView | None:
        """Return the newest plan; none before the first."""
        newest = board.latest_plan_id(session)
        with self._lock:
            if newest != self._id:
                stored = batches.latest_plan(session)
                self._view = None if stored is None else plan_view(stored)
                self._id = None if stored is None else stored.id
            return self._view
