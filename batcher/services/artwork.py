"""
Artwork of held orders fetched, kept once by its hash, and the orders let go; what cannot be had is told with a reason.

Orders that name an address come in held with `artwork_pending`, so that no ticket is ever made without its artwork and
nothing else waits. What was fetched is on the disk before the database says so.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import structlog

from batcher.dispatch.disk import Disk
from batcher.domain.ids import new_id
from batcher.domain.orders import Order
from batcher.domain.states import OrderState
from batcher.errors import FetchError, NotFoundError, TransitionError
from batcher.intake.artwork import Fetched, fetch_artwork
from batcher.net.exchange import Limits
from batcher.services.actions import release_order
from batcher.services.context import Floor
from batcher.store import artworks, orders
from batcher.store.artworks import Artwork
from batcher.store.order_lists import OrderFilter, find_page

log = structlog.get_logger()

#: The codes of orders that are held for their artwork: not there yet, not to be had, not what was ordered.
PENDING, MISSING, WRONG = "artwork_pending", "artwork_missing", "artwork_wrong"
#: What is wrong with a file that came, as against one that did not come.
_WRONG = frozenset({"checksum", "kind", "empty", "too_large", "pixels"})
_FIRST_WAIT_S, _LONGEST_WAIT_S = 10.0, 3600.0
_ORDERS_AT_ONCE, _FETCHED_AT_ONCE = 200, 4
#: Tries after which an order says that its artwork cannot be had; it is tried on.
_PATIENCE = 3


def artwork_dir(state_dir: Path) -> Path:
    """Return where artwork is kept."""
    return state_dir / "artwork"


@dataclass(frozen=True)
class ArtworkDesk:
    """
    Fetches artwork.

    Parameters
    ----------
    chance
        A number from 0 to 1, another one each time.
    """

    floor: Floor
    chance: Callable[[], float]

    def turn(self) -> int:
        """Fetch what held orders need and is due, and let go those that have all of theirs; return how many."""
        waiting = self._waiting()
        now = self.floor.now()
        due = {art.id: art for _, needed in waiting for art in needed if art.sha256 is None and art.next_at <= now}
        if due:
            with ThreadPoolExecutor(_FETCHED_AT_ONCE, thread_name_prefix="artwork") as pool:
                due = {art.id: art for art in pool.map(self._fetch, due.values())}
        return sum(self._settle(order, [due.get(art.id, art) for art in needed]) for order, needed in waiting)

    def _waiting(self) -> list[tuple[Order, list[Artwork]]]:
        """Return the orders that are held for their artwork, each with what it needs."""
        now, found = self.floor.now(), []
        with self.floor.store.read() as session:
            held = [
                order
                for code in (PENDING, MISSING, WRONG)
                for order in find_page(
                    session, OrderFilter(states=[OrderState.HELD], held_code=code), limit=_ORDERS_AT_ONCE
                )
            ]
        if not held:
            return []
        with self.floor.store.write() as session:
            for order in held:
                lines = orders.order_content(session, order.key).lines
                found.append((order, artworks.need_artworks(session, order.key, lines, now)))
        return found

    def _fetch(self, artwork: Artwork) -> Artwork:
        settings = self.floor.settings
        limits = Limits(settings.artwork_timeout_s, settings.artwork_mb * 2**20, private=settings.private_artwork)
        try:
            fetched = fetch_artwork(artwork.url, artwork.expected, limits, settings.artwork_hosts)
            keep_file(artwork_dir(settings.state_dir), fetched)
        except FetchError as error:
            return self._noted(self._later(artwork, error), error.reason)
        there = replace(
            artwork, sha256=fetched.sha256, kind=fetched.kind, size=len(fetched.content),
            attempts=artwork.attempts + 1, code=None, why=None,
        )  # fmt: skip
        return self._noted(there, "fetched")

    def _later(self, artwork: Artwork, error: FetchError) -> Artwork:
        wait_s = min(_FIRST_WAIT_S * 2 ** min(artwork.attempts, 20), _LONGEST_WAIT_S) * (0.5 + self.chance() / 2)
        next_at = self.floor.now() + timedelta(seconds=max(wait_s, error.retry_after_s))
        code = WRONG if error.reason in _WRONG else MISSING
        return replace(artwork, attempts=artwork.attempts + 1, next_at=next_at, code=code, why=str(error))

    def _noted(self, artwork: Artwork, outcome: str) -> Artwork:
        with self.floor.store.write() as session:
            artworks.note_artwork(session, artwork)
        self.floor.metrics.artworks.labels(outcome=outcome).inc()
        return artwork

    def _settle(self, order: Order, needed: list[Artwork]) -> bool:
        """Let an order go that has all of its artwork, or say what it lacks; tell whether it was let go."""
        lacking = [art for art in needed if art.sha256 is None]
        try:
            if not lacking:
                release_order(self.floor, order.key, "artwork")
                return True
            told = [art for art in lacking if art.code == WRONG or art.attempts >= _PATIENCE]
            if told and (order.held_code, order.held_reason) != (told[0].code, _reason(told[0])):
                with self.floor.store.write() as session:
                    orders.hold_otherwise(session, order.key, str(told[0].code), _reason(told[0]), self.floor.now())
                log.warning("artwork_lacking", order_key=order.key, code=told[0].code, why=told[0].why)
        except (TransitionError, NotFoundError) as error:  # somebody was faster, or something else is wrong with it
            log.info("artwork_order_not_released", order_key=order.key, why=str(error))
        return False


def _reason(artwork: Artwork) -> str:
    return f"its artwork cannot be used: {artwork.why}; it is asked for again, or change the order"


def keep_file(directory: Path, fetched: Fetched) -> Path:
    """Keep a file under its hash; what is on the disk when this returns stays there."""
    path = directory / fetched.sha256[:2] / f"{fetched.sha256}.{fetched.kind}"
    if path.is_file() and path.stat().st_size == len(fetched.content):
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    disk = Disk()
    part = path.with_name(f"{new_id()}.part")  # two addresses may hold the same picture
    disk.write_new(part, fetched.content)
    part.replace(path)
    disk.sync_folder(path.parent)
    return path


def stored_file(directory: Path, file: str) -> Path:
    """Return where a file is kept, by its name."""
    return directory / file[:2] / file
