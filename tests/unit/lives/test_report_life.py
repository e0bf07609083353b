"""The life of reports: new, told again, under an id that was used, of others' tickets, several in one commit."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from batcher.domain.batches import StationReport
from batcher.domain.states import TicketState
from batcher.services.reports import apply_reports
from batcher.store import batches
from tests.unit.lives.bench import LIVES, STATIONS, answer_to, bench

UNKNOWN = "unknown"


@dataclass(frozen=True)
class Told:
    """A report, by numbers that mean something in any life."""

    report_id: int
    station: int
    ticket: int  #: one more than there are: unknown
    kind: str
    bad: int  #: so many pieces are told to be otherwise
    foreign: bool  #: it names a piece that is not on the ticket


TOLD = st.builds(
    Told, st.integers(0, 5), st.integers(0, 1), st.integers(0, 2),
    st.sampled_from(("accepted", "running", "done", "failed")), st.integers(0, 2),
    st.integers(0, 9).map(lambda number: number == 0),
)  # fmt: skip


@dataclass
class Known:
    """What the model knows of a ticket."""

    ticket_id: str
    items: list[str]
    state: str = "delivered"
    outcomes: dict[str, str] = field(default_factory=dict)


class ReportLife(RuleBasedStateMachine):
    """Two tickets at two stations, and whatever is said about them."""

    @initialize()
    def begin(self) -> None:
        bench().begin()
        key = bench().order("A-1", 4)
        jobs = [job.id for job in bench().waiting() if job.order_key == key]
        self.tickets = []
        for station, mine in zip(STATIONS, (jobs[:2], jobs[2:]), strict=True):
            ticket = bench().release(mine, station)
            with bench().floor.store.write() as session:
                for state in (TicketState.SENDING, TicketState.DELIVERED):
                    batches.move_ticket(session, ticket.id, state, bench().floor.now())
            self.tickets.append(Known(ticket.id, bench().items_on(ticket.id)))
        self.answers: dict[tuple[str, str], tuple[StationReport, tuple[str, str]]] = {}

    @rule(together=st.lists(TOLD, min_size=1, max_size=4))
    def tell(self, together: list[Told]) -> None:
        reports = [self.report(told) for told in together]
        expected = [self.expected(told, report) for told, report in zip(together, reports, strict=True)]
        found = apply_reports(bench().floor, reports)
        assert [(one.outcome, one.code, one.repeat) for one in found] == expected

    def report(self, told: Told) -> StationReport:
        other = {"done": "failed", "failed": "done"}.get(told.kind, "")
        known = self.tickets[told.ticket] if told.ticket < len(self.tickets) else Known(UNKNOWN, [])
        items = dict.fromkeys(known.items[: told.bad], other) if other else {}
        if told.foreign:
            items["not-there"] = "done"
        station = STATIONS[told.station]
        return StationReport(f"r{told.report_id}", station, known.ticket_id, told.kind, bench().floor.now(), items)

    def expected(self, told: Told, report: StationReport) -> tuple[str, str, bool]:
        """Return what a report is answered, and know what it says from now on."""
        before = self.answers.get((report.station, report.report_id))
        if before is not None:
            first, answer = before
            same = (first.ticket_id, first.kind, first.items) == (report.ticket_id, report.kind, report.items)
            return (*answer, True) if same else ("rejected", "report_id_reused", False)
        answer = self.judged(told, report)
        self.answers[report.station, report.report_id] = report, answer
        return (*answer, False)

    def judged(self, told: Told, report: StationReport) -> tuple[str, str]:
        if report.ticket_id == UNKNOWN:
            return "orphan", "ticket_unknown"
        if told.station != told.ticket:
            return "rejected", "not_your_ticket"
        if told.foreign:
            return "rejected", "items_unknown"
        known = self.tickets[told.ticket]
        outcomes = {item: report.items.get(item, report.kind) for item in known.items}
        answer = answer_to(known.state, report.kind, same=outcomes == known.outcomes)
        if answer[0] == "applied":
            self.apply(known, report.kind, outcomes)
        return answer

    def apply(self, known: Known, kind: str, outcomes: Mapping[str, str]) -> None:
        if kind in ("accepted", "running"):
            known.state = kind
            return
        known.outcomes = dict(outcomes)
        known.state = "done" if "done" in outcomes.values() else "failed"

    @invariant()
    def only_what_was_applied_has_moved_anything(self) -> None:
        assert bench().tickets() == {known.ticket_id: known.state for known in self.tickets}
        failed = sum(list(known.outcomes.values()).count("failed") for known in self.tickets)
        assert len(bench().waiting()) == failed

    def teardown(self) -> None:
        assert bench().audit() == []


def test_the_life_of_reports() -> None:
    run_state_machine_as_test(ReportLife, settings=LIVES)
