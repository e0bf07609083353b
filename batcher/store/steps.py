"""
The one place where a state changes: checked against its table, written, and recorded as an event.

Which steps there are is said in `domain.states`; what causes one is in the other files here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import Any, Generic, TypeVar

from sqlalchemy import CursorResult, Select, Table, Update, bindparam, select, update
from sqlmodel import Session

from batcher.domain.states import (
    BATCH_STEPS,
    ITEM_STEPS,
    JOB_STEPS,
    ORDER_STEPS,
    STATION_STEPS,
    TICKET_STEPS,
    BatchState,
    ItemState,
    JobState,
    OrderState,
    StationState,
    TicketState,
    check_step,
)
from batcher.errors import InvariantError, NotFoundError
from batcher.store import tables
from batcher.store.events import Change, record_all
from batcher.store.rows import chunks

State = TypeVar("State", bound=StrEnum)


@dataclass(frozen=True)
class Machine(Generic[State]):
    """A kind of thing with states: its table, its key, and which step may follow which."""

    kind: str
    table: Table
    key: str
    steps: Mapping[State, frozenset[State]]


@dataclass(frozen=True)
class Subject(Generic[State]):
    """One thing as it stands now."""

    ident: str
    state: State
    order_key: str | None = None
    data: Mapping[str, object] = field(default_factory=dict)  #: kept with its own event


ORDER: Machine[OrderState] = Machine("order", tables.orders, "key", ORDER_STEPS)
ITEM: Machine[ItemState] = Machine("item", tables.items, "id", ITEM_STEPS)
JOB: Machine[JobState] = Machine("job", tables.jobs, "id", JOB_STEPS)
BATCH: Machine[BatchState] = Machine("batch", tables.batches, "id", BATCH_STEPS)
TICKET: Machine[TicketState] = Machine("ticket", tables.tickets, "id", TICKET_STEPS)
STATION: Machine[StationState] = Machine("station", tables.stations, "id", STATION_STEPS)
_MACHINES: Mapping[str, Machine[Any]] = {
    machine.kind: machine for machine in (ORDER, ITEM, JOB, BATCH, TICKET, STATION)
}


def move(
    s: Session,
    machine: Machine[State],
    subjects: Sequence[Subject[State]],
    wanted: State,
    now: datetime,
    *,
    data: Mapping[str, object] | None = None,
    values: Mapping[str, Any] | None = None,
) -> None:
    """
    Bring things to a state, all or none.

    Parameters
    ----------
    data
        Kept with each event.
    values
        Other columns that change with the state.

    Raises
    ------
    TransitionError
        When one of them may not go there from where it stands.
    InvariantError
        When one of them no longer stands where `subjects` says.
    """
    for subject in subjects:
        check_step(machine.steps, machine.kind, subject.ident, subject.state, wanted)
    by_state: dict[State, list[str]] = {}
    for subject in subjects:
        by_state.setdefault(subject.state, []).append(subject.ident)
    for before, idents in by_state.items():
        for part in chunks(idents):
            _write(s, machine, part, before, {**(values or {}), "state": wanted})
    record_all(
        s,
        [
            Change(
                machine.kind, subject.ident, subject.order_key, subject.state, wanted, {**(data or {}), **subject.data}
            )
            for subject in subjects
        ],
        now,
    )


def _write(
    s: Session, machine: Machine[State], idents: Sequence[str], before: State, values: Mapping[str, Any]
) -> None:
    # s.connection(): what is written here are rows, no objects that the session would have to follow
    done = s.connection().execute(
        _update(machine.kind, tuple(sorted(values))),
        {"these": idents, "before": before, **{f"new_{name}": value for name, value in values.items()}},
    )
    assert isinstance(done, CursorResult)
    if done.rowcount != len(idents):
        raise InvariantError(f"{len(idents)} {machine.kind} rows should have been {before}, {done.rowcount} were")


def subject(s: Session, machine: Machine[State], ident: str) -> Subject[State]:
    """
    Return one thing as it stands.

    Raises
    ------
    NotFoundError
        When there is none.
    """
    row = s.execute(_select(machine.kind), {"ident": ident}).one_or_none()
    if row is None:
        raise NotFoundError(machine.kind, ident)
    if machine.kind == ORDER.kind:
        return Subject(ident, row[0], ident)
    return Subject(ident, row[0], row[1] if len(row) > 1 else None)


# Made once: a statement keeps what it compiles to, and these run for every step of everything.
@cache
def _update(kind: str, names: tuple[str, ...]) -> Update:
    """Return the statement that sets these columns of those that stand where they should."""
    machine = _MACHINES[kind]
    table = machine.table
    statement = (
        update(table)
        .where(
            table.c[machine.key].in_(bindparam("these", expanding=True)),
            table.c.state == bindparam("before", type_=table.c.state.type),
        )
        .values({name: bindparam(f"new_{name}", type_=table.c[name].type) for name in names})
    )
    return statement.values(version=table.c.version + 1) if kind == ORDER.kind else statement


@cache
def _select(kind: str) -> Select[Any]:
    """Return the statement that reads a state and, where it belongs to one, its order."""
    machine = _MACHINES[kind]
    table = machine.table
    wanted = [table.c.state, *([table.c.order_key] if "order_key" in table.c else [])]
    return select(*wanted).where(table.c[machine.key] == bindparam("ident"))
