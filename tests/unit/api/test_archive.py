"""An order that has left the database, as those see it who ask the API."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from batcher.api.app import create_app
from batcher.api.health import Health
from batcher.domain.access import Scope
from batcher.services import actions
from batcher.services.context import Floor
from batcher.services.erasure import forget_old
from batcher.store import news
from tests.builders_access import token_with
from tests.builders_api import client_of, opened_floor, order
from tests.builders_floor import later, take


@pytest.fixture
def floor(tmp_path: Path) -> Iterator[Floor]:
    """Return a floor that forgot an order, cancelled long ago."""
    with opened_floor(tmp_path) as opened:
        (key,) = take(opened, order())
        actions.cancel_order(opened, key, "", "mia")
        old = later(opened, days=40)
        forget_old(old)
        actions.set_station(old, "uv-1", up=False, reason="lamp", who="mia")
        with old.store.write() as session:
            news.keep_news(session, news.fresh_news(session, limit=1000))
        yield later(opened, days=140)


def test_an_order_that_has_left_is_gone_and_read_from_the_archive(floor: Floor) -> None:
    with client_of(create_app(floor, Health())) as client:
        done = client.post("/v1/archive", json={}).json()
        gone = client.get("/v1/orders/W-1")
        read = client.get("/v1/archive/W-1").json()
    assert (done["counts"]["order"], done["more"]) == (1, False)
    assert (gone.status_code, gone.json()["code"]) == (410, "archived")
    assert "batcher archive show W-1" in gone.json()["detail"]
    assert (read["state"], [row["state"] for row in read["record"]["items"]]) == ("cancelled", ["cancelled"])


def test_what_another_source_had_in_the_archive_is_not_there(floor: Floor) -> None:
    other = token_with(floor, [Scope.ORDERS_READ], source="market")
    every = token_with(floor, [Scope.FLOOR_WRITE])
    with client_of(create_app(floor, Health())) as client:
        assert client.post("/v1/archive", json={}, headers=every).status_code == httpx.codes.OK
        for path in ("/v1/archive/W-1", "/v1/orders/W-1"):
            assert client.get(path, headers=other).status_code == httpx.codes.NOT_FOUND
