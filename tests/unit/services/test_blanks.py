"""A blank that has run out keeps its own pieces waiting and no others, and everybody who asks is told so."""

import pytest

from batcher.domain.batches import Ticket
from batcher.errors import NotFoundError
from batcher.intake.quotes import parse_quote
from batcher.services import actions
from batcher.services.blanks import NO_BLANK, say_back, say_out
from batcher.services.context import Floor
from batcher.services.explain import why
from batcher.services.promise import quote
from batcher.services.releasing import release_due
from batcher.store import batches, blanks, events, orders
from tests.builders_api import send_ticket
from tests.builders_floor import later, order_document, plan_at_once, report, take

TIN, SLATE = "TIN-CAK-NATURAL-01", "SLATE-PLA-NATURAL-01"


def _ticket(floor: Floor, ticket_id: str) -> Ticket:
    with floor.store.read() as session:
        return batches.get_ticket(session, ticket_id)


def _product(floor: Floor, sku: str) -> str:
    entry = floor.rules.current.entry(sku)
    assert entry is not None
    return entry.product


def _other_sku(floor: Floor) -> str:
    """Return a SKU of another product than the tin."""
    tin = _product(floor, TIN)
    return next(sku for sku, entry in floor.rules.current.catalogue.items() if entry.product != tin)


def _code(floor: Floor, ref: str) -> str:
    return why(floor, actions.find_order(floor, ref)).items[0].code


def _planned(floor: Floor) -> set[str]:
    return {job.order for job in plan_at_once(floor).snapshot.problem.jobs}


def test_its_pieces_are_not_planned_and_others_are_until_it_is_back(floor: Floor) -> None:
    (without,) = take(floor, order_document(TIN, order_id="T-1"))
    (other,) = take(floor, order_document(_other_sku(floor), order_id="O-1"))
    waiting = say_out(floor, _product(floor, TIN), reason="truck at three", who="mia")
    meanwhile = _planned(floor)
    told = why(floor, actions.find_order(floor, "T-1")).items[0]
    say_back(floor, _product(floor, TIN), reason="", who="mia")
    assert waiting == 1
    assert meanwhile == {other}
    assert told.code == "blank_out"
    assert "truck at three" in told.text
    assert _code(floor, "O-1") != "blank_out"
    assert _planned(floor) == {without, other}


@pytest.mark.parametrize("exact", ["finish", "sku"])
def test_a_finish_or_a_sku_alone_can_run_out(floor: Floor, exact: str) -> None:
    take(floor, order_document(TIN, order_id="T-1"))
    entry = floor.rules.current.entry(TIN)
    assert entry is not None
    say_out(floor, TIN if exact == "sku" else f"{entry.product}/{entry.finish}", reason="", who="mia")
    assert _planned(floor) == set()
    assert _code(floor, "T-1") == "blank_out"


def test_what_was_planned_before_is_not_released(floor: Floor) -> None:
    take(floor, order_document(TIN, quantity=15))
    due = later(floor, hours=9)
    plan_at_once(due)
    say_out(due, _product(floor, TIN), reason="", who="mia")
    assert release_due(due) == []
    say_back(due, _product(floor, TIN), reason="", who="mia")
    plan_at_once(due)
    assert release_due(due) != []


def test_a_piece_that_is_begun_goes_on(floor: Floor) -> None:
    take(floor, order_document(TIN, order_id="T-1"))
    send_ticket(floor, "uv-1", "uv-print")
    assert say_out(floor, _product(floor, TIN), reason="", who="mia") == 0
    assert _code(floor, "T-1") != "blank_out"


def test_a_quote_gives_no_date_and_says_why(floor: Floor) -> None:
    take(floor, order_document(_other_sku(floor)))
    plan_at_once(floor)
    say_out(floor, _product(floor, TIN), reason="", who="mia")
    asked = {"service": "next-day", "lines": [{"sku": TIN, "quantity": 1, "text": "Zoë"}]}
    zone = floor.rules.current.site.zone
    found = quote(floor, parse_quote(asked, source="shop", zone=zone, now=floor.now()))
    assert found is not None
    assert [(offer.leave_by_at, offer.binding.code) for offer in found.offers] == [(None, "blank_out")]


def test_a_station_that_finds_no_blank_says_so_with_its_report(floor: Floor) -> None:
    (key,) = take(floor, order_document(TIN, order_id="T-1"))
    send_ticket(floor, "uv-1", "uv-print")
    assert report(floor, _ticket(floor, "T1"), "failed", reason=NO_BLANK).outcome == "applied"
    entry = floor.rules.current.entry(TIN)
    assert entry is not None
    with floor.store.read() as session:
        (out,) = blanks.blanks_out(session).values()
        (remake,) = [item for item in orders.items_of(session, key) if item.remake_of is not None]
        assert blanks.items_waiting(session) == {remake.id: out.blank}
        assert orders.open_work(session) == []
    assert (out.blank, out.who) == (f"{entry.product}/{entry.finish}", "uv-1")


def test_another_reason_says_nothing_of_blanks(floor: Floor) -> None:
    take(floor, order_document(TIN))
    send_ticket(floor, "uv-1", "uv-print")
    report(floor, _ticket(floor, "T1"), "failed", reason="smudged")
    with floor.store.read() as session:
        assert blanks.blanks_out(session) == {}


def test_each_change_is_recorded_once_with_who_said_so_and_counted(floor: Floor) -> None:
    take(floor, order_document(TIN))
    for _ in range(2):
        say_out(floor, TIN, reason="gone", who="mia")
    counted = floor.metrics.registry.get_sample_value("batcher_items_without_blank")
    say_back(floor, TIN, reason="", who="tom")
    with floor.store.read() as session:
        told = [(event.after, event.data["who"]) for event in events.events_of(session, ident=TIN)]
    assert told == [("out", "mia"), ("there", "tom")]
    assert counted == 1
    assert floor.metrics.registry.get_sample_value("batcher_blanks_out") == 0


def test_what_the_rules_do_not_name_cannot_run_out_and_what_is_there_cannot_be_back(floor: Floor) -> None:
    with pytest.raises(NotFoundError, match="no product, product/finish or SKU tim"):
        say_out(floor, "tim", reason="", who="mia")
    with pytest.raises(NotFoundError):
        say_back(floor, _product(floor, TIN), reason="", who="mia")
