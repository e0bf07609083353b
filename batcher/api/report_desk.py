"""
What becomes of reports that stations post, those of one moment together; and the answer to each.

How a request reaches the desk is said in `stations`, and in `express` for what comes by the hundred.
"""

from functools import lru_cache, partial
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import Response

from batcher.api.answers import ReportAnswer
from batcher.api.bodies import raw_body
from batcher.api.gate import actor_of
from batcher.api.problems import RequestError, problem
from batcher.api.together import Together
from batcher.dispatch.report import parse_report
from batcher.domain.access import Actor
from batcher.services.context import Floor
from batcher.services.reports import ReportOutcome, apply_reports

#: Refusals with a status of their own; every other contradiction is a conflict.
_REFUSED = {
    "not_your_ticket": HTTPStatus.FORBIDDEN,
    "items_unknown": HTTPStatus.UNPROCESSABLE_ENTITY,
}


class ReportDesk:
    """Takes posted reports; used from one event loop."""

    def __init__(self, floor: Floor) -> None:
        self._together = Together(partial(apply_reports, floor))

    async def serve(self, request: Request) -> Response:
        """Answer a request that says nothing but its body."""
        return await self.take(await raw_body(request), actor_of(request))

    async def take(self, raw: bytes, actor: Actor) -> Response:
        """
        Take one report.

        Raises
        ------
        DocumentError
            When it is not one.
        RequestError
            When who sends it does not speak for the station.
        """
        report = parse_report(raw)
        if not actor.may_see_station(report.station):
            raise RequestError(HTTPStatus.FORBIDDEN, "token_bound", f"the token speaks for {actor.station} only")
        return _answer_report(await self._together.ask(report))


def _answer_report(outcome: ReportOutcome) -> Response:
    headers = {"Idempotent-Replay": "true"} if outcome.repeat else {}
    if outcome.outcome == "orphan":
        return problem(HTTPStatus.NOT_FOUND, outcome.code, outcome.message, headers=headers)
    if outcome.outcome == "rejected":
        status = _REFUSED.get(outcome.code, HTTPStatus.CONFLICT)
        return problem(status, outcome.code, outcome.message, headers=headers)
    body = _body(outcome.outcome, outcome.code, outcome.message)
    return Response(body, headers=headers, media_type="application/json")


@lru_cache(maxsize=64)  # nearly all are told the same
def _body(outcome: str, code: str, message: str) -> bytes:
    return ReportAnswer(outcome=outcome, code=code, message=message).model_dump_json().encode()
