"""
The books of three shops against those of the floor: every order, every event and every promise is looked for.

It knows what shops sold, what they and their subscribers were told, and what the machines made; nothing of it is asked
of the code that did it.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import fmean
from typing import Any, Self

from batcher.domain.orders import Order
from batcher.domain.states import OrderState
from batcher.simulate.checker import compare
from batcher.simulate.run import Trail
from tests.hook_receiver import Receiver, is_signed

#: What must be kept of the promises.
KEPT = 0.995


@dataclass(frozen=True)
class Answered:
    """A quote as the checkout got it; no date: none can be given."""

    leave_by_at: datetime | None
    confidence: float
    seconds: float

    @classmethod
    def of(cls, offer: Mapping[str, Any], seconds: float) -> Self:
        """Return what an offer of the API says."""
        at = offer["leave_by_at"]
        return cls(None if at is None else datetime.fromisoformat(at), offer["confidence"] or 0.0, seconds)


@dataclass(frozen=True)
class Heard:
    """Somebody who wants news, with their secret; `source`: of one shop only."""

    receiver: Receiver
    secret: str
    source: str | None


@dataclass(frozen=True)
class Told:
    """What everybody outside knows; orders by id, by the shop that sold them."""

    sold: Mapping[str, Mapping[str, Mapping[str, Any]]]
    acknowledged: Mapping[str, set[str]]
    answers: Mapping[str, Answered]
    heard: Sequence[Heard]
    events: Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Account:
    """What the comparison came to; lists hold what is wrong."""

    orders: dict[str, int]
    held: int
    pieces_made: int
    orders_wrong: list[str]
    machines_wrong: list[str]
    events: int
    deliveries: int
    sent_again: int
    unsigned: int
    events_lost: list[str]
    events_wrong: list[str]
    promises: int
    kept: int
    stated: float
    quote_ms: list[float]

    def figures(self) -> dict[str, object]:
        """Return what is printed."""
        times = sorted(self.quote_ms)
        return {
            "orders": self.orders | {"held": self.held, "unaccounted": len(self.orders_wrong)},
            "pieces_made": self.pieces_made,
            "lost_or_made_twice": len(self.machines_wrong),
            "events": self.events,
            "events_lost": len(self.events_lost),
            "events_unsigned_or_misnumbered": self.unsigned + len(self.events_wrong),
            "deliveries": self.deliveries,
            "sent_again_under_the_same_id": self.sent_again,
            "promises": self.promises,
            "promises_kept": round(self.kept / max(1, self.promises), 5),
            "confidence_stated": round(self.stated, 5),
            "quote_p50_ms": round(times[len(times) // 2], 1),
            "quote_p95_ms": round(times[len(times) * 95 // 100], 1),
        }


def account_of(told: Told, trail: Trail) -> Account:
    """Compare what is known outside with what is in the house, and with what the machines made."""
    known = {(order.source, order.order_id): order for order in trail.whole.orders}
    machines = Counter(job for run in trail.runs for job in run.made)
    found = compare(trail.whole, machines, finished=True)
    lost, wrong, unsigned, again = _news(told)
    given = [(answer, known.get(("checkout", ident))) for ident, answer in told.answers.items()]
    promised = [(answer, order) for answer, order in given if answer.leave_by_at is not None and order is not None]
    return Account(
        orders={source: len(sold) for source, sold in told.sold.items()},
        held=sum(order.state is OrderState.HELD for order in known.values()),
        pieces_made=machines.total(),
        orders_wrong=[*_orders_wrong(told, known), *_ends_wrong(told, known)],
        machines_wrong=[*found.lost, *found.made_twice, *found.unexpected, *found.untold],
        events=len(told.events),
        deliveries=sum(len(heard.receiver.got) for heard in told.heard),
        sent_again=again,
        unsigned=unsigned,
        events_lost=lost,
        events_wrong=wrong,
        promises=len(promised),
        kept=sum(_is_kept(answer, order) for answer, order in promised),
        stated=fmean([answer.confidence for answer, _ in promised] or [0.0]),
        quote_ms=[1000 * answer.seconds for answer in told.answers.values()] or [0.0],
    )


def faults_of(account: Account) -> list[str]:
    """Return what must not be; nothing when all is well."""
    faults = {
        f"orders unaccounted for: {account.orders_wrong[:5]}": account.orders_wrong,
        f"pieces lost or made twice: {account.machines_wrong[:5]}": account.machines_wrong,
        f"events lost: {account.events_lost[:5]}": account.events_lost,
        f"events misnumbered or too many: {account.events_wrong[:5]}": account.events_wrong,
        f"{account.unsigned} deliveries without a good signature": account.unsigned,
        f"only {account.kept} of {account.promises} promises kept": account.kept < KEPT * account.promises,
        "nothing was promised": not account.promises,
    }
    return [fault for fault, is_so in faults.items() if is_so]


def _is_kept(answer: Answered, order: Order) -> bool:
    assert answer.leave_by_at is not None
    return order.completed_at is not None and order.completed_at <= answer.leave_by_at


def _orders_wrong(told: Told, known: Mapping[tuple[str, str], Order]) -> list[str]:
    """Return the orders that are missing, other than they were sold, unknown to their shop, or from nowhere."""
    sold = {(source, ident): document for source, orders in told.sold.items() for ident, document in orders.items()}
    wrong = [f"{source}/{ident}: " + ("not in" if (source, ident) in sold else "from nowhere")
             for source, ident in sold.keys() ^ known.keys()]  # fmt: skip
    for key in sold.keys() & known.keys():
        pieces = sum(line["quantity"] for line in sold[key]["lines"])
        if (known[key].pieces, known[key].service) != (pieces, sold[key]["service"]):
            wrong.append(f"{key[0]}/{key[1]}: other than it was sold")
    for source, idents in told.acknowledged.items():
        wrong += [f"{source}/{ident}: not acknowledged" for ident in told.sold[source].keys() ^ idents]
    return wrong


def _ends_wrong(told: Told, known: Mapping[tuple[str, str], Order]) -> list[str]:
    """Return the orders that were not made to their end, or whose shop was not told so."""
    packed = Counter(event["subject"] for event in told.events if event["type"] == "batcher.order.packed")
    wrong = []
    for order in known.values():
        done = order.state is OrderState.COMPLETE
        if not done and order.state is not OrderState.HELD:
            wrong.append(f"{order.source}/{order.order_id}: {order.state}")
        if packed[order.key] != done:
            wrong.append(f"{order.source}/{order.order_id}: told {packed[order.key]} times that it is packed")
    return wrong


def _news(told: Told) -> tuple[list[str], list[str], int, int]:
    """Return what was not heard, what was numbered wrongly or not for them, bad signatures, and how much came again."""
    lost, wrong, unsigned, again = [], _misnumbered(told.events), 0, 0
    for heard in told.heard:
        wanted = {e["id"] for e in told.events if heard.source in (None, e["data"]["source"])}
        ids: Counter[str] = Counter()
        for headers, body in heard.receiver.got:
            event = json.loads(body)
            ids[event["id"]] += 1
            unsigned += not is_signed(headers, body, heard.secret) or headers["webhook-id"] != event["id"]
        lost += sorted(wanted - ids.keys())
        wrong += sorted(ids.keys() - wanted)
        again += ids.total() - len(ids)
    return lost, wrong, unsigned, again


def _misnumbered(events: Sequence[Mapping[str, Any]]) -> list[str]:
    numbers: defaultdict[str, list[int]] = defaultdict(list)
    for event in events:
        numbers[event["subject"]].append(event["data"]["number"])
    return [order for order, found in numbers.items() if found != list(range(1, len(found) + 1))]
