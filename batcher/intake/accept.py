"""
What becomes of a well-formed order: judged by the rules, then kept, once.

An order that cannot be made is accepted and held with a reason that a person can act on; it never blocks others.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from batcher.domain.orders import Order, OrderIn, OrderLine, Promise
from batcher.domain.states import OrderState
from batcher.errors import ConfigError, OrderRejectedError
from batcher.intake.reserved import Claim, claims
from batcher.rules.facts import job_facts, kind_of_piece
from batcher.rules.floor import CatalogueEntry, Product
from batcher.rules.ruleset import RuleSet
from batcher.rules.sla import promise
from batcher.rules.texts import text_faults
from batcher.store import reservations
from batcher.store.orders import Added, Held, NewOrder, NewPiece, add_orders, seen_orders
from batcher.store.restored import unaccounted
from batcher.store.session import Session, Store

#: How the date of an order came about that has none yet.
NOTHING_PROMISED = "nothing is promised until the order is released"
_CONFLICT = "came in before with other content; it was kept as it was"
#: The code of an order that may have been made before the database was restored from a backup.
SENT_BEFORE = "sent_before_restore"
#: Orders kept in one commit: a write lasts well under a second.
CHUNK = 500


@dataclass(frozen=True)
class Judged:
    """What the rules say to an order."""

    promise: Promise
    pieces: tuple[NewPiece, ...]
    held: Held | None


@dataclass(frozen=True)
class Outcome:
    """What became of one order."""

    order_id: str
    key: str | None  #: none for a conflict
    outcome: str  #: created, replayed or conflict; not_kept when another of its list kept it out
    held_code: str | None = None
    message: str = ""
    leave_by_at: datetime | None = None


def judge(rules: RuleSet, order: OrderIn, now: datetime, *, artwork_there: bool = False) -> Judged:
    """
    Return an order's promise and pieces, and why it must be held, if so; the first reason gives the code.

    Parameters
    ----------
    artwork_there
        The artwork that its lines refer to by an address is in the house.
    """
    reasons = []
    try:
        promised = promise(rules, order, now)
    except OrderRejectedError as error:
        reasons += [Held(fault.code, fault.message) for fault in error.faults]
        promised = _no_promise(order)
    except ConfigError as error:
        reasons.append(Held("service_without_collection", str(error)))
        promised = _no_promise(order)
    pieces: list[NewPiece] = []
    for line in order.lines:
        entry = rules.entry(line.sku)
        product = None if entry is None else rules.products.get(entry.product)
        if entry is None or product is None:
            reasons.append(Held("sku_unknown", f"line {line.line_id}: no SKU {line.sku} in the catalogue; add it"))
            continue
        reasons += [Held(held.code, f"line {line.line_id}: {held.reason}") for held in _unmakeable(product, line)]
        pieces += _pieces(product, entry, line)
    if not reasons:
        reasons = [*dict.fromkeys(_unplaceable(rules, order, promised, pieces))]
    if not reasons and not promised.possible:
        late = "too late already when it came in: the work alone takes longer than until its leave-by time"
        reasons.append(Held("service_impossible", f"{late}; release it to have it made as soon as can be"))
    if not reasons and not artwork_there and any(line.fetches_artwork for line in order.lines):
        reasons.append(Held("artwork_pending", "its artwork is being fetched"))
    held = Held(reasons[0].code, "; ".join(reason.reason for reason in reasons)) if reasons else None
    return Judged(promised, tuple(pieces), held)


def accept(
    store: Store, rules: RuleSet, orders: Sequence[OrderIn], now: datetime, *, together: bool = False
) -> list[Outcome]:
    """
    Keep orders, each with its outcome in the same place; what this returns is on disk.

    Parameters
    ----------
    together
        In one commit, and none of them when one is a conflict: the others are ``not_kept`` then.

    Raises
    ------
    StoreError
        When the database refuses; of a long list the first parts may have been kept, and sending it again is safe.
    """
    outcomes = []
    chunk = max(1, len(orders)) if together else CHUNK
    for start in range(0, len(orders), chunk):
        judged = [_judged(rules, order, now) for order in orders[start : start + chunk]]
        with store.write() as session:
            wanted, added = _kept(session, judged, now)
            undone = together and None in added
            if undone:
                session.rollback()
        told = [_outcome(*kept) for kept in zip(wanted, added, strict=True)]
        outcomes += [_not_kept(outcome) for outcome in told] if undone else told
    return outcomes


def _kept(session: Session, judged: Sequence[NewOrder], now: datetime) -> tuple[list[Claim], list[Added | None]]:
    """Keep orders, and let those that are new have the reservations they name."""
    named = [new.order.reservation for new in judged if new.order.reservation]
    wanted = claims(_sent_before(session, judged), reservations.standing_of(session, named, now))
    added = add_orders(session, [claim.new for claim in wanted], now)
    for claim, kept in zip(wanted, added, strict=True):
        if claim.takes is not None and kept is not None and kept.created:
            reservations.take_reservation(session, claim.takes.id, kept.key, now)
    return wanted, added


def known_orders(store: Store, orders: Sequence[OrderIn]) -> list[Outcome | None]:
    """Tell for each order whether it came in before, and with the same content; none: it did not."""
    with store.read() as session:
        seen = seen_orders(session, orders)
    return [_known(order, seen.get((order.source, order.order_id))) for order in orders]


def _known(order: OrderIn, seen: tuple[str, str] | None) -> Outcome | None:
    if seen is None:
        return None
    key, content_hash = seen
    if content_hash != order.content_hash:
        return Outcome(order.order_id, None, "conflict", message=_CONFLICT)
    return Outcome(order.order_id, key, "replayed")


def _not_kept(outcome: Outcome) -> Outcome:
    if outcome.outcome == "conflict":
        return outcome
    return Outcome(outcome.order_id, None, "not_kept", message="another order of the list was refused")


def _judged(rules: RuleSet, order: OrderIn, now: datetime) -> NewOrder:
    judged = judge(rules, order, now)
    return NewOrder(order, judged.promise, judged.pieces, judged.held)


def _sent_before(session: Session, new: Sequence[NewOrder]) -> Sequence[NewOrder]:
    """Hold orders whose pieces a station was sent before the database was restored: they may be made already."""
    lost = unaccounted(session, [(entry.order.source, entry.order.order_id) for entry in new])
    if not lost:
        return new
    return [_held_as_sent(entry, lost.get((entry.order.source, entry.order.order_id))) for entry in new]


def _held_as_sent(entry: NewOrder, tickets: str | None) -> NewOrder:
    if tickets is None:
        return entry
    return replace(entry, held=Held(SENT_BEFORE, f"pieces of it were sent on {tickets}, before a restore; look there"))


def _outcome(claim: Claim, added: Added | None) -> Outcome:
    new = claim.new
    order_id, held = new.order.order_id, new.held
    if added is None:
        return Outcome(order_id, None, "conflict", message=_CONFLICT)
    if not added.created:
        return Outcome(order_id, added.key, "replayed")
    promised = new.promise
    leave_by_at = None if promised.how == NOTHING_PROMISED else promised.leave_by_at
    if held is None:
        return Outcome(order_id, added.key, "created", message=claim.message, leave_by_at=leave_by_at)
    return Outcome(order_id, added.key, "created", held.code, held.reason, leave_by_at)


def _no_promise(order: OrderIn) -> Promise:
    return Promise(order.placed_at, 0, 0, NOTHING_PROMISED, possible=False)


def _unmakeable(product: Product, line: OrderLine) -> Iterator[Held]:
    for code, reason in text_faults(product.text, product.id, line.text):
        yield Held(code, reason)
    if line.quantity > product.max_quantity:
        yield Held("quantity_unmakeable", f"{line.quantity} pieces, of a {product.id} at most {product.max_quantity}")


def _pieces(product: Product, entry: CatalogueEntry, line: OrderLine) -> list[NewPiece]:
    piece = NewPiece(
        line_id=line.line_id,
        sku=line.sku,
        product=product.id,
        finish=entry.finish,
        text=line.text,
        artwork=line.artwork,
        attributes=line.attributes,
        processes=tuple(step.process for step in product.route),
    )
    return [piece] * line.quantity


def _unplaceable(rules: RuleSet, order: OrderIn, promised: Promise, pieces: Sequence[NewPiece]) -> Iterator[Held]:
    """Yield why a step of a piece could never be planned: no batch rule takes it, or no station runs it."""
    size = sum(line.quantity for line in order.lines)
    for piece in {piece.line_id: piece for piece in pieces}.values():
        kind = kind_of_piece(
            rules,
            order,
            product=piece.product,
            finish=piece.finish,
            sku=piece.sku,
            attributes=piece.attributes,
        )
        obstacles = rules.remembered.answer(
            ("obstacles", size, kind), partial(_obstacles, rules, order, promised, piece)
        )
        for held in obstacles:
            yield replace(held, reason=f"line {piece.line_id}, {held.reason}")


def _obstacles(rules: RuleSet, order: OrderIn, promised: Promise, piece: NewPiece) -> list[Held]:
    obstacles = []
    ordered, item = _as_order(order, promised), piece.as_item()
    for step in range(1, len(piece.processes) + 1):
        facts = job_facts(rules, ordered, item, step)
        rule = rules.match(facts)
        where = f"step {step} ({facts.process} on {facts.fixture})"
        if rule is None:
            obstacles.append(Held("no_batch_rule", f"{where}: no batch rule takes it; add one or widen one"))
        elif not rules.stations_for(rules.fixtures[facts.fixture], rule):
            obstacles.append(Held("no_station", f"{where}: no station of rule {rule.id} can run it"))
    return obstacles


def _as_order(order: OrderIn, promised: Promise) -> Order:
    return Order(
        key="",
        source=order.source,
        order_id=order.order_id,
        state=OrderState.WAITING,
        placed_at=order.placed_at,
        received_at=order.placed_at,
        service=order.service,
        tier=order.tier,
        channel=order.channel,
        country=order.country,
        carrier=order.carrier,
        attributes=order.attributes,
        leave_by_at=promised.leave_by_at,
        late_cost_minor=promised.late_cost_minor,
        late_cost_per_hour_minor=promised.late_cost_per_hour_minor,
        due_how=promised.how,
        pieces=sum(line.quantity for line in order.lines),
    )
