"""
A station's report: `batcher-report/1`, read strictly.

Only the document itself is judged here; whether the ticket exists, belongs to the station and may take the step is
decided by `services`. Where reports lie is in `report_folder`.
"""

import json
from datetime import UTC
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from batcher.domain.batches import StationReport
from batcher.errors import DocumentError, Fault

#: A report of a full ticket is a tenth of it.
MAX_REPORT_BYTES = 256 * 1024
#: What is not, or not yet, a whole JSON document; every other code says the document is whole and wrong.
INCOMPLETE = "not_json"

ReportId = Annotated[str, Field(pattern="^[A-Za-z0-9][A-Za-z0-9._:-]{0,99}$")]
Name = Annotated[str, Field(pattern="^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
_CODES = {"missing": "missing", "extra_forbidden": "unknown_field"}


class ReportDocument(BaseModel):
    """What a station tells about one of its tickets."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    format: Literal["batcher-report/1"]
    report_id: Annotated[ReportId, Field(description="unique at the station; the same id again is a repetition")]
    station: Name
    ticket_id: Name
    kind: Literal["accepted", "running", "done", "failed"]
    at: Annotated[AwareDatetime, Field(description="by the station's clock, with offset; shown, never decided by")]
    items: Annotated[
        dict[Name, Literal["done", "failed"]],
        Field(
            max_length=1000,
            description="outcome of single pieces by item_id; the others share the ticket's",
            json_schema_extra={"additionalProperties": False},
        ),
    ] = {}
    reason: Annotated[str, Field(max_length=500, description="why it failed, for people")] = ""


def parse_report(content: bytes) -> StationReport:
    """
    Read one report.

    Raises
    ------
    DocumentError
        With every fault; codes: too_large, not_json (also what was not written to its end), duplicate_key,
        missing, unknown_field, invalid.
    """
    if len(content) > MAX_REPORT_BYTES:
        raise _refused("", f"a report has at most {MAX_REPORT_BYTES} bytes", "too_large")
    _check_json(content)
    try:
        document = ReportDocument.model_validate_json(content)
        at = document.at.astimezone(UTC)
    except ValidationError as error:
        faults = tuple(
            Fault(_pointer(fault["loc"]), fault["msg"], _CODES.get(fault["type"], "invalid"))
            for fault in error.errors(include_url=False, include_context=False, include_input=False)
        )
        raise DocumentError(faults) from error
    except OverflowError as error:
        raise _refused("/at", "lies outside the calendar", "invalid") from error
    return StationReport(
        report_id=document.report_id,
        station=document.station,
        ticket_id=document.ticket_id,
        kind=document.kind,
        at=at,
        items=dict(document.items),
        reason=document.reason,
    )


def _check_json(content: bytes) -> None:
    """Refuse what is no JSON, and what says a thing twice: two outcomes of one piece must not become the last one."""
    try:
        json.loads(content.decode(), object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        raise _refused("", f"is not a JSON document: {error}", INCOMPLETE) from error


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found: dict[str, object] = {}
    for name, value in pairs:
        if name in found:
            raise _refused(f"/{name}", "is given twice", "duplicate_key")
        found[name] = value
    return found


def _pointer(location: tuple[int | str, ...]) -> str:
    return "".join(f"/{part}" for part in location if part != "[key]")


def _refused(where: str, message: str, code: str) -> DocumentError:
    return DocumentError((Fault(where or "/", message, code),))
