"""
Orders that break planning: found by planning parts of the queue, and put on hold, so that the others are planned.

An order is blamed only for what happens with it, again when tried again, and not without it. What breaks on nothing, on
everything, or only on many orders together is no order's fault: nobody is blamed.
"""

import time
from collections.abc import Callable, Collection, Mapping, Sequence

import structlog

from batcher.domain.reservations import RESERVATION_KEY
from batcher.errors import TransitionError
from batcher.services.context import Floor
from batcher.store import orders, reservations

log = structlog.get_logger()

#: The code such an order is held with; that of one whose pieces keep failing; both, which a person lets go as they are.
QUARANTINED, KEEPS_FAILING = "quarantined", "keeps_failing"
QUARANTINE_CODES = (QUARANTINED, KEEPS_FAILING)
#: Orders that only together break planning: more than so many, and it is their number that breaks it.
_MOST_TOGETHER = 3
#: However few orders there are, so many may be blamed at once; else a quarter of them.
_BLAMED_AT_LEAST = 3
#: Of what an error says, so much is kept for people.
_MOST_TOLD = 200

#: Plans these orders alone, by key; raises what breaks.
Attempt = Callable[[Collection[str]], object]


def find_culprits(keys: Sequence[str], attempt: Attempt, *, budget_s: float) -> dict[str, Exception]:
    """
    Return the orders without which planning works again, each with what it raises; none when no order is to blame.

    Parameters
    ----------
    keys
        The orders that cannot be planned together, the oldest first.
    attempt
        Plans some of them.
    budget_s
        Wall seconds; who has been found out by then is returned.
    """
    search = _Search(attempt, time.monotonic() + budget_s)
    left, culprits = list(keys), dict[str, Exception]()
    most = max(_BLAMED_AT_LEAST, len(left) // 4)
    try:
        if search.error(()) is not None:
            return {}
        while search.error(left) is not None:
            found = search.culprit(left)
            if found is None:
                break
            culprits[found[0]] = found[1]
            left.remove(found[0])
            if len(culprits) > most:
                return {}
    except TimeoutError:
        log.warning("quarantine_out_of_time", found=len(culprits))
    return culprits if search.planned >= len(culprits) else {}


def find_deadly(keys: Sequence[str], attempt: Attempt, *, budget_s: float) -> dict[str, Exception]:
    """
    Return the one order without which a search comes to an answer, with what it ends with; none when there is none.

    Where the greedy plan of a few orders is the best, no search is needed and none can be seen to end. So orders are
    not tried by themselves, as `find_culprits` does, but left out.

    Parameters
    ----------
    keys
        The orders for which no search comes to an answer.
    attempt
        Has some of them searched; raises what the search ends with.
    budget_s
        Wall seconds; nobody is blamed when they are over.
    """
    search = _Search(attempt, time.monotonic() + budget_s)
    suspects = list(keys)

    def without(some: Collection[str]) -> Exception | None:
        return search.error([key for key in keys if key not in some])

    try:
        while len(suspects) > 1:
            half = suspects[: len(suspects) // 2]
            suspects = half if without(half) is None else suspects[len(half) :]
        if without(suspects) is not None:
            return {}
        other = [key for key in keys if key not in suspects][:1]
        error = without(other) if other else None  # one order less does not help, unless it is the one
        return {} if error is None else {suspects[0]: error}
    except TimeoutError:
        log.warning("quarantine_out_of_time", found=0)
        return {}


class _Search:
    """Plans part after part, and remembers how many orders have been planned without a fault."""

    def __init__(self, attempt: Attempt, deadline: float) -> None:
        self._attempt, self._deadline = attempt, deadline
        self.planned = 0

    def error(self, keys: Collection[str]) -> Exception | None:
        """
        Return what planning these orders raises.

        Raises
        ------
        TimeoutError
            When there is no time left to try.
        """
        if time.monotonic() > self._deadline:
            raise TimeoutError
        try:
            self._attempt(keys)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is what we look for
            return error
        self.planned = max(self.planned, len(keys))
        return None

    def culprit(self, keys: Sequence[str]) -> tuple[str, Exception] | None:
        """Return one order that is to blame that these cannot be planned, with what it raises."""
        together = self._together(keys)
        error = self.error(together) if together else None  # once more: what comes and goes is no order's fault
        if error is None:
            return None
        if len(together) == 1:
            return together[0], error
        for key in together:
            if self.error([other for other in keys if other != key]) is None:
                return key, error
        return None

    def _together(self, keys: Sequence[str]) -> list[str]:
        """Return the fewest orders that break planning by themselves, the youngest first; none when they are many."""
        needed: list[str] = []
        pool = list(keys)
        while pool and len(needed) < _MOST_TOGETHER:
            works, breaks = 0, len(pool)  # how many of the pool may be added to those that are needed
            while breaks - works > 1:
                middle = (works + breaks) // 2
                if self.error([*needed, *pool[:middle]]) is None:
                    works = middle
                else:
                    breaks = middle
            needed.append(pool[breaks - 1])
            del pool[breaks - 1 :]
            if self.error(needed) is not None:
                return needed
        return []


def quarantine(floor: Floor, culprits: Mapping[str, Exception]) -> None:
    """Hold orders that break planning until a person lets them go, and give up such reservations; not what is over."""
    if not culprits:
        return
    now = floor.now()
    for key, error in culprits.items():
        try:
            with floor.store.write() as session:
                if key.startswith(RESERVATION_KEY):
                    ident, told = key.removeprefix(RESERVATION_KEY), {"who": QUARANTINED}
                    reservations.give_up_reservation(session, ident, now, told)
                else:
                    orders.hold_order(session, key, QUARANTINED, _reason(error), now)
        except TransitionError as overtaken:
            log.info("quarantine_overtaken", order_key=key, why=str(overtaken))
            continue
        # the error's text may quote the order: it is for those who may see the order
        log.error("order_quarantined", order_key=key, error=type(error).__name__)
    floor.replan.set()
    tell_quarantined(floor)


def tell_quarantined(floor: Floor) -> None:
    """Set the alarm's gauge."""
    with floor.store.read() as session:
        floor.metrics.orders_quarantined.set(orders.count_held(session, QUARANTINE_CODES))


def _reason(error: Exception) -> str:
    told = f"{type(error).__name__}: {error}"[:_MOST_TOLD]
    return (
        f"planning breaks on this order ({told}); the others are planned without it. "
        "Mend what is wrong with it, its product or the rules and release it, or cancel it."
    )
