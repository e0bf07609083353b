"""Routes of what a person, or a system of theirs, does to an order: change, hold, release, cancel."""

import re
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Header, Response

from batcher.api.answers import OrderAnswer
from batcher.api.bodies import REASON_DOC, JsonBody, ReasonBody, documented
from batcher.api.found import order_for
from batcher.api.gate import ActorDep
from batcher.api.problems import RequestError
from batcher.domain.orders import Order
from batcher.domain.states import OrderState
from batcher.errors import VersionError
from batcher.intake.changes import OrderChange
from batcher.services import actions, erasure
from batcher.services.changes import change_order
from batcher.services.context import Floor

_CHANGE_DOC = documented(OrderChange)
_VERSION = re.compile('"([0-9]{1,9})"', re.ASCII)

IfMatch = Annotated[str | None, Header(description='the ETag of what you have seen, such as `"3"`')]


def order_action_routes(floor: Floor) -> APIRouter:
    """Return the actions under /v1/orders."""
    router = APIRouter(prefix="/v1/orders", tags=["orders"])

    @router.patch("/{ref}", openapi_extra=_CHANGE_DOC)
    def patch_order(
        ref: str, change: JsonBody, actor: ActorDep, response: Response, if_match: IfMatch = None
    ) -> OrderAnswer:
        """Change an order, while no work on it has begun: a merge patch, checked whole and judged anew."""
        order = order_for(floor, ref, actor)
        changed = change_order(floor, order.key, change, version=_version(order, if_match), who=actor.name)
        response.headers["ETag"] = f'"{changed.version}"'
        return OrderAnswer.model_validate(changed)

    @router.post("/{ref}/hold", openapi_extra=REASON_DOC)
    def hold_order(ref: str, body: ReasonBody, actor: ActorDep, if_match: IfMatch = None) -> OrderAnswer:
        """Hold an order: nothing of it is released until it is let go."""
        key = _seen(order_for(floor, ref, actor), if_match).key
        return OrderAnswer.model_validate(actions.hold_order(floor, key, body.reason, body.who or actor.name))

    @router.post("/{ref}/release", openapi_extra=REASON_DOC)
    def release_order(ref: str, body: ReasonBody, actor: ActorDep, if_match: IfMatch = None) -> OrderAnswer:
        """Let a held order go, judged anew by the rules in force."""
        key = _seen(order_for(floor, ref, actor), if_match).key
        return OrderAnswer.model_validate(actions.release_order(floor, key, body.who or actor.name, reason=body.reason))

    @router.post("/{ref}/cancel", openapi_extra=REASON_DOC)
    def cancel_order(ref: str, body: ReasonBody, actor: ActorDep, if_match: IfMatch = None) -> OrderAnswer:
        """Cancel an order; what a station has in hand already is made and flagged."""
        order = order_for(floor, ref, actor)
        if order.state is not OrderState.CANCELLED:
            _seen(order, if_match)
            order = actions.cancel_order(floor, order.key, body.reason, body.who or actor.name)
        return OrderAnswer.model_validate(order)

    @router.post("/{ref}/erase", openapi_extra=REASON_DOC)
    def erase_order(ref: str, body: ReasonBody, actor: ActorDep) -> OrderAnswer:
        """Forget what stood on an order that is over: texts, artwork, attributes, reasons; for good."""
        key = order_for(floor, ref, actor).key
        return OrderAnswer.model_validate(erasure.erase_order(floor, key, body.who or actor.name))

    return router


def _version(order: Order, if_match: str | None) -> int:
    """Return the version that the sender has seen; who changes content must have seen it."""
    if if_match is None:
        raise RequestError(
            HTTPStatus.PRECONDITION_REQUIRED, "version_required", "send If-Match with the ETag of what you have seen"
        )
    found = _VERSION.fullmatch(if_match.strip())
    if found is None:
        raise RequestError(
            HTTPStatus.PRECONDITION_FAILED, "version_conflict", f'If-Match takes one ETag, such as "{order.version}"'
        )
    return int(found.group(1))


def _seen(order: Order, if_match: str | None) -> Order:
    """Return the order, if it is what the sender has seen, where they say so."""
    if if_match is not None and _version(order, if_match) != order.version:
        raise VersionError("order", order.order_id, order.version, _version(order, if_match))
    return order
