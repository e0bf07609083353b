"""
Station reports against the store: what a station says happened moves tickets, pieces and orders.

Idempotent by (station, report_id). A report that contradicts what is known is kept as evidence and changes nothing.
Reading reports from folders is `dispatch.report_folder`'s work.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from batcher.domain.batches import StationReport
from batcher.domain.states import TicketState
from batcher.errors import SafeModeError
from batcher.rules.ruleset import RuleSet
from batcher.services.blanks import NO_BLANK, tell_blanks
from batcher.services.context import Floor
from batcher.services.failing import hold_failing, tell_failing
from batcher.store import batches, blanks, orders, reports, stations
from batcher.store.batches import End, Finished, TicketHead, TicketItem
from batcher.store.reports import Judged, StoredReport
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
_MOVES = {"accepted": TicketState.ACCEPTED, "running": TicketState.RUNNING}
_ENDS = ("done", "failed")
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
    setup_state: str | None = None  #: what the station is set up for since
    process: str = ""  #: of its ticket
    remakes: tuple[str, ...] = ()  #: pieces that stand in for those that failed
    set_aside: tuple[str, ...] = ()  #: pieces that were made though their orders were cancelled


@dataclass(frozen=True)
class _Known:
    """What the database says of what some reports are about."""

    reports: Mapping[tuple[str, str], StoredReport]  #: by station and report id
    tickets: Mapping[str, TicketHead]
    items: Mapping[str, list[TicketItem]]  #: by ticket, where they matter


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
    verdicts: dict[int, _Verdict] = {}
    with floor.store.write() as session:
        for numbers in _rounds(told):
            some = [told[number] for number in numbers]
            verdicts |= dict(zip(numbers, _apply_round(session, rules, some, now), strict=True))
        judged = [(report, verdicts[number]) for number, report in enumerate(told)]
        _note_stations(session, judged, now)
        out = _note_blanks(session, judged, now)
        failing = hold_failing(floor, session, [piece for _, verdict in judged for piece in verdict.remakes])
    if out:
        log.warning("blanks_out", blanks=out)
        tell_blanks(floor)
    tell_failing(floor, failing)
    for report, verdict in judged:
        _tell(floor, report, verdict)
    return [verdict.outcome for _, verdict in judged]


def _rounds(told: Sequence[StationReport]) -> list[list[int]]:
    """Sort reports into rounds, by number: in one round none is about what another of it changes."""
    rounds: list[list[int]] = []
    latest: dict[tuple[str, ...], int] = {}
    for number, report in enumerate(told):
        about = ((report.ticket_id,), (report.station, report.report_id))
        turn = 1 + max(latest.get(key, -1) for key in about)
        latest |= dict.fromkeys(about, turn)
        if turn == len(rounds):
            rounds.append([])
        rounds[turn].append(number)
    return rounds


def _apply_round(session: Session, rules: RuleSet, told: Sequence[StationReport], now: datetime) -> list[_Verdict]:
    known = _read(session, told)
    refused = [_again(session, known, report) or _refusal(known, report) for report in told]
    good = [report for report, refusal in zip(told, refused, strict=True) if refusal is None]
    applied = iter(_apply(session, rules, known, good, now))
    verdicts = [next(applied) if refusal is None else refusal for refusal in refused]
    new = [
        Judged(report, verdict.outcome.outcome, verdict.outcome.code, verdict.outcome.message)
        for report, verdict in zip(told, verdicts, strict=True)
        if (report.station, report.report_id) not in known.reports
    ]
    reports.record_reports(session, new, now)
    return verdicts


def _read(session: Session, told: Sequence[StationReport]) -> _Known:
    stored = reports.find_reports(session, [(report.station, report.report_id) for report in told])
    listed = {report.ticket_id for report in told if report.items or report.kind in _ENDS}
    tickets = batches.ticket_heads(session, [report.ticket_id for report in told])
    return _Known(stored, tickets, batches.listed_items(session, listed))


def _again(session: Session, known: _Known, report: StationReport) -> _Verdict | None:
    """Answer a report whose id came before: a repeat changes nothing, and an id used anew may not pass for one."""
    first = known.reports.get((report.station, report.report_id))
    if first is None:
        return None
    if (first.ticket_id, first.kind, first.body["items"]) != (report.ticket_id, report.kind, report.items):
        return _no("rejected", "report_id_reused", f"the id came before, as {first.kind} of ticket {first.ticket_id}")
    reports.count_replay(session, first)
    return _Verdict(ReportOutcome(first.outcome, first.code, first.message, repeat=True))


def _refusal(known: _Known, report: StationReport) -> _Verdict | None:
    """Return why a report cannot be applied; none: it can."""
    ticket = known.tickets.get(report.ticket_id)
    if ticket is None:
        return _no("orphan", "ticket_unknown", "no ticket has this id; the station may have made something twice")
    if ticket.station != report.station:
        return _no("rejected", "not_your_ticket", f"the ticket was given to {ticket.station}")
    items = known.items.get(ticket.id, [])
    unknown = set(report.items) - {item.item_id for item in items}
    if unknown:
        return _no("rejected", "items_unknown", f"{len(unknown)} of the pieces are not on the ticket")
    if report.kind == "accepted" and ticket.state is TicketState.ACCEPTED:
        return _no("rejected", "duplicate_execution", "the ticket was accepted before, by another report")
    return None if ticket.state in _FROM[report.kind] else _overtaken(ticket, items, report)


def _overtaken(ticket: TicketHead, items: Sequence[TicketItem], report: StationReport) -> _Verdict:
    """Judge a report that does not fit the ticket's state: merely late, or contradicting what is known."""
    if ticket.state in (TicketState.CANCELLED, TicketState.RELEASED):
        return _no("rejected", "ticket_not_sent", f"the ticket is {ticket.state}; the station should not have it")
    ended = report.kind in _ENDS and ticket.state in _ENDED
    if ended and _outcomes(report, items) != {item.item_id: item.outcome for item in items}:
        return _no("rejected", "contradiction", f"the ticket ended as {ticket.state} with other outcomes")
    return _no("out_of_order", "out_of_order", f"the ticket is {ticket.state} already")


def _apply(
    session: Session, rules: RuleSet, known: _Known, told: Sequence[StationReport], now: datetime
) -> list[_Verdict]:
    """Apply reports of different tickets that fit the tickets' states."""
    for kind, state in _MOVES.items():
        heads = [known.tickets[report.ticket_id] for report in told if report.kind == kind]
        batches.move_tickets(session, heads, state, now)
    ended = [report for report in told if report.kind in _ENDS]
    items = [item for report in ended for item in known.items[report.ticket_id]]
    ends = [End(known.tickets[one.ticket_id], _outcomes(one, known.items[one.ticket_id]), one.reason) for one in ended]
    finished = batches.finish_tickets(session, ends, rests=rests_after(session, rules, items), now=now)
    by_ticket = {end.ticket.id: pieces for end, pieces in zip(ends, finished, strict=True)}
    return [_applied(known.tickets[report.ticket_id], by_ticket.get(report.ticket_id), report, now) for report in told]


def _applied(ticket: TicketHead, finished: Finished | None, report: StationReport, now: datetime) -> _Verdict:
    skewed = abs(report.at - now) > _CLOCK_SKEW
    return _Verdict(
        ReportOutcome("applied", "station_clock_skew" if skewed else ""),
        None if report.kind == "accepted" else ticket.setup_state,
        ticket.process,
        () if finished is None else tuple(finished.remakes),
        () if finished is None else tuple(finished.set_aside),
    )


def _note_stations(session: Session, judged: Sequence[tuple[StationReport, _Verdict]], now: datetime) -> None:
    """Note which stations were heard, and what they were set up for last."""
    stations.touch_reports(session, {report.station for report, verdict in judged if not verdict.outcome.repeat}, now)
    set_up = {report.station: verdict.setup_state for report, verdict in judged if verdict.setup_state is not None}
    stations.set_setup_states(session, set_up)


def _note_blanks(session: Session, judged: Sequence[tuple[StationReport, _Verdict]], now: datetime) -> list[str]:
    """Note of which blanks stations say that there are no more; return those that are new."""
    new: list[str] = []
    for report, verdict in judged:
        if verdict.outcome.outcome == "applied" and not verdict.outcome.repeat and report.reason == NO_BLANK:
            listed = batches.ticket_items(session, report.ticket_id)
            failed = [item for item, outcome in _outcomes(report, listed).items() if outcome == "failed"]
            pieces = orders.items_by_id(session, failed).values()
            named = [f"{piece.product}/{piece.finish}" if piece.finish else piece.product for piece in pieces]
            new += blanks.run_out(session, named, f"{report.station} reported {NO_BLANK}", report.station, now)
    return new


def _outcomes(report: StationReport, items: Sequence[TicketItem]) -> dict[str, str]:
    """Return an outcome for each piece: its own where told, else the ticket's."""
    return {item.item_id: report.items.get(item.item_id, report.kind) for item in items}


def rests_after(session: Session, rules: RuleSet, items: Sequence[TicketItem]) -> Mapping[str, int]:
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
    if verdict.remakes:
        floor.metrics.remakes.labels(process=verdict.process).inc(len(verdict.remakes))
        floor.replan.set()
    floor.metrics.set_aside.inc(len(verdict.set_aside))
    for item_id in verdict.set_aside:
        log.warning("piece_to_set_aside", item_id=item_id, station=report.station, ticket_id=report.ticket_id)
    level = log.info if outcome.outcome in ("applied", "out_of_order") else log.warning
    level(
        f"report_{outcome.outcome}",
        station=report.station, ticket_id=report.ticket_id, kind=report.kind, report_id=report.report_id,
        code=outcome.code or None, remakes=len(verdict.remakes) or None,
    )  # fmt: skip
