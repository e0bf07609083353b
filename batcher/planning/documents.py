"""
`batcher-problem/1` and `batcher-plan/1` as JSON: read with every fault told at once, and written.

Reading what was written gives the same value again.

What a document says of itself (types, ranges) is checked here; what its parts say of each other, in `document_checks`.
"""

import gzip
import json
from dataclasses import fields
from pathlib import Path

from batcher.errors import DocumentError, Fault
from batcher.planning.document_checks import check_references
from batcher.planning.json_fields import Faults, Record
from batcher.planning.plan import Batch, Placement, Plan, PlanStatus
from batcher.planning.problem import (
    Changeovers,
    Family,
    Job,
    Link,
    Mode,
    Order,
    Problem,
    SheetSize,
    Station,
)

PROBLEM_FORMAT = "batcher-problem/1"
PLAN_FORMAT = "batcher-plan/1"


def load_json(path: Path) -> object:
    """
    Return the document in a file, gzipped when its name ends in ``.gz``.

    Raises
    ------
    OSError
        The file cannot be read.
    DocumentError
        It is not JSON.
    """
    try:
        raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        document: object = json.loads(raw)
    except json.JSONDecodeError as error:
        fault = Fault(f"{path}:{error.lineno}:{error.colno}", f"is not JSON: {error.msg}", "not_json")
        raise DocumentError((fault,)) from error
    except (UnicodeDecodeError, RecursionError, gzip.BadGzipFile, EOFError) as error:
        raise DocumentError((Fault(str(path), f"is not JSON: {error}", "not_json"),)) from error
    return document


def save_json(path: Path, document: dict[str, object]) -> None:
    """Write a document, gzipped when the name ends in ``.gz``; a reader never sees half of it."""
    raw = json.dumps(document, indent=1).encode() + b"\n"
    staged = path.with_name(f".{path.name}.part")
    staged.write_bytes(gzip.compress(raw, mtime=0) if path.suffix == ".gz" else raw)
    staged.replace(path)


def read_problem(document: object) -> Problem:
    """
    Return the planning problem a JSON document says.

    Raises
    ------
    DocumentError
        With every fault of the document and its JSON pointer.
    """
    faults = Faults()
    record = _opened(document, PROBLEM_FORMAT, faults)
    notes = record.record("notes") if record.has("notes") else None
    problem = Problem(
        name=record.text("name", empty=True) if record.has("name") else "",
        horizon=record.whole("horizon"),
        stations=tuple(_station(entry) for entry in record.records("stations")),
        changeovers=_changeovers(record.record("changeovers")),
        families=tuple(_family(entry) for entry in record.records("families")),
        orders=tuple(_order(entry) for entry in record.records("orders")),
        jobs=tuple(_job(entry) for entry in record.records("jobs")),
        notes={key: notes.text(key, empty=True) for key in notes.fields} if notes else {},
    )
    check_references(problem, record, faults)
    if faults.found:
        raise DocumentError(tuple(faults.found))
    return problem


def read_plan(document: object) -> Plan:
    """
    Return the plan a JSON document says; whether it suits a problem is `verify`'s question.

    Raises
    ------
    DocumentError
        With every fault of the document and its JSON pointer.
    """
    faults = Faults()
    record = _opened(document, PLAN_FORMAT, faults)
    batches = tuple(_batch(entry) for entry in record.records("batches"))
    seen: set[str] = set()
    for place, batch in enumerate(batches):
        if batch.id and batch.id in seen:
            faults.add(f"/batches/{place}/id", f"batch {batch.id} is there twice", "duplicate_id")
        seen.add(batch.id)
    status = record.optional_text("status")
    if status is not None and status not in set(PlanStatus):
        faults.add("/status", f"should be one of {', '.join(PlanStatus)}", "wrong_value")
        status = None
    plan = Plan(
        batches=batches,
        unplanned=record.texts("unplanned", required=False),
        bound=record.optional_number("bound"),
        status=PlanStatus(status) if status else PlanStatus.FEASIBLE,
    )
    if faults.found:
        raise DocumentError(tuple(faults.found))
    return plan


def write_problem(problem: Problem) -> dict[str, object]:
    """Return the problem as a JSON document; absent means default, as in the format."""
    document: dict[str, object] = {
        "format": PROBLEM_FORMAT,
        "name": problem.name,
        "horizon": problem.horizon,
        "stations": [_written_station(station) for station in problem.stations],
        "changeovers": {
            "states": list(problem.changeovers.states),
            "seconds": [list(row) for row in problem.changeovers.seconds],
            "cost": [list(row) for row in problem.changeovers.cost],
        },
        "families": [_written_family(family) for family in problem.families],
        "orders": [_given(order, always=("id", "due", "late_cost", "late_cost_per_hour")) for order in problem.orders],
        "jobs": _written_jobs(problem),
    }
    return document | ({"notes": dict(problem.notes)} if problem.notes else {})


def write_plan(plan: Plan) -> dict[str, object]:
    """Return the plan as a JSON document."""
    document: dict[str, object] = {
        "format": PLAN_FORMAT,
        "batches": [_written_batch(batch) for batch in plan.batches],
        "unplanned": list(plan.unplanned),
        "status": plan.status.value,
    }
    return document | ({} if plan.bound is None else {"bound": plan.bound})


def _opened(document: object, wanted: str, faults: Faults) -> Record:
    record = Record.of(document, "", faults)
    if isinstance(document, dict) and record.fields.get("format") != wanted:
        faults.add("/format", f'should be "{wanted}"', "wrong_format")
    return record


def _station(record: Record) -> Station:
    cost = record.whole("cost_per_hour")
    return Station(
        id=record.text("id"),
        windows=record.intervals("windows"),
        state=record.text("state"),
        cost_per_hour=cost,
        changeover_cost_per_hour=record.whole_or("changeover_cost_per_hour", cost),
        attended=record.intervals("attended") if record.has("attended") else None,
        magazine=record.whole_or("magazine", 0),
        setup_unattended=record.flag("setup_unattended", default=False),
    )


def _changeovers(record: Record) -> Changeovers:
    states = record.texts("states")
    return Changeovers(states, record.square("seconds", len(states)), record.square("cost", len(states)))


def _family(record: Record) -> Family:
    return Family(
        id=record.text("id"),
        state=record.text("state"),
        modes=tuple(_mode(entry) for entry in record.records("modes")),
        unattended=record.flag("unattended", default=False),
    )


def _mode(record: Record) -> Mode:
    if record.has("capacity") == record.has("sheet"):
        record.faults.add(record.where, "should have either a capacity or a sheet", "capacity_or_sheet")
    sheet = None
    if record.has("sheet"):
        size = record.record("sheet")
        sheet = SheetSize(size.whole("width", least=1), size.whole("height", least=1), size.whole_or("gap", 0))
    return Mode(
        station=record.text("station"),
        seconds=record.whole("seconds"),
        cost=record.whole("cost"),
        capacity=record.optional_whole("capacity"),
        sheet=sheet,
        max_kinds=record.optional_whole("max_kinds", least=1),
    )


def _order(record: Record) -> Order:
    return Order(
        id=record.text("id"),
        due=record.whole("due", least=None),  # an order may have been late before planning began
        late_cost=record.whole("late_cost"),
        late_cost_per_hour=record.whole("late_cost_per_hour"),
    )


def _job(record: Record) -> Job:
    return Job(
        id=record.text("id"),
        order=record.text("order"),
        family=record.text("family"),
        release=record.whole("release"),
        size=record.whole_or("size", 1),
        width=record.whole("width", least=1) if record.has("width") else 0,
        height=record.whole("height", least=1) if record.has("height") else 0,
        rotate=record.flag("rotate", default=True),
        serial_seconds=record.whole_or("serial_seconds", 0),
        parallel_seconds=record.whole_or("parallel_seconds", 0),
        max_parallel_seconds=record.optional_whole("max_parallel_seconds"),
        after=tuple(Link(e.text("job"), e.whole_or("lag", 0)) for e in record.records("after", required=False)),
        stations=frozenset(record.texts("stations", required=False)) if record.has("stations") else None,
        kind=record.optional_text("kind"),
        group=record.optional_text("group"),
    )


def _batch(record: Record) -> Batch:
    placements = record.record("placements") if record.has("placements") else None
    return Batch(
        id=record.text("id"),
        station=record.text("station"),
        family=record.text("family"),
        start=record.whole("start"),
        end=record.whole("end"),
        jobs=record.texts("jobs"),
        placements={} if placements is None else {job: _placement(placements.record(job)) for job in placements.fields},
    )


def _placement(record: Record) -> Placement:
    return Placement(
        record.whole("x", least=None), record.whole("y", least=None), record.flag("rotated", default=False)
    )


def _given(value: object, *, always: tuple[str, ...]) -> dict[str, object]:
    """Return the fields of a dataclass that are required or differ from their default."""
    return {
        field.name: getattr(value, field.name)
        for field in fields(value)  # type: ignore[arg-type]
        if field.name in always or getattr(value, field.name) != field.default
    }


def _written_station(station: Station) -> dict[str, object]:
    written = _given(station, always=("id", "state", "cost_per_hour", "changeover_cost_per_hour"))
    written["windows"] = [list(window) for window in station.windows]
    if station.attended is not None:
        written["attended"] = [list(interval) for interval in station.attended]
    return written


def _written_family(family: Family) -> dict[str, object]:
    modes = []
    for mode in family.modes:
        written = _given(mode, always=("station", "seconds", "cost"))
        if mode.sheet is not None:
            written["sheet"] = _given(mode.sheet, always=("width", "height", "gap"))
        modes.append(written)
    return _given(family, always=("id", "state")) | {"modes": modes}


def _written_jobs(problem: Problem) -> list[dict[str, object]]:
    sized = {family.id for family in problem.families if any(mode.capacity is not None for mode in family.modes)}
    written = []
    for job in problem.jobs:
        entry = _given(job, always=("id", "order", "family", "release"))
        if job.family in sized:
            entry["size"] = job.size
        if job.after:
            entry["after"] = [{"job": link.job, "lag": link.lag} for link in job.after]
        if job.stations is not None:
            entry["stations"] = sorted(job.stations)
        written.append(entry)
    return written


def _written_batch(batch: Batch) -> dict[str, object]:
    written: dict[str, object] = {
        "id": batch.id,
        "station": batch.station,
        "family": batch.family,
        "start": batch.start,
        "end": batch.end,
        "jobs": list(batch.jobs),
    }
    if batch.placements:
        written["placements"] = {
            job: {"x": at.x, "y": at.y, "rotated": at.rotated} for job, at in batch.placements.items()
        }
    return written
