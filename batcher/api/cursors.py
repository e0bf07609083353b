"""Where a page begins: what the page before gave as `next`, and nothing else."""

import re
from http import HTTPStatus
from typing import Annotated

from fastapi import Query

from batcher.api.problems import RequestError

_ULID = re.compile("[0-9A-HJKMNP-TV-Z]{26}", re.ASCII)

Cursor = str | None


def ulid_cursor(
    after: Annotated[str | None, Query(max_length=64, description="`next` of the page before")] = None,
) -> Cursor:
    """
    Return the key behind which a page begins; none: the first page.

    Raises
    ------
    RequestError
        ``cursor_invalid``, when it cannot have come from us.
    """
    if after is not None and not _ULID.fullmatch(after):
        raise RequestError(HTTPStatus.BAD_REQUEST, "cursor_invalid", "`after` takes what `next` of a page said")
    return after
