"""The life of tickets: released, sent, reported, doubted, resolved, taken back, in any order that comes to mind."""

from dataclasses import dataclass, field

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from batcher.domain.batches import StationReport
from batcher.domain.states import TicketState
from batcher.errors import TransitionError
from batcher.services.doubt import resolve_ticket
from batcher.services.reports import apply_report
from batcher.store import batches
from tests.unit.lives.bench import LIVES, STATIONS, answer_to, bench

PIECES = 4
LIVE = {"released", "sending", "delivered", "accepted", "running", "in_doubt"}
NUMBERS = st.integers(0, 99)


@dataclass
class Known:
    """What the model knows of a ticket."""

    station: str
    items: list[str]
    state: str = "released"
    outcomes: dict[str, str] = field(default_factory=dict)


class TicketLife(RuleBasedStateMachine):
    """An order whose pieces go on tickets until all are good."""

    @initialize()
    def begin(self) -> None:
        bench().begin()
        bench().order("A-1", PIECES)
        self.tickets: dict[str, Known] = {}
        self.good, self.count = 0, 0

    def some(self, number: int) -> str:
        return sorted(self.tickets)[number % len(self.tickets)]

    def live_items(self) -> list[str]:
        return [item for known in self.tickets.values() if known.state in LIVE for item in known.items]

    @rule(station=st.sampled_from(STATIONS), size=st.integers(1, 3))
    def release(self, station: str, size: int) -> None:
        jobs = bench().waiting()[:size]
        if jobs:
            ticket = bench().release([job.id for job in jobs], station)
            self.tickets[ticket.id] = Known(station, [job.item_id for job in jobs])

    @precondition(lambda self: self.tickets)
    @rule(number=NUMBERS, state=st.sampled_from(("sending", "delivered", "in_doubt")))
    def step(self, number: int, state: str) -> None:
        ticket_id = self.some(number)
        known = self.tickets[ticket_id]
        may_follow = {
            "sending": {"released"},
            "delivered": {"sending"},
            "in_doubt": {"sending", "delivered", "accepted", "running"},
        }
        with bench().floor.store.write() as session:
            if known.state in may_follow[state]:
                batches.move_ticket(session, ticket_id, TicketState(state), bench().floor.now())
                known.state = state
            else:
                with pytest.raises(TransitionError):
                    batches.move_ticket(session, ticket_id, TicketState(state), bench().floor.now())

    @precondition(lambda self: self.tickets)
    @rule(number=NUMBERS, kind=st.sampled_from(("accepted", "running", "done", "failed")), bad=st.integers(0, 3))
    def report(self, number: int, kind: str, bad: int) -> None:
        """Tell about a ticket; of those it ends, the first few pieces are told the other way round."""
        ticket_id = self.some(number)
        known, self.count = self.tickets[ticket_id], self.count + 1
        other = {"done": "failed", "failed": "done"}.get(kind)
        told = {} if other is None else dict.fromkeys(known.items[:bad], other)
        outcomes = {item: told.get(item, kind) for item in known.items}
        expected = answer_to(known.state, kind, same=outcomes == known.outcomes)
        report = StationReport(f"r{self.count}", known.station, ticket_id, kind, bench().floor.now(), told)
        answer = apply_report(bench().floor, report)
        assert (answer.outcome, answer.code) == expected
        if expected[0] != "applied":
            return
        if other is None:
            known.state = kind
        else:
            self.end(known, outcomes)

    def end(self, known: Known, outcomes: dict[str, str]) -> None:
        known.outcomes = outcomes
        done = list(outcomes.values()).count("done")
        known.state, self.good = "done" if done else "failed", self.good + done

    @precondition(lambda self: self.tickets)
    @rule(number=NUMBERS, made=st.booleans())
    def resolve(self, number: int, made: bool) -> None:
        ticket_id = self.some(number)
        known = self.tickets[ticket_id]
        if known.state != "in_doubt":
            with pytest.raises(TransitionError):
                resolve_ticket(bench().floor, ticket_id, made=made, reason="looked", who="op")
            return
        resolve_ticket(bench().floor, ticket_id, made=made, reason="looked", who="op")
        if made:
            self.end(known, dict.fromkeys(known.items, "done"))
        else:
            known.state = "cancelled"

    @rule(station=st.sampled_from(STATIONS))
    def take_back(self, station: str) -> None:
        with bench().floor.store.write() as session:
            taken = batches.recall_unsent(session, station, bench().floor.now(), "down")
        unsent = {i for i, known in self.tickets.items() if known.station == station and known.state == "released"}
        assert set(taken) == unsent
        for ticket_id in unsent:
            self.tickets[ticket_id].state = "cancelled"

    @invariant()
    def tickets_stand_where_they_should(self) -> None:
        assert bench().tickets() == {ticket_id: known.state for ticket_id, known in self.tickets.items()}

    @invariant()
    def every_piece_is_in_one_place(self) -> None:
        live = self.live_items()
        assert len(live) == len(set(live))
        assert len(bench().waiting()) + len(live) + self.good == PIECES
        assert not {job.item_id for job in bench().waiting()} & set(live)

    def teardown(self) -> None:
        assert bench().audit() == []


def test_the_life_of_tickets() -> None:
    run_state_machine_as_test(TicketLife, settings=LIVES)
