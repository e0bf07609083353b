"""News: made of what was recorded, once and in order; sent to real servers until they take it, or for three days."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from batcher.dispatch import webhook
from batcher.errors import DispatchError, DocumentError
from batcher.services import actions, hooks
from batcher.services.context import Floor
from batcher.services.housekeeping import housekeep
from batcher.services.news import NewsDesk, cloud_event
from batcher.services.outlook_watch import watch_outlooks
from batcher.store import batches, news
from batcher.store import hooks as stored
from batcher.store.hooks import Hook
from batcher.store.news import NewsItem
from tests.builders_api import opened_floor, send_ticket
from tests.builders_floor import later, order_document, run_through, take
from tests.hook_receiver import is_signed, receiving


@pytest.fixture
def floor(tmp_path: Path) -> Iterator[Floor]:
    with opened_floor(tmp_path) as opened:
        yield replace(opened, settings=opened.settings.model_copy(update={"private_hooks": True}))


def _desk(floor: Floor) -> NewsDesk:
    return NewsDesk(floor, partial(webhook.post, private=True, timeout_s=5.0), lambda: 1.0)


def _all(floor: Floor) -> list[NewsItem]:
    with floor.store.read() as session:
        return news.news_after(session, 0, limit=1000)


def _hook(floor: Floor, url: str, name: str = "shop", source: str | None = None) -> Hook:
    return hooks.create_hook(floor, name, url, [], source)


def _states(floor: Floor, hook: Hook) -> list[tuple[str, int]]:
    with floor.store.read() as session:
        return [(delivery.state, delivery.attempts) for delivery, _ in stored.deliveries(session, hook.id)]


@pytest.mark.again
def test_an_orders_life_is_told_in_order_and_numbered_without_a_gap(floor: Floor) -> None:
    (key,) = take(floor, order_document())
    ticket_id = send_ticket(floor, "uv-1", "uv-print")
    with floor.store.read() as session:
        ticket = batches.get_ticket(session, ticket_id)
    run_through(floor, ticket)
    housekeep(later(floor, days=5))
    made = [_desk(floor).make(), _desk(floor).make()]

    told = _all(floor)

    types = [item.type for item in told]
    assert types[:3] == ["order.accepted", "order.in_production", "item.step_done"]
    assert made == [len(told), 0]
    assert [item.number for item in told] == list(range(1, len(told) + 1))
    assert {item.order_key for item in told} == {key}
    assert len({item.id for item in told}) == len(told)


def test_failing_held_changed_and_cancelled_are_told_and_never_what_people_wrote(floor: Floor) -> None:
    (key,) = take(floor, order_document())
    actions.hold_order(floor, key, "Zsófia rang", "mia")
    actions.release_order(floor, key, "mia")
    ticket_id = send_ticket(floor, "uv-1", "uv-print")
    with floor.store.read() as session:
        ticket = batches.get_ticket(session, ticket_id)
        item_ids = tuple(entry.item_id for entry in batches.ticket_items(session, ticket_id))
    run_through(floor, ticket, items=dict.fromkeys(item_ids, "failed"))
    actions.cancel_order(floor, key, "Zsófia rang again", "mia")
    _desk(floor).make()

    told = _all(floor)

    types = [item.type for item in told]
    assert types == [
        "order.accepted", "order.held", "order.released", "order.in_production", "item.remade", "order.cancelled",
    ]  # fmt: skip
    assert told[1].data["code"] == "by_hand"
    assert all("Zs" not in str(item.data) for item in told)


def test_an_order_that_will_be_late_is_told_once_and_so_is_that_it_is(floor: Floor) -> None:
    take(floor, order_document())
    late = later(floor, days=2)
    watch_outlooks(late)
    watch_outlooks(late)
    _desk(late).make()

    assert [item.type for item in _all(floor)] == ["order.accepted", "order.late"]


def test_a_hook_gets_every_piece_once_signed_so_that_it_can_be_believed(floor: Floor) -> None:
    with receiving() as receiver:
        hook = _hook(floor, receiver.url)
        other = _hook(floor, receiver.url + "?other", "other", source="elsewhere")
        take(floor, order_document(order_id="A"), order_document(order_id="B"))
        _desk(floor).turn()
        _desk(floor).turn()

    assert [event["data"]["order_id"] for event in receiver.events()] == ["A", "B"]
    for headers, body in receiver.got:
        assert is_signed(headers, body, hook.secret)
        assert not is_signed(headers, body + b" ", hook.secret)
        assert headers["content-type"].startswith("application/cloudevents+json")
    assert [event["id"] for event in receiver.events()] == [headers["webhook-id"] for headers, _ in receiver.got]
    assert (_states(floor, hook), _states(floor, other)) == ([("delivered", 1)] * 2, [])


def test_where_news_comes_from_is_told_as_an_address(floor: Floor) -> None:
    take(floor, order_document())
    _desk(floor).make()

    (told,) = (cloud_event(item, "North floor/2") for item in _all(floor))

    assert told["source"] == "/batcher/North%20floor%2F2"


@pytest.mark.again
def test_what_was_not_taken_is_sent_again_under_the_same_id_after_a_while(floor: Floor) -> None:
    with receiving(500, 503, 204) as receiver:
        hook = _hook(floor, receiver.url)
        take(floor, order_document())
        for seconds in (0, 1, 6, 20):
            _desk(later(floor, seconds=seconds)).turn()

    assert len(receiver.got) == 3
    assert len({headers["webhook-id"] for headers, _ in receiver.got}) == 1
    assert _states(floor, hook) == [("delivered", 3)]


def test_what_nobody_takes_for_three_days_is_given_up_shown_and_sent_again_when_asked(floor: Floor) -> None:
    with receiving(500) as receiver:
        hook = _hook(floor, receiver.url)
        take(floor, order_document())
        moment = timedelta(0)
        while _states(floor, hook) in ([], *([[("waiting", n)] for n in range(60)])):
            _desk(later(floor, seconds=moment.total_seconds())).turn()
            moment += timedelta(hours=6)
        (state, attempts), *_ = _states(floor, hook)
        receiver.answers = [204]
        after = later(floor, seconds=moment.total_seconds())
        count = hooks.replay(after, "shop", None, "mia")
        _desk(after).turn()

    assert (state, timedelta(days=3) <= moment <= timedelta(days=4), attempts > 5) == ("dead", True, True)
    assert (count, _states(floor, hook)) == (1, [("delivered", 1)])


def test_a_hook_that_keeps_failing_is_left_alone_and_then_asked_with_a_single_piece(floor: Floor) -> None:
    with receiving(500) as receiver:
        _hook(floor, receiver.url)
        take(floor, *(order_document() for _ in range(10)))
        for _ in range(20):
            _desk(floor).turn()
        left_alone = len(receiver.got)
        _desk(later(floor, minutes=2)).turn()
        probed = len(receiver.got)
        receiver.answers = [204]
        for minutes in (10, 11, 12):
            _desk(later(floor, minutes=minutes)).turn()

    assert (left_alone, probed) == (5, 6)
    assert len({event["data"]["order_id"] for event in receiver.events()}) == 10


def test_a_hook_that_hangs_holds_up_no_other(floor: Floor) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as silent, receiving() as receiver:
        hangs = _hook(floor, f"http://127.0.0.1:{silent.getsockname()[1]}/", "hangs")
        _hook(floor, receiver.url)
        take(floor, order_document())
        NewsDesk(floor, partial(webhook.post, private=True, timeout_s=0.2), lambda: 1.0).turn()

    assert len(receiver.got) == 1
    with floor.store.read() as session:
        ((delivery, _),) = stored.deliveries(session, hangs.id)
    assert (delivery.state, str(delivery.last_error).partition(":")[0]) == ("waiting", "timeout")


def test_while_a_secret_is_changed_both_are_believed(floor: Floor) -> None:
    with receiving() as receiver:
        old = _hook(floor, receiver.url)
        new = hooks.rotate(floor, "shop", None, "mia")
        take(floor, order_document())
        _desk(floor).turn()

    ((headers, body),) = receiver.got
    assert old.secret != new.secret
    assert is_signed(headers, body, old.secret)
    assert is_signed(headers, body, new.secret)


def test_a_receiver_that_is_gone_is_turned_off_and_a_redirect_is_not_followed(floor: Floor) -> None:
    with receiving(410) as gone, receiving(302) as moved:
        hook, other = _hook(floor, gone.url, "gone"), _hook(floor, moved.url, "moved")
        take(floor, order_document())
        _desk(floor).turn()

    with floor.store.read() as session:
        assert stored.get_hook(session, hook.id).active is False
        assert stored.get_hook(session, other.id).active is True
    assert (len(moved.got), _states(floor, other)) == (1, [("waiting", 1)])


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://shop.example/", "url_scheme"),
        ("file:///etc/passwd", "url_scheme"),
        ("ftp://shop.example/", "url_scheme"),
        ("https://user:pw@shop.example/", "url_invalid"),
        ("https://shop.example:22/", "url_invalid"),
        ("https://shop.example/\r\nX: y", "url_invalid"),
        *((f"https://{host}/", "url_forbidden_address")
          for host in ("127.0.0.1", "10.0.0.1", "169.254.169.254", "0.0.0.0", "2130706433", "0x7f.1", "[::1]",
                       "[::ffff:169.254.169.254]", "[fd00::1]")),
    ],
)  # fmt: skip
def test_news_is_sent_to_no_address_that_is_not_public(floor: Floor, url: str, code: str) -> None:
    public = replace(floor, settings=floor.settings.model_copy(update={"private_hooks": False}))

    with pytest.raises(DocumentError) as refused:
        hooks.create_hook(public, "shop", url, [], None)

    assert refused.value.faults[0].code == code


def test_a_name_that_leads_to_a_private_address_is_not_dialled(floor: Floor) -> None:
    with pytest.raises(DispatchError, match="not public"):
        webhook.post("https://localhost/", b"", {}, private=False, timeout_s=1)
