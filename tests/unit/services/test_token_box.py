"""What is remembered of tokens is never older than a second, nor than the last change."""

from datetime import UTC, datetime

from batcher.domain.access import Scope, Token
from batcher.services.token_box import TokenBox

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
TOKEN = Token("T1", "shop", (Scope.ORDERS_READ,), None, None, NOW, NOW)


def test_a_token_is_looked_up_again_after_a_second() -> None:
    clock = [0.0]
    box = TokenBox(lambda: clock[0])
    box.keep("d", TOKEN, box.changes)
    assert box.get("d") == TOKEN
    clock[0] = 1.0
    assert box.get("d") is None


def test_a_change_has_every_token_looked_up_again_also_one_that_is_just_being_read() -> None:
    box = TokenBox(lambda: 0.0)
    box.keep("d", TOKEN, box.changes)
    before = box.changes
    box.forget()
    assert box.get("d") is None
    box.keep("d", TOKEN, before)
    assert box.get("d") is None
