"""Whose orders a request is about: what it says, within the bounds of who asks."""

from http import HTTPStatus
from typing import Annotated

from fastapi import Query

from batcher.api.problems import RequestError
from batcher.domain.access import Actor
from batcher.services.intake import SOURCE_PATTERN

Source = Annotated[
    str | None,
    Query(
        pattern=SOURCE_PATTERN,
        description="who sends; order ids are unique for each source. None: what the token is bound to, else `api`",
    ),
]


def named_source(asked: str | None, actor: Actor) -> str:
    """Return whose orders these are; a token that is bound speaks for its source alone."""
    if asked is not None and not actor.may_see_source(asked):
        raise RequestError(HTTPStatus.FORBIDDEN, "token_bound", f"the token sends orders of {actor.source} only")
    return asked or actor.source or "api"
