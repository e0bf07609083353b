"""
Which orders a simulated floor is sent, and when: recorded weeks, laid over each other and scaled.

The documents are those of the trace but for their ids and moments; what they mean is intake's to say.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from batcher.errors import DocumentError, Fault
from batcher.simulate.generator import trace_orders
from batcher.simulate.scenario import chance

#: A copy of an order is placed within this of the order it was made from.
_JITTER = timedelta(minutes=30)


@dataclass(frozen=True)
class Arrival:
    """An order on its way: `at` is aware UTC."""

    at: datetime
    document: dict[str, Any]


def read_demand(
    paths: Sequence[Path], zone: ZoneInfo, *, scale: float = 1.0, seed: int = 0, days: float | None = None
) -> list[Arrival]:
    """
    Return the orders of traces, oldest first.

    Parameters
    ----------
    paths
        Traces (.jsonl or .jsonl.gz); the second and later ones are moved by whole weeks onto the week of the first.
    zone
        Where moments without an offset are meant.
    scale
        How many orders stand for each: 2 doubles all, 1.5 every other one, 0.5 keeps half.
    seed
        Of which orders are copied or left out, and when copies are placed.
    days
        Only the orders of so many days from the first on; none: all.

    Raises
    ------
    DocumentError
        When a trace is no trace, or has no orders.
    """
    found: list[Arrival] = []
    monday: datetime | None = None
    for number, path in enumerate(paths):
        placed = _read(path, zone)
        first = _monday(min(at for at, _ in placed))
        monday = first if monday is None else monday
        mark = f"-w{number + 1}" if number else ""
        for at, document in placed:
            found += _copies(at - (first - monday), document, mark, scale, seed)
    found.sort(key=lambda arrival: (arrival.at, str(arrival.document["order_id"])))
    if days is not None:
        found = [arrival for arrival in found if arrival.at - found[0].at < timedelta(days=days)]
    return found


def _read(path: Path, zone: ZoneInfo) -> list[tuple[datetime, dict[str, Any]]]:
    found: list[tuple[datetime, dict[str, Any]]] = []
    try:
        found.extend((_placed(document, zone), document) for document in trace_orders(path))
    except (KeyError, TypeError, ValueError) as error:
        raise DocumentError((Fault(f"{path}: order {len(found) + 1}", f"is no order: {error!r}"),)) from error
    if not found:
        raise DocumentError((Fault(str(path), "there are no orders in it"),))
    return found


def _copies(at: datetime, document: dict[str, Any], mark: str, scale: float, seed: int) -> Iterator[Arrival]:
    """Yield an order, none or several times; the first as it was, copies a little earlier or later."""
    order_id = f"{document['order_id']}{mark}"
    luck = chance(seed, "copies", order_id)
    count = int(scale) + (luck.random() < scale - int(scale))
    for number in range(1, count + 1):
        name = order_id if number == 1 else f"{order_id}-x{number}"
        moment = at if number == 1 else at + _JITTER * luck.uniform(-1, 1)
        moment = moment.replace(microsecond=0)
        yield Arrival(moment.astimezone(UTC), {**document, "order_id": name, "placed_at": moment.isoformat()})


def _placed(document: dict[str, Any], zone: ZoneInfo) -> datetime:
    """Return when an order was placed, in local time."""
    at = datetime.fromisoformat(str(document["placed_at"]))
    return at.replace(tzinfo=zone) if at.tzinfo is None else at.astimezone(zone)


def _monday(at: datetime) -> datetime:
    """Return the beginning of a moment's week."""
    return (at - timedelta(days=at.weekday())).replace(hour=0, minute=0, second=0, microsecond=0)
