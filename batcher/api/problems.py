"""
Failures as HTTP answers: one table from class of error to status, one form of body (RFC 9457).

No message of a foreign exception, no stack trace and no input is ever sent back.
"""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from batcher.errors import (
    ArchivedError,
    BatcherError,
    ConflictError,
    DispatchError,
    Fault,
    FaultsError,
    LeadershipLostError,
    LimitError,
    NotFoundError,
    RulesError,
    SafeModeError,
    StorageFullError,
    StoreLockedError,
    StoreUnavailableError,
    TransitionError,
    VersionError,
)

MEDIA_TYPE = "application/problem+json"
#: Faults told in one answer, and characters of one message.
_MAX_FAULTS, _MAX_TEXT = 20, 500
_RETRY_AFTER_S = "5"


class RequestError(BatcherError):
    """A request that was refused before anything was done with it."""

    def __init__(
        self, status: HTTPStatus, code: str, message: str, *, headers: Mapping[str, str] | None = None
    ) -> None:
        self.status, self.reason_code, self.headers = status, code, headers or {}
        super().__init__(message)


#: Status by class of error; the nearest class in an error's ancestry decides.
STATUS: Mapping[type[BatcherError], HTTPStatus] = {
    BatcherError: HTTPStatus.INTERNAL_SERVER_ERROR,
    FaultsError: HTTPStatus.UNPROCESSABLE_ENTITY,
    RulesError: HTTPStatus.INTERNAL_SERVER_ERROR,
    ConflictError: HTTPStatus.CONFLICT,
    VersionError: HTTPStatus.PRECONDITION_FAILED,
    TransitionError: HTTPStatus.CONFLICT,
    NotFoundError: HTTPStatus.NOT_FOUND,
    ArchivedError: HTTPStatus.GONE,
    LimitError: HTTPStatus.TOO_MANY_REQUESTS,
    StorageFullError: HTTPStatus.INSUFFICIENT_STORAGE,
    StoreLockedError: HTTPStatus.SERVICE_UNAVAILABLE,
    StoreUnavailableError: HTTPStatus.SERVICE_UNAVAILABLE,
    LeadershipLostError: HTTPStatus.SERVICE_UNAVAILABLE,
    SafeModeError: HTTPStatus.SERVICE_UNAVAILABLE,
    DispatchError: HTTPStatus.SERVICE_UNAVAILABLE,
}
#: What is told instead of the message, which may speak of our insides.
_UNTOLD = {
    HTTPStatus.INTERNAL_SERVER_ERROR: "batcher failed; its log tells more under this request id",
    HTTPStatus.SERVICE_UNAVAILABLE: "the database does not answer; nothing was done, try again",
    HTTPStatus.INSUFFICIENT_STORAGE: "there is no room left on the disk; nothing was kept",
}
#: What may be over in a moment.
_PASSING = (HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.INSUFFICIENT_STORAGE)
#: Codes of faults that say that a body is no JSON document at all, as against one with wrong content.
_UNREADABLE = frozenset(
    {"not_json", "body_empty", "json_invalid", "json_too_deep", "json_duplicate_key", "duplicate_key",
     "number_out_of_range", "encoding_invalid"}
)  # fmt: skip


class ProblemFault(BaseModel):
    """One thing that is wrong with the request."""

    loc: str = Field(description="JSON pointer into the body, or the name of a parameter")
    code: str
    message: str


class Problem(BaseModel):
    """Why a request failed (RFC 9457); `code` is stable and safe to match on."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    errors: list[ProblemFault] = []
    request_id: str | None = None


def documented(openapi: dict[str, Any]) -> dict[str, Any]:
    """Say in a schema that problems have a media type of their own, which FastAPI does not know of."""
    for methods in openapi["paths"].values():
        for route in methods.values():
            for answer in route["responses"].values():
                for kind, told in dict(answer.get("content", {})).items():
                    if told.get("schema", {}).get("$ref", "").endswith("/Problem"):
                        answer["content"] = {MEDIA_TYPE: answer["content"].pop(kind)}
    return openapi


def problem(
    status: HTTPStatus,
    code: str,
    detail: str,
    *,
    faults: Sequence[Fault] = (),
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """Return the answer that tells of a failure; its request id is the one `guard` has bound for the log."""
    body = Problem(
        type=f"urn:batcher:problem:{code}",
        title=status.phrase,
        status=status,
        code=code,
        detail=detail[:_MAX_TEXT],
        errors=[
            ProblemFault(loc=fault.where, code=fault.code, message=fault.message[:_MAX_TEXT])
            for fault in faults[:_MAX_FAULTS]
        ],
        request_id=structlog.contextvars.get_contextvars().get("request_id"),
    )
    return JSONResponse(body.model_dump(), status, headers=dict(headers or {}), media_type=MEDIA_TYPE)


def status_of(error: BatcherError) -> HTTPStatus:
    """Return the status an error is answered with."""
    if isinstance(error, RequestError):
        return error.status
    if isinstance(error, FaultsError) and any(fault.code in _UNREADABLE for fault in error.faults):
        return HTTPStatus.BAD_REQUEST
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


def problem_of(error: BatcherError) -> JSONResponse:
    """Return the answer to a failure of ours."""
    status = status_of(error)
    if isinstance(error, FaultsError) and not isinstance(error, RulesError):
        first = error.faults[0]
        return problem(status, first.code, str(first), faults=error.faults)
    if isinstance(error, RequestError):
        return problem(status, error.reason_code, str(error), headers=error.headers)
    headers = {"Retry-After": _RETRY_AFTER_S} if status in _PASSING else {}
    return problem(status, error.code, told_of(error), headers=headers)


def told_of(error: BatcherError) -> str:
    """Return what may be told of a failure of ours."""
    return str(error) if isinstance(error, SafeModeError | DispatchError) else _UNTOLD.get(status_of(error), str(error))


def refusal(error: BatcherError) -> JSONResponse:
    """
    Return the answer to a request that was refused, or could not be done.

    Raises
    ------
    BatcherError
        The same, when it is batcher that failed: the guard logs it with its trace, and answers.
    """
    if status_of(error) == HTTPStatus.INTERNAL_SERVER_ERROR:
        raise error
    return problem_of(error)


def install(app: FastAPI) -> None:
    """Answer every failure in the one form."""

    @app.exception_handler(RequestValidationError)
    def _parameters(request: Request, error: RequestValidationError) -> Response:
        faults = [Fault(str(e["loc"][-1]), str(e["msg"]), str(e["type"])) for e in error.errors()]
        detail = str(faults[0]) if faults else "the parameters are wrong"
        code = "limit_range" if [fault.where for fault in faults] == ["limit"] else "parameter_invalid"
        return as_asked(request, problem(HTTPStatus.UNPROCESSABLE_ENTITY, code, detail, faults=faults))

    @app.exception_handler(HTTPException)
    def _http(request: Request, error: HTTPException) -> Response:
        status = HTTPStatus(error.status_code)
        code = status.name.lower()
        told = problem(status, code, status.description or status.phrase, headers=error.headers)
        return as_asked(request, told)

    @app.exception_handler(BatcherError)
    def _ours(request: Request, error: BatcherError) -> Response:
        return as_asked(request, refusal(error))


def as_asked(request: Request, answer: JSONResponse) -> Response:
    """Return a failure as a page to a browser that asked for one; under /v1 nobody is shown pages."""
    if "text/html" not in request.headers.get("accept", "") or request.url.path.startswith("/v1/"):
        return answer
    page: Response = request.app.state.problem_page(request, Problem.model_validate_json(bytes(answer.body)))
    return page
