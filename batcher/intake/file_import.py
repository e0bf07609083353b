"""
The records of an order file taken in: each validated by itself, the good ones kept, every one told.

Reading files is in `records`; who keeps orders, and where, comes as a function.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from batcher.domain.orders import OrderIn
from batcher.errors import Fault, OrderRejectedError
from batcher.intake.accept import CHUNK, Outcome
from batcher.intake.documents import Parse
from batcher.intake.records import Record
from batcher.intake.strict_json import printable

#: Keeps orders and returns their outcomes in the same places, such as `accept.accept` with its first arguments bound.
Take = Callable[[Sequence[OrderIn]], list[Outcome]]


@dataclass(frozen=True)
class RecordResult:
    """What became of one record."""

    record: Record
    order_id: str  #: as far as it could be read
    outcome: str  #: created, replayed, conflict or rejected
    key: str | None = None
    held_code: str | None = None
    message: str = ""
    faults: tuple[Fault, ...] = ()

    @property
    def bad(self) -> bool:
        """Tell whether it was not kept."""
        return self.outcome in ("conflict", "rejected")


def take_records(records: Sequence[Record], *, parse: Parse, take: Take) -> list[RecordResult]:
    """Take in records, in parts of one commit each; return what became of every one, in their order."""
    results: list[RecordResult] = []
    for start in range(0, len(records), CHUNK):
        results += _take_part(records[start : start + CHUNK], parse, take)
    return results


def _take_part(records: Sequence[Record], parse: Parse, take: Take) -> Iterator[RecordResult]:
    parsed = [_parsed(record, parse) for record in records]
    outcomes = iter(take([order for order in parsed if isinstance(order, OrderIn)]))
    for record, result in zip(records, parsed, strict=True):
        if isinstance(result, OrderIn):
            yield _kept(record, next(outcomes))
        else:
            yield RecordResult(record, _order_id(record), "rejected", message=str(result[0]), faults=result)


def _parsed(record: Record, parse: Parse) -> OrderIn | tuple[Fault, ...]:
    if record.faults:
        return record.faults
    try:
        return parse(record.doc)
    except OrderRejectedError as error:
        return error.faults


def _kept(record: Record, outcome: Outcome) -> RecordResult:
    return RecordResult(record, outcome.order_id, outcome.outcome, outcome.key, outcome.held_code, outcome.message)


def _order_id(record: Record) -> str:
    found = record.doc.get("order_id") if isinstance(record.doc, dict) else None
    return printable(str(found)) if isinstance(found, str | int) else ""
