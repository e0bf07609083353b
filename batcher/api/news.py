"""Routes of news: read behind a place, or as it comes (server-sent events)."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Header, Query
from pydantic import BaseModel, Field
from starlette.responses import StreamingResponse

from batcher.api.gate import ActorDep
from batcher.api.health import Health
from batcher.api.problems import RequestError
from batcher.services.context import Floor
from batcher.services.news import cloud_event
from batcher.store import news
from batcher.store.news import NewsItem

_PLACE = re.compile("[0-9]{1,18}", re.ASCII)
_LOOK_S, _SIGN_OF_LIFE_S = 1.0, 15.0
_AT_ONCE = 200
#: Streams at one time: each of them looks once a second.
_MAX_STREAMS = 50


class EventPage(BaseModel):
    """News, oldest first, each a CloudEvent; `next` goes into `after`, whether or not there is more."""

    events: list[dict[str, object]]
    next: str = Field(description="how far this page goes")


After = Annotated[str, Query(max_length=32, description="`next` of the page before; 0 is the beginning")]


def news_routes(floor: Floor, health: Health) -> APIRouter:
    """Return the routes under /v1/events."""
    router = APIRouter(prefix="/v1/events", tags=["news"])
    streams: set[object] = set()

    def read(after: int, source: str | None, limit: int) -> list[NewsItem]:
        with floor.store.read() as session:
            return news.news_after(session, after, limit=limit, source=source)

    @router.get("")
    def get_events(actor: ActorDep, after: After = "0", limit: Annotated[int, Query(ge=1, le=1000)] = 100) -> EventPage:
        """Read what has happened to orders behind a place; nothing is left out, and nothing comes twice."""
        place = _place(after)
        found = read(place, actor.source, limit)
        site = floor.rules.current.site.name
        return EventPage(
            events=[cloud_event(item, site) for item in found], next=str(found[-1].seq if found else place)
        )

    @router.get("/stream", response_class=StreamingResponse)
    async def stream_events(
        actor: ActorDep, after: After = "0", last_event_id: Annotated[str | None, Header()] = None
    ) -> StreamingResponse:
        """Read what happens to orders as it does, as server-sent events; their ids are places for `after`."""
        place = _place(last_event_id or after)
        if len(streams) >= _MAX_STREAMS:
            raise RequestError(
                HTTPStatus.TOO_MANY_REQUESTS, "streams_full", "too many streams are open", headers={"Retry-After": "60"}
            )

        async def told() -> AsyncIterator[bytes]:
            streams.add(mine := object())
            at, quiet_s = place, 0.0
            yield b": batcher\n\n"
            try:
                while health.not_ready_reason != "stopping":
                    found = await asyncio.to_thread(read, at, actor.source, _AT_ONCE)
                    for item in found:
                        at, quiet_s = item.seq, 0.0
                        yield _message(item, floor.rules.current.site.name)
                    if not found:
                        await asyncio.sleep(_LOOK_S)
                        quiet_s += _LOOK_S
                    if quiet_s >= _SIGN_OF_LIFE_S:
                        quiet_s = 0.0
                        yield b": still here\n\n"
            finally:
                streams.discard(mine)

        return StreamingResponse(told(), media_type="text/event-stream")

    return router


def _place(after: str) -> int:
    if not _PLACE.fullmatch(after):
        raise RequestError(HTTPStatus.BAD_REQUEST, "cursor_invalid", "`after` takes what `next` of a page said")
    return int(after)


def _message(item: NewsItem, site: str) -> bytes:
    body = json.dumps(cloud_event(item, site), ensure_ascii=False)
    return f"id: {item.seq}\nevent: {item.type}\ndata: {body}\n\n".encode()
