"""When there is no room: a full disk, a floor that has all the orders it can take, a database that does not answer."""

from dataclasses import replace

import httpx

from batcher.api.app import create_app
from batcher.api.health import Health
from batcher.services.context import Floor
from tests.builders_api import client_of, order


def test_a_full_disk_is_told_as_such_and_nothing_is_kept(client: httpx.Client, floor: Floor) -> None:
    client.post("/v1/orders", json=order("W-1"))
    with floor.store.write() as session:
        pages = session.connection().exec_driver_sql("PRAGMA page_count").scalar_one()
        session.connection().exec_driver_sql(f"PRAGMA max_page_count={pages}")
    lines = [{"sku": "TIN-CAK-NATURAL-01", "quantity": 50, "text": f"{n}" * 10} for n in range(20)]

    answer = client.post("/v1/orders", json=order("W-2", lines=lines))

    assert (answer.status_code, answer.json()["code"]) == (507, "storage_full")
    assert "retry-after" in answer.headers
    assert client.get("/v1/orders/W-2").status_code == 404


def test_a_floor_with_all_the_orders_it_can_take_says_when_to_come_back(floor: Floor) -> None:
    small = replace(floor, settings=floor.settings.model_copy(update={"max_open_orders": 1}))
    with client_of(create_app(small, Health())) as client:
        client.post("/v1/orders", json=order("W-1"))
    with client_of(create_app(small, Health())) as client:
        answer = client.post("/v1/orders", json=order("W-2"))
        tried = client.post("/v1/orders?validate_only=true", json=order("W-2"))

    assert (answer.status_code, answer.json()["code"]) == (503, "backlog_full")
    assert int(answer.headers["retry-after"]) > 0
    assert tried.status_code == 200
