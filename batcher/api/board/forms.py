"""What a form of ours sends: bounded, decoded, and only from a page of our own."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated
from urllib.parse import parse_qsl, urlsplit

from fastapi import Depends, Request

from batcher.api.problems import RequestError

#: Bytes of a form, and characters of what people may write in one field.
_MAX_BYTES, MAX_TEXT = 8192, 200


async def form_body(request: Request) -> Mapping[str, str]:
    """
    Return a form's fields.

    Raises
    ------
    RequestError
        When it is no form, or too large.
    """
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/x-www-form-urlencoded":
        raise RequestError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "media_type_unsupported", "this takes a form")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MAX_BYTES:
            raise RequestError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "body_too_large", "the form is too large")
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=20))
    except ValueError as error:
        raise RequestError(HTTPStatus.BAD_REQUEST, "parameter_invalid", "the form cannot be read") from error


FormBody = Annotated[Mapping[str, str], Depends(form_body)]


def place_within(address: str) -> str:
    """Return an address of this board as it is, and the board itself for any other: nobody is sent elsewhere."""
    parts = urlsplit(address)
    ours = address.startswith("/") and not address.startswith(("//", "/\\")) and not parts.netloc
    return address if ours and not any(ord(letter) < ord(" ") for letter in address) else "/"
