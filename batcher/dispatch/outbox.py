"""
Sends what has been released: the only caller of transports.

Each step is committed before the next is taken, so that after a crash at any moment the outbox knows what was done:
stage the file, commit *sending*, note it, publish, commit *delivered*. A ticket found in *sending* is published again,
to no effect when it was.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import groupby
from pathlib import Path, PurePath

from batcher.dispatch.ticket import ticket_bytes
from batcher.dispatch.transport import Transport
from batcher.domain.batches import Ticket
from batcher.domain.states import TicketState
from batcher.errors import DispatchError
from batcher.store import batches
from batcher.store.batches import TicketHead
from batcher.store.session import Session, Store

#: First and longest wait between tries, doubling in between.
_BACKOFF_S, _BACKOFF_LIMIT_S = 2.0, 300.0
#: Tickets of one turn: those that were released first, so that a long queue is handed over as it is worked off.
_MOST = 500
#: In these states a ticket has still to be published.
_UNPUBLISHED = (TicketState.RELEASED, TicketState.SENDING)


@dataclass(frozen=True)
class Sent:
    """One try: delivered, or why not."""

    ticket_id: str
    station: str
    delivered: bool
    error: str = ""
    reason: str = ""  #: of the error, as a word
    waited_s: float = 0.0  #: since its release


def send_pending(
    store: Store, transports: Mapping[str, Transport], now: datetime, artwork: Path | None = None, *, hands: int = 1
) -> list[Sent]:
    """
    Try every ticket whose time has come; a station in trouble holds up only its own tickets, in their order.

    All tickets of one turn share their two commits: what is staged is committed as *sending* before any of it is
    published, and what was published as *delivered* after all of it was.

    Parameters
    ----------
    artwork
        Where the artwork is kept that tickets name.
    hands
        Stations that are served at the same time, each by one hand: most of the time is spent waiting for the disk,
        and those that wait for it together wait hardly longer than one.
    """
    turn = _Turn(store, transports, now, artwork)
    released = [ticket for ticket in _pending(store, transports, now) if ticket.state is TicketState.RELEASED]
    _by_station(released, turn.stage_all, hands)
    sending = turn.commit_sending()
    on_their_way = [
        ticket
        for ticket in _pending(store, transports, now)
        if ticket.state is TicketState.SENDING and (ticket.id in sending or not turn.fresh(ticket))
    ]
    _by_station(on_their_way, turn.publish_all, hands)
    turn.commit_delivered()
    return turn.results


def _pending(store: Store, transports: Mapping[str, Transport], now: datetime) -> list[Ticket]:
    """Return the tickets to be tried now: none of a station behind one that still has to wait."""
    with store.read() as session:
        found = batches.tickets(session, states=_UNPUBLISHED)
    due: list[Ticket] = []
    waiting: set[str] = set()
    for ticket in found:
        if ticket.next_attempt_at is not None and ticket.next_attempt_at > now:
            waiting.add(ticket.station)
        if ticket.station in transports and ticket.station not in waiting:
            due.append(ticket)
    first = sorted(due, key=lambda ticket: ticket.released_at)[:_MOST]
    return sorted(first, key=lambda ticket: (ticket.station, ticket.sequence))


def _by_station(tickets: Sequence[Ticket], step: Callable[[Sequence[Ticket]], None], hands: int) -> None:
    """Take a step with the tickets of each station, in their order."""
    groups = [list(group) for _, group in groupby(tickets, key=lambda ticket: ticket.station)]
    if min(hands, len(groups)) <= 1:
        for group in groups:
            step(group)
        return
    with ThreadPoolExecutor(min(hands, len(groups)), thread_name_prefix="hand-over") as pool:
        list(pool.map(step, groups))


class _Turn:
    """One turn of the outbox."""

    def __init__(self, store: Store, transports: Mapping[str, Transport], now: datetime, artwork: Path | None) -> None:
        self._store, self._transports, self._now, self._artwork = store, transports, now, artwork
        self._staged: list[Ticket] = []
        self._published: list[Ticket] = []
        self._staged_ids: set[str] = set()
        self._stuck: set[str] = set()
        self.results: list[Sent] = []

    def fresh(self, ticket: Ticket) -> bool:
        """Tell whether this turn has staged a ticket."""
        return ticket.id in self._staged_ids

    def stage_all(self, tickets: Sequence[Ticket]) -> None:
        """Stage the tickets of one station."""
        for ticket in tickets:
            self._stage(ticket)

    def _stage(self, ticket: Ticket) -> None:
        """Put its artwork into its station's folder, then write a ticket beside it."""
        files = {} if self._artwork is None else artwork_files(ticket, self._artwork)
        placed = all(self._does(ticket, partial(_place, name, file)) for name, file in files.items())
        if not placed:
            return
        if self._does(ticket, lambda to: to.stage(ticket.id, ticket_bytes(ticket.document))):
            self._staged.append(ticket)
            self._staged_ids.add(ticket.id)

    def commit_sending(self) -> set[str]:
        """Commit what is staged as on its way; what was taken back meanwhile is thrown away."""
        if not self._staged:
            return set()
        with self._store.write() as session:
            heads = _standing(session, self._staged, TicketState.RELEASED)
            batches.move_tickets(session, heads, TicketState.SENDING, self._now)
        wanted = {head.id for head in heads}
        for ticket in self._staged:
            if ticket.id not in wanted:
                self._discard(ticket)
        return wanted

    def _discard(self, ticket: Ticket) -> None:
        self._does(ticket, lambda to: to.discard(ticket.id))

    def publish_all(self, tickets: Sequence[Ticket]) -> None:
        """Publish the tickets of one station; before that its transport keeps which they are, or is in trouble."""
        self._does(tickets[0], partial(_note, [ticket.document for ticket in tickets]))
        for ticket in tickets:
            self._publish(ticket)

    def _publish(self, ticket: Ticket) -> None:
        """Make a ticket visible to its station."""
        epoch = self._sent_in(ticket)
        if self._does(ticket, lambda to: to.publish(ticket.id, epoch)):
            self._published.append(ticket)
            waited_s = (self._now - ticket.released_at).total_seconds()
            self.results.append(Sent(ticket.id, ticket.station, delivered=True, waited_s=waited_s))

    def _sent_in(self, ticket: Ticket) -> int | None:
        """Return the epoch of the leader that committed a ticket as on its way; none: this turn has."""
        if self.fresh(ticket):
            return None
        with self._store.read() as session:
            return batches.sent_in_epoch(session, ticket.id)

    def commit_delivered(self) -> None:
        """Commit the deliveries, but for tickets whose station's own report has overtaken it."""
        if not self._published:
            return
        with self._store.write() as session:
            heads = _standing(session, self._published, TicketState.SENDING)
            batches.move_tickets(session, heads, TicketState.DELIVERED, self._now)

    def _does(self, ticket: Ticket, what: Callable[[Transport], None]) -> bool:
        """Take a step at a ticket's station, unless that is in trouble; a failure is kept, and tried again later."""
        if ticket.station in self._stuck:
            return False
        try:
            what(self._transports[ticket.station])
        except DispatchError as error:
            self._stuck.add(ticket.station)
            _note_failure(self._store, ticket, str(error), self._now)
            self.results.append(Sent(ticket.id, ticket.station, delivered=False, error=str(error), reason=error.reason))
            return False
        return True


def artwork_files(ticket: Ticket, directory: Path) -> dict[str, Path]:
    """Return where the artwork that a ticket names is kept, by the name that it has beside the ticket."""
    listed = ticket.document.get("items", [])
    assert isinstance(listed, list), "a ticket lists its pieces"
    named = {item["artwork_file"]: item["artwork_sha256"] for item in listed if item.get("artwork_file")}
    return {name: directory / sha[:2] / f"{sha}{PurePath(name).suffix}" for name, sha in named.items()}


def _place(name: str, file: Path, to: Transport) -> None:
    to.place(name, file)


def _note(documents: Sequence[Mapping[str, object]], to: Transport) -> None:
    to.note(documents)


def _standing(session: Session, tickets: Iterable[Ticket], state: TicketState) -> list[TicketHead]:
    """Return those of some tickets that still stand in a state, in the order of their ids."""
    heads = batches.ticket_heads(session, [ticket.id for ticket in tickets])
    return [head for _, head in sorted(heads.items()) if head.state is state]


def _note_failure(store: Store, ticket: Ticket, error: str, now: datetime) -> None:
    wait_s = min(_BACKOFF_LIMIT_S, _BACKOFF_S * 2.0 ** min(ticket.attempts, 16))
    with store.write() as session:
        state = batches.get_ticket(session, ticket.id).state
        if state in _UNPUBLISHED:
            batches.move_ticket(
                session, ticket.id, state, now, error=error, next_attempt_at=now + timedelta(seconds=wait_s)
            )
