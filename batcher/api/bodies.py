"""
Request bodies: bounded while they are read, strict JSON, then a strict model.

Every body of the API comes in through here, so that limits and the reading of JSON are the same everywhere.
"""

from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Request
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.json_schema import models_json_schema

from batcher.api.problems import RequestError
from batcher.errors import DocumentError, Fault
from batcher.intake.documents import load_json

#: Bytes of any body: a thousand orders fit.
MAX_BODY_BYTES = 4 * 1024 * 1024
#: So much is read faster than handed to a thread.
_SMALL = 16 * 1024

#: A change is a merge patch, and may be said to be one.
_MEDIA_TYPES = ("application/json", "application/merge-patch+json")
_REF = "#/components/schemas/{model}"

Model = TypeVar("Model", bound=BaseModel)


async def raw_body(request: Request) -> bytes:
    """
    Read a JSON body, never keeping more than the limit in memory.

    Raises
    ------
    RequestError
        When it is too large, compressed, or not said to be JSON.
    """
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in _MEDIA_TYPES:
        raise RequestError(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "media_type_unsupported", "send Content-Type: application/json"
        )
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise RequestError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "encoding_unsupported", "send the body uncompressed")
    if int(request.headers.get("content-length", 0)) > MAX_BODY_BYTES:
        raise _too_large()
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise _too_large()
    return bytes(body)


async def json_body(raw: Annotated[bytes, Depends(raw_body)]) -> object:
    """Return the body as a JSON document; what takes long to read is read in a thread."""
    return load_json(raw) if len(raw) <= _SMALL else await run_in_threadpool(load_json, raw)


RawBody = Annotated[bytes, Depends(raw_body)]
JsonBody = Annotated[object, Depends(json_body)]


def body_of(model: type[Model]) -> Callable[[object], Model]:
    """Return a dependency that reads the body as `model`, telling every fault with its JSON pointer."""

    def read(document: JsonBody) -> Model:
        try:
            return model.model_validate(document)
        except ValidationError as error:
            raise DocumentError(
                tuple(
                    Fault("/" + "/".join(map(str, fault["loc"])), fault["msg"], fault["type"])
                    for fault in error.errors(include_url=False, include_context=False, include_input=False)
                )
            ) from error

    return read


def documented(model: type[BaseModel], *, or_list: bool = False) -> dict[str, Any]:
    """Return what OpenAPI is told of a body that a dependency reads; `add_bodies` adds the schema itself."""
    one = {"$ref": _REF.format(model=model.__name__)}
    schema = {"oneOf": [one, {"type": "array", "items": one}]} if or_list else one
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


def add_bodies(openapi: dict[str, Any], models: Sequence[type[BaseModel]]) -> dict[str, Any]:
    """Add the schemas of bodies that dependencies read."""
    _, schema = models_json_schema([(model, "validation") for model in models], ref_template=_REF)
    openapi["components"]["schemas"].update(schema["$defs"])
    return openapi


class Reason(BaseModel):
    """Why a person, or a system of theirs, acts, and who that is; both are kept with the event."""

    model_config = ConfigDict(extra="forbid", strict=True)

    reason: str = Field("", max_length=200)
    who: str = Field("", max_length=64, description="none: the name of the token")


ReasonBody = Annotated[Reason, Depends(body_of(Reason))]
REASON_DOC = documented(Reason)


class Resolution(BaseModel):
    """What somebody has found out about a ticket in doubt."""

    model_config = ConfigDict(extra="forbid", strict=True)

    made: bool
    reason: str = Field(min_length=1, max_length=200)
    who: str = Field("", max_length=64, description="none: the name of the token")


ResolutionBody = Annotated[Resolution, Depends(body_of(Resolution))]
RESOLUTION_DOC = documented(Resolution)


def _too_large() -> RequestError:
    return RequestError(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "body_too_large", f"a body has at most {MAX_BODY_BYTES} bytes",
        headers={"Connection": "close"},  # the rest of it is not read
    )  # fmt: skip
