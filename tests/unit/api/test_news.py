"""News over HTTP: read behind a place, read as it comes, and hooks with what was sent to them."""

import asyncio
import json
from functools import partial
from typing import Any

import httpx

from batcher.api.app import create_app
from batcher.api.health import Health
from batcher.daemon.server import ApiServer, bind
from batcher.dispatch import webhook
from batcher.domain.access import SOURCE_SCOPES, Scope
from batcher.services.context import Floor
from batcher.services.news import NewsDesk
from tests.builders_access import token_with
from tests.builders_api import order


def _make(floor: Floor) -> None:
    NewsDesk(floor, partial(webhook.post, private=True, timeout_s=1), lambda: 1.0).make()


def test_news_is_read_page_by_page_and_nothing_comes_twice(client: httpx.Client, floor: Floor) -> None:
    client.post("/v1/orders", json=[order(f"W-{k}") for k in range(3)])
    _make(floor)

    first = client.get("/v1/events?limit=2").json()
    second = client.get(f"/v1/events?limit=2&after={first['next']}").json()
    third = client.get(f"/v1/events?after={second['next']}").json()

    told = [event["data"]["order_id"] for page in (first, second, third) for event in page["events"]]
    assert told == ["W-0", "W-1", "W-2"]
    assert (third["events"], third["next"]) == ([], second["next"])
    assert first["events"][0]["specversion"] == "1.0"
    assert first["events"][0]["type"] == "batcher.order.accepted"
    assert client.get("/v1/events?after=x").json()["code"] == "cursor_invalid"


def test_a_source_reads_its_own_news_and_keeps_its_own_hooks(client: httpx.Client, floor: Floor) -> None:
    client.post("/v1/orders?source=shop", json=order("W-1"))
    client.post("/v1/orders?source=web", json=order("W-2"))
    _make(floor)
    shop = token_with(floor, SOURCE_SCOPES, source="shop")
    web = token_with(floor, SOURCE_SCOPES, source="web")
    wanted = {"name": "mine", "url": "https://shop.example/news"}

    read = client.get("/v1/events", headers=shop).json()["events"]
    made = client.post("/v1/hooks", json={**wanted, "source": "web"}, headers=shop)

    assert [event["data"]["order_id"] for event in read] == ["W-1"]
    assert (made.status_code, made.json()["source"]) == (201, "shop")
    assert made.json()["secret"].startswith("whsec_")
    assert "secret" not in client.get("/v1/hooks", headers=shop).json()[0]
    assert client.get("/v1/hooks", headers=web).json() == []
    for path in ("deliveries",):
        assert client.get(f"/v1/hooks/mine/{path}", headers=web).status_code == 404
    for action in ("replay", "rotate", "off", "on"):
        assert client.post(f"/v1/hooks/mine/{action}", json={}, headers=web).status_code == 404
        assert client.post(f"/v1/hooks/mine/{action}", json={}, headers=shop).status_code == 200
    assert client.get("/v1/hooks/mine/deliveries?state=dead", headers=shop).json() == []
    assert client.post("/v1/hooks", json=wanted, headers=shop).status_code == 409


def test_news_comes_as_it_happens_from_where_the_reader_was_and_ends_with_the_daemon(floor: Floor) -> None:
    health = Health()
    headers = token_with(floor, [Scope.EVENTS_READ, Scope.ORDERS_WRITE])

    async def scenario() -> list[dict[str, Any]]:
        server = ApiServer(create_app(floor, health), bind(floor.settings), drain_s=5)
        address = await server.start()
        told: list[dict[str, Any]] = []
        async with httpx.AsyncClient(base_url=address.url, headers=headers, timeout=60) as client:
            await client.post("/v1/orders", json=[order("W-1"), order("W-2")])
            await asyncio.to_thread(_make, floor)
            first = (await client.get("/v1/events?limit=1")).json()["next"]
            async with client.stream("GET", "/v1/events/stream", headers={"Last-Event-ID": first}) as stream:
                assert stream.headers["content-type"].startswith("text/event-stream")
                async for line in stream.aiter_lines():
                    if line.startswith("data: "):
                        told.append(json.loads(line.removeprefix("data: ")))
                        if len(told) == 1:
                            await client.post("/v1/orders", json=order("W-3"))
                            await asyncio.to_thread(_make, floor)
                        else:
                            health.set_not_ready("stopping")
        await server.stop()
        return told

    told = asyncio.run(scenario())

    assert [event["data"]["order_id"] for event in told] == ["W-2", "W-3"]
