"""
What becomes of orders that are posted: those of one moment together, or one request by itself; and the answer to it.

How a request reaches the desk is said in `orders`, and in `express` for what comes by the hundred.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from http import HTTPStatus
from itertools import islice

from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from batcher.api.answers import TakenAnswer, TakenEntry, TakenList
from batcher.api.backlog import Backlog
from batcher.api.bodies import json_body, raw_body
from batcher.api.gate import actor_of
from batcher.api.once import Doer, at_once
from batcher.api.problems import ProblemFault, RequestError, problem
from batcher.api.senders import named_source
from batcher.api.together import Together
from batcher.errors import Fault
from batcher.services.context import Floor
from batcher.services.intake import Taken, take_each, take_orders, tell_taken, try_orders

#: Orders in one list.
MAX_ORDERS = 1000
_STATUS = {
    "created": HTTPStatus.CREATED,
    "replayed": HTTPStatus.OK,
    "valid": HTTPStatus.OK,
    "conflict": HTTPStatus.CONFLICT,
    "rejected": HTTPStatus.UNPROCESSABLE_ENTITY,
    "not_kept": HTTPStatus.FAILED_DEPENDENCY,
}


class OrderDesk:
    """Takes posted orders in; used from one event loop."""

    def __init__(self, floor: Floor, backlog: Backlog) -> None:
        self._floor, self._backlog = floor, backlog
        self._singles = Together(self._take_singles)
        self._lists = Together(self._take_lists, size=lambda asked: len(asked[0]))

    async def serve(self, request: Request) -> Response:
        """Answer a request that says nothing but its body."""
        document = await json_body(await raw_body(request))
        return await self.take(document, named_source(None, actor_of(request)))

    async def take(
        self, document: object, source: str, do: Doer = at_once, *, validate_only: bool = False, atomic: bool = False
    ) -> Response:
        """
        Take in one order, or a list.

        Raises
        ------
        RequestError
            When a list is empty or too long, or there is no room for more orders.
        """
        documents = document if isinstance(document, list) else [document]
        if not 0 < len(documents) <= MAX_ORDERS:
            raise RequestError(HTTPStatus.UNPROCESSABLE_ENTITY, "list_length", f"a list holds 1 to {MAX_ORDERS} orders")
        if do is at_once and not (validate_only or atomic):
            if isinstance(document, list):
                return await self._lists.ask((document, source))
            taken = await self._singles.ask((document, source))
            tell_taken(self._floor, [taken], source)
            return _answer_one(taken)
        return await run_in_threadpool(
            self._take_alone, document, source, do, validate_only=validate_only, atomic=atomic
        )

    def _take_singles(self, sent: Sequence[tuple[object, str]]) -> list[Taken]:
        self._backlog.check()
        return take_each(self._floor, sent)

    def _take_lists(self, sent: Sequence[tuple[list[object], str]]) -> list[Response]:
        self._backlog.check()
        taken = iter(
            take_each(self._floor, [(document, source) for documents, source in sent for document in documents])
        )
        answers = []
        for documents, source in sent:
            entries = list(islice(taken, len(documents)))
            tell_taken(self._floor, entries, source)
            answers.append(_answer_list(entries))
        return answers

    def _take_alone(self, document: object, source: str, do: Doer, *, validate_only: bool, atomic: bool) -> Response:
        documents = document if isinstance(document, list) else [document]
        if validate_only:
            return _answer(document, try_orders(self._floor, documents, source))
        self._backlog.check()
        take = partial(take_orders, self._floor, documents, source, together=atomic)
        return do(lambda: _answer(document, take(), atomic=atomic))


def _answer(document: object, taken: Sequence[Taken], *, atomic: bool = False) -> Response:
    if not isinstance(document, list):
        return _answer_one(taken[0])
    bad = [(k, entry) for k, entry in enumerate(taken) if entry.outcome in ("rejected", "conflict")]
    if atomic and bad:
        faults = [
            Fault(f"/{k}{fault.where}", fault.message, fault.code)
            for k, entry in bad
            for fault in entry.faults or (Fault("/order_id", entry.message, "order_conflict"),)
        ]
        return problem(HTTPStatus.UNPROCESSABLE_ENTITY, "list_refused", "nothing of the list was kept", faults=faults)
    return _answer_list(taken)


def _status(taken: Taken) -> HTTPStatus:
    held = taken.outcome == "created" and taken.held_code
    return HTTPStatus.ACCEPTED if held else _STATUS[taken.outcome]


def _answer_one(taken: Taken) -> Response:
    status = _status(taken)
    if status == HTTPStatus.CONFLICT:
        return problem(status, "order_conflict", taken.message)
    if status == HTTPStatus.UNPROCESSABLE_ENTITY:
        code = taken.faults[0].code if taken.faults else "order_invalid"
        return problem(status, code, taken.message, faults=taken.faults)
    headers = {} if taken.key is None else {"Location": f"/v1/orders/{taken.key}"}
    if taken.outcome == "replayed":
        headers["Idempotent-Replay"] = "true"
    return _json(TakenAnswer.model_validate(taken), status, headers)


def _answer_list(taken: Sequence[Taken]) -> Response:
    results = [
        TakenEntry(
            order_id=entry.order_id,
            outcome=entry.outcome,
            key=entry.key,
            held_code=entry.held_code,
            message=entry.message,
            leave_by_at=entry.leave_by_at,
            status=_status(entry),
            errors=[ProblemFault(loc=f.where, code=f.code, message=f.message) for f in entry.faults[:20]],
        )
        for entry in taken
    ]
    return _json(TakenList(results=results), HTTPStatus.MULTI_STATUS)


def _json(answer: BaseModel, status: HTTPStatus, headers: Mapping[str, str] | None = None) -> Response:
    return Response(answer.model_dump_json(), status, headers=headers, media_type="application/json")
