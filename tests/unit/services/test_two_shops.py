"""Two shops, one of them faulty, are polled, and a third asks for dates: every order, event and promise is found."""

import json
import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from batcher.api.app import create_app
from batcher.api.health import Health
from batcher.dispatch import webhook
from batcher.rules.sources import Source
from batcher.services import hooks
from batcher.services.context import Floor
from batcher.services.cycle import plan_cycle
from batcher.services.news import NewsDesk
from batcher.store import order_lists
from tests.builders_api import client_of, opened_floor
from tests.builders_floor import later
from tests.builders_sources import PLAIN, Asked, Said, look, plain_order, serving, with_source
from tests.hook_receiver import is_signed, receiving

ORDERS, PAGE = 40, 10


@pytest.fixture
def floor(tmp_path: Path) -> Iterator[Floor]:
    with opened_floor(tmp_path) as opened:
        yield replace(opened, settings=opened.settings.model_copy(update={"private_hooks": True}))


@dataclass
class Orders:
    """A shop's orders, page by page, and what it was told; a faulty one fails, lies and repeats itself."""

    chance: random.Random | None = None

    def __post_init__(self) -> None:
        self.told: set[str] = set()

    def answer(self, asked: Asked) -> Said:
        if self.chance is not None and self.chance.random() < 0.25:
            return self.chance.choice(
                [Said(status=500), Said(status=429), Said(b"<html>"), Said({"orders": "?"}), Said(status=302)]
            )
        if asked.method == "POST":
            self.told.add(asked.path.rpartition("/")[2])
            return Said({})
        page = int(asked.query.get("page", "1"))
        return Said({"orders": [plain_order(n) for n in range(ORDERS)][(page - 1) * PAGE : page * PAGE]})


def test_every_order_event_and_promise_of_two_shops_is_accounted_for(floor: Floor) -> None:
    steady, faulty = Orders(), Orders(random.Random(7))
    with serving(steady.answer) as first, serving(faulty.answer) as second, receiving() as subscriber:
        hook = hooks.create_hook(floor, "news", subscriber.url, [], None)
        at = _both(floor, first.url, second.url)
        plan_cycle(at)
        quoted = client_of(create_app(at, Health())).post("/v1/quotes", json={"lines": [_tin()]})
        looks = 0
        while len(faulty.told) < ORDERS:
            looks += 1
            assert looks < 100, "the faulty shop is never read to its end"
            look(at)
            at = later(at, hours=2)
        desk = NewsDesk(at, partial(webhook.post, private=True, timeout_s=10.0), lambda: 1.0)
        desk.make()
        while len(subscriber.got) < 2 * ORDERS:
            desk.send()

    with at.store.read() as session:
        kept = order_lists.list_orders(session, limit=1000)
    assert quoted.status_code == 200
    assert sorted((order.source, order.order_id) for order in kept) == sorted(
        (source, f"P-{n}") for source in ("steady", "faulty") for n in range(ORDERS)
    )
    assert steady.told == faulty.told == {f"P-{n}" for n in range(ORDERS)}
    assert all(is_signed(headers, body, hook.secret) for headers, body in subscriber.got)
    numbers: dict[str, list[int]] = defaultdict(list)
    for event in (json.loads(body) for _, body in subscriber.got):
        numbers[event["subject"]].append(event["data"]["number"])
    assert set(numbers) == {order.key for order in kept}
    assert all(found == list(range(1, len(found) + 1)) for found in numbers.values())
    assert all(order.leave_by_at > order.placed_at for order in kept)


def _both(floor: Floor, first: str, second: str) -> Floor:
    at = floor
    sources: dict[str, Source] = {}
    for name, url in (("steady", first), ("faulty", second)):
        more = f", paging: page, acknowledge: {{url: '{url}/taken/{{id}}', id: id}}"
        at = with_source(floor, PLAIN.format(url=url, more=more), name)
        sources |= at.rules.current.sources
    at.rules.swap(replace(at.rules.current, sources=sources), floor.now())
    return at


def _tin() -> dict[str, Any]:
    return {"sku": "TIN-CAK-NATURAL-01", "quantity": 1, "text": "Zoë"}
