"""What has changed in a view, as server-sent events, to whoever has it open."""

import asyncio
import json
from collections.abc import AsyncIterator
from http import HTTPStatus

from starlette.responses import StreamingResponse

from batcher.api.board.parts import Painted, Shown
from batcher.api.board.watched import FRESH_S, Watched
from batcher.api.health import Health
from batcher.api.problems import RequestError

#: Screens at one time.
_MAX_STREAMS = 200
_SIGN_OF_LIFE_S = 10.0


class Streams:
    """Sends changes until the browser goes away or the daemon stops."""

    def __init__(self, health: Health) -> None:
        self._health = health
        self._open: set[object] = set()

    def of(self, watched: Watched, look: int) -> StreamingResponse:
        """
        Return the stream of a view.

        Parameters
        ----------
        look
            The one that the browser has; what has changed since is sent at once.
        """
        if len(self._open) >= _MAX_STREAMS:
            raise RequestError(
                HTTPStatus.TOO_MANY_REQUESTS, "streams_full", "too many boards are open", headers={"Retry-After": "60"}
            )
        return StreamingResponse(self._told(watched, look), media_type="text/event-stream")

    async def _told(self, watched: Watched, look: int) -> AsyncIterator[bytes]:
        self._open.add(mine := object())
        quiet_s, ids = _SIGN_OF_LIFE_S, None
        try:
            while self._health.not_ready_reason != "stopping":
                shown = await watched.now()
                changed = shown.changed_since(look)
                now_ids = [part.id for part in shown.parts]
                if changed or now_ids != ids or quiet_s >= _SIGN_OF_LIFE_S:
                    yield _message(shown, changed)
                    quiet_s = 0.0
                look, ids = shown.look, now_ids
                await asyncio.sleep(FRESH_S)
                quiet_s += FRESH_S
        finally:
            self._open.discard(mine)


def _message(shown: Shown, changed: list[Painted]) -> bytes:
    """Return one event: the floor's time, which parts there are, and those that have changed."""
    body = json.dumps(
        {
            "now": shown.frame.now.isoformat(),
            "ids": [part.id for part in shown.parts],
            "parts": {part.id: part.html for part in changed},
        },
        ensure_ascii=False,
    )
    return f"id: {shown.look}\nevent: look\ndata: {body}\n\n".encode()
