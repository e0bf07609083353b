"""What has changed in a view, as server-sent events, to whoever has it open."""

import json
from collections.abc import AsyncIterator
from http import HTTPStatus

from starlette.responses import StreamingResponse

from batcher.api.board.parts import Painted, Shown
from batcher.api.board.watched import FRESH_S, Watched
from batcher.api.health import Health
from batcher.api.problems import RequestError, status_of, told_of
from batcher.errors import BatcherError, NotFoundError

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
        quiet_s, ids, troubled = _SIGN_OF_LIFE_S, None, False
        try:
            while self._health.not_ready_reason != "stopping":
                try:
                    shown = await watched.now()
                except BatcherError as error:
                    if status_of(error) == HTTPStatus.INTERNAL_SERVER_ERROR:
                        raise  # the guard logs it with its trace
                    if quiet_s >= _SIGN_OF_LIFE_S or not troubled:
                        yield _trouble(error)
                        quiet_s, troubled = 0.0, True
                else:
                    changed = shown.changed_since(look)
                    now_ids = [part.id for part in shown.parts]
                    if changed or now_ids != ids or quiet_s >= _SIGN_OF_LIFE_S or troubled:
                        yield _message(shown, changed)
                        quiet_s, troubled = 0.0, False
                    look, ids = shown.look, now_ids
                await watched.pause()
                quiet_s += FRESH_S
        finally:
            self._open.discard(mine)


def _trouble(error: BatcherError) -> bytes:
    """Return the event that says why nothing new is shown."""
    told = "This is there no more" if isinstance(error, NotFoundError) else told_of(error).partition(";")[0]
    return f"event: trouble\ndata: {json.dumps({'told': f'{told[:1].upper()}{told[1:]}'})}\n\n".encode()


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
