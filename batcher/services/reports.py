"""
Station reports against the store: what a station says happened moves tickets, pieces and orders.

Idempotent by (station, report_id). A report that contradicts what is known is kept as evidence and changes nothing.
Reading reports from folders is `dispatch.report_folder`'s work.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from batcher.domain.batches import StationReport, Ticket
from batcher.domain.states import TicketState
from batcher.errors import NotFoundError, SafeModeError
from batcher.rules.ruleset import RuleSet
from batcher.services.context import Floor
from batcher.store import batches, orders, reports, stations
from batcher.store.reports import StoredReport
from batcher.store.session import Session

log = structlog.get_logger()

#: Beyond this a station's clock is told to be wrong.
_CLOCK_SKEW = timedelta(days=1)

#: The state each kind of report moves a ticket to, and the states it may find.
_OPEN = (TicketState.SENDING, TicketState.DELIVERED, TicketState.IN_DOUBT)
_FROM = {
    "accepted": _OPEN,
    "running": (*_OPEN, TicketState.ACCEPTED),
    "done": (*_OPEN, TicketState.ACCEPTED, TicketState.RUNNING),
    "failed": (*_OPEN, TicketState.ACCEPTED, TicketState.RUNNING),
}
_ENDED = (TicketState.DONE, TicketState.FAILED)


@dataclass(frozen=True)
class ReportOutcome:
    """What a report led to; for a repeat, what the first one led to."""

    outcome: str  #: applied, out_of_order, rejected or orphan
    code: str = ""
    message: str = ""
    repeat: bool = False  #: it had come before, and nothing was done


@dataclass(frozen=True)
class _Verdict:
    outcome: ReportOutcome
    remade: tuple[str, ...] = ()  #: processes at which pieces failed
    set_aside: tuple[str, ...] = ()  #: pieces that were made though their orders were cancelled


def apply_report(floor: Floor, report: StationReport, *, in_safe_mode: bool = False) -> ReportOutcome:
    """Apply one report, once; the answer to a repeat is that of the first time."""
    return apply_reports(floor, (report,), in_safe_mode=in_safe_mode)[0]


def apply_reports(floor: Floor, told: Sequence[StationReport], *, in_safe_mode: bool = False) -> list[ReportOutcome]:
    """
    Apply reports in their order, in one commit.

    Raises
    ------
    SafeModeError
        In safe mode, unless they are of tickets that are known to have been sent.
    """
    if floor.safe.mode is not None and not in_safe_mode:
        raise SafeModeError("the database comes from a backup and is not reconciled yet; report again later")
    now, rules = floor.now(), floor.rules.current
    with floor.store.write() as session:
        verdicts = [_apply_once(session, rules, report, now) for report in told]
    for report, verdict in zip(told, verdicts, strict=True):
        _tell(floor, report, verdict)
    return [verdict.outcome for verdict in verdicts]


def _apply_once(session: Session, rules: RuleSet, report: StationReport, now: datetime) -> _Verdict:
    known = reports.find_report(session, report.station, report.report_id)
    if known is not None:
        return _again(session, known, report)
    verdict = _judge(session, rules, report, now)
    outcome = verdict.outcome
    reports.record_report(session, report, now=now, outcome=outcome.outcome, code=outcome.code, message=outcome.message)
    return verdict


def _again(session: Session, known: StoredReport, report: StationReport) -> _Verdict:
    """Answer a report whose id came before: a repeat changes nothing, and an id used anew may not pass for one."""
    if (known.ticket_id, known.kind, known.body["items"]) != (report.ticket_id, report.kind, report.items):
        return _no("rejected", "report_id_reused", f"the id came before, as {known.kind} of ticket {known.ticket_id}")
    reports.count_replay(session, known)
    return _Verdict(ReportOutcome(known.outcome, known.code, known.message, repeat=True))


def _judge(session: Session, rules: RuleSet, report: StationReport, now: datetime) -> _Verdict:
    stations.touch_report(session, report.station, now)
    try:
        ticket = batches.get_ticket(session, report.ticket_id)
    except NotFoundError:
        return _no("orphan", "ticket_unknown", "no ticket has this id; the station may have made something twice")
    if ticket.station != report.station:
        return _no("rejected", "not_your_ticket", f"the ticket was given to {ticket.station}")
    if report.items:
        known = {item.item_id for item in batches.ticket_items(session, ticket.id)}
        unknown = set(report.items) - known
        if unknown:
            return _no("rejected", "items_unknown", f"{len(unknown)} of the pieces are not on the ticket")
    if report.kind == "accepted" and ticket.state is TicketState.ACCEPTED:
        return _no("rejected", "duplicate_execution", "the ticket was accepted before, by another report")
    if ticket.state not in _FROM[report.kind]:
        return _overtaken(session, ticket, report)
    return _apply(session, rules, ticket, report, now)


def _overtaken(session: Session, ticket: Ticket, report: StationReport) -> _Verdict:
    """Judge a report that does not fit the ticket's state: merely late, or contradicting what is known."""
    if ticket.state in (TicketState.CANCELLED, TicketState.RELEASED):
        return _no("rejected", "ticket_not_sent", f"the ticket is {ticket.state}; the station should not have it")
    if report.kind in ("done", "failed") and ticket.state in _ENDED:
        items = batches.ticket_items(session, ticket.id)
        if _outcomes(report, items) != {item.item_id: item.outcome for item in items}:
            return _no("rejected", "contradiction", f"the ticket ended as {ticket.state} with other outcomes")
    return _no("out_of_order", "out_of_order", f"the ticket is {ticket.state} already")


def _apply(session: Session, rules: RuleSet, ticket: Ticket, report: StationReport, now: datetime) -> _Verdict:
    batch = batches.get_batch(session, ticket.batch_id)
    remade: tuple[str, ...] = ()
    set_aside: tuple[str, ...] = ()
    if report.kind == "accepted":
        batches.move_ticket(session, ticket.id, TicketState.ACCEPTED, now)
    elif report.kind == "running":
        batches.move_ticket(session, ticket.id, TicketState.RUNNING, now)
        stations.set_setup_state(session, ticket.station, batch.setup_state)
    else:
        stations.set_setup_state(session, ticket.station, batch.setup_state)
        items = batches.ticket_items(session, ticket.id)
        finished = batches.finish_ticket(
            session, ticket.id, _outcomes(report, items), rests=rests_after(session, rules, items), now=now,
            reason=report.reason,
        )  # fmt: skip
        remade, set_aside = (batch.process,) * len(finished.remakes), tuple(finished.set_aside)
    skewed = abs(report.at - now) > _CLOCK_SKEW
    return _Verdict(ReportOutcome("applied", "station_clock_skew" if skewed else ""), remade, set_aside)


def _outcomes(report: StationReport, items: list[batches.TicketItem]) -> dict[str, str]:
    """Return an outcome for each piece: its own where told, else the ticket's."""
    return {item.item_id: report.items.get(item.item_id, report.kind) for item in items}


def rests_after(session: Session, rules: RuleSet, items: list[batches.TicketItem]) -> Mapping[str, int]:
    """Return the rest after each job, as the rules in force say; none where they no longer know the product."""
    pieces = orders.items_by_id(session, [item.item_id for item in items])
    rests: dict[str, int] = {}
    for item in items:
        product = rules.products.get(pieces[item.item_id].product)
        step = int(item.job_id.rpartition("-")[2])
        if product is not None and step <= len(product.route):
            rests[item.job_id] = product.route[step - 1].rest_s
    return rests


def _no(outcome: str, code: str, message: str) -> _Verdict:
    return _Verdict(ReportOutcome(outcome, code, message))


def _tell(floor: Floor, report: StationReport, verdict: _Verdict) -> None:
    outcome = verdict.outcome
    floor.metrics.reports.labels(outcome="replayed" if outcome.repeat else outcome.outcome).inc()
    if outcome.repeat:
        return
    if outcome.outcome == "applied":
        floor.metrics.tickets.labels(station=report.station, state=report.kind).inc()
    for process in verdict.remade:
        floor.metrics.remakes.labels(process=process).inc()
    floor.metrics.set_aside.inc(len(verdict.set_aside))
    for item_id in verdict.set_aside:
        log.warning("piece_to_set_aside", item_id=item_id, station=report.station, ticket_id=report.ticket_id)
    if verdict.remade:
        floor.replan.set()
    level = log.info if outcome.outcome in ("applied", "out_of_order") else log.warning
    level(
        f"report_{outcome.outcome}",
        station=report.station, ticket_id=report.ticket_id, kind=report.kind, report_id=report.report_id,
        code=outcome.code or None, remakes=len(verdict.remade) or None,
    )  # fmt: skip
