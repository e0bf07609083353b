"""
Requests with an Idempotency-Key: done once, answered the same again for a day.

What is done once is what succeeded; a request that was refused, or failed, is tried again by the same key.
"""

import hashlib
import re
import threading
from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from typing import Annotated

from fastapi import Header, Request, Response

from batcher.api.bodies import RawBody
from batcher.api.gate import ActorDep
from batcher.api.problems import RequestError
from batcher.services.context import Floor
from batcher.services.housekeeping import KEPT_ANSWERS
from batcher.store import kept_answers
from batcher.store.kept_answers import KeptAnswer

_KEY = re.compile(r"[\x21-\x7e]{1,255}")
#: Headers of an answer that are part of it.
_HEADERS = ("location", "content-type", "idempotent-replay", "etag")

#: Does something, or answers as it was answered before.
Doer = Callable[[Callable[[], Response]], Response]


class Once:
    """A dependency that gives a route its `Doer`."""

    def __init__(self, floor: Floor) -> None:
        self._floor = floor
        self._lock = threading.Lock()
        self._under_way: set[tuple[str, str]] = set()

    async def __call__(
        self,
        request: Request,
        raw: RawBody,
        actor: ActorDep,
        idempotency_key: Annotated[
            str | None, Header(description="the same key with the same body gets the same answer for a day")
        ] = None,
    ) -> Doer:
        """Return what does this request once."""
        if idempotency_key is None:
            return at_once
        if not _KEY.fullmatch(idempotency_key):
            raise RequestError(
                HTTPStatus.BAD_REQUEST, "idempotency_key_invalid", "a key is 1 to 255 printable ASCII characters"
            )
        asked = f"{request.method} {request.url.path}?{request.url.query}\n".encode() + raw
        return partial(self._do, actor.name, idempotency_key, hashlib.sha256(asked).hexdigest())

    def _do(self, caller: str, key: str, asked: str, make: Callable[[], Response]) -> Response:
        with self._lock:
            if (caller, key) in self._under_way:
                raise RequestError(
                    HTTPStatus.CONFLICT, "idempotency_key_in_flight", "a request with this key is under way; ask later"
                )
            self._under_way.add((caller, key))
        try:
            return self._kept(caller, key, asked) or self._made(caller, key, asked, make)
        finally:
            with self._lock:
                self._under_way.discard((caller, key))

    def _kept(self, caller: str, key: str, asked: str) -> Response | None:
        with self._floor.store.read() as session:
            kept = kept_answers.find_answer(session, caller, key)
        if kept is None or kept.at < self._floor.now() - KEPT_ANSWERS:
            return None
        if kept.request_hash != asked:
            raise RequestError(
                HTTPStatus.UNPROCESSABLE_ENTITY, "idempotency_key_reuse", "the key was used for another request"
            )
        return Response(kept.body, kept.status, headers={**kept.headers, "Idempotent-Replay": "true"})

    def _made(self, caller: str, key: str, asked: str, make: Callable[[], Response]) -> Response:
        answer = make()
        if answer.status_code < HTTPStatus.BAD_REQUEST:
            headers = {name: answer.headers[name] for name in _HEADERS if name in answer.headers}
            body = bytes(answer.body).decode()
            kept = KeptAnswer(caller, key, asked, answer.status_code, headers, body, self._floor.now())
            with self._floor.store.write() as session:
                kept_answers.keep_answer(session, kept)
        return answer


def at_once(make: Callable[[], Response]) -> Response:
    """Do what carries no key."""
    return make()
