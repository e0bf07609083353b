"""Routes of what a person, or a system of theirs, does to an order: hold, release, cancel."""

from fastapi import APIRouter

from batcher.api.answers import OrderAnswer
from batcher.api.bodies import REASON_DOC, ReasonBody
from batcher.domain.states import OrderState
from batcher.services import actions
from batcher.services.context import Floor


def order_action_routes(floor: Floor) -> APIRouter:
    """Return the actions under /v1/orders."""
    router = APIRouter(prefix="/v1/orders", tags=["orders"])

    @router.post("/{ref}/hold", openapi_extra=REASON_DOC)
    def hold_order(ref: str, body: ReasonBody) -> OrderAnswer:
        """Hold an order: nothing of it is released until it is let go."""
        key = actions.find_order(floor, ref).key
        return OrderAnswer.model_validate(actions.hold_order(floor, key, body.reason, body.who))

    @router.post("/{ref}/release", openapi_extra=REASON_DOC)
    def release_order(ref: str, body: ReasonBody) -> OrderAnswer:
        """Let a held order go, judged anew by the rules in force."""
        key = actions.find_order(floor, ref).key
        return OrderAnswer.model_validate(actions.release_order(floor, key, body.who, reason=body.reason))

    @router.post("/{ref}/cancel", openapi_extra=REASON_DOC)
    def cancel_order(ref: str, body: ReasonBody) -> OrderAnswer:
        """Cancel an order; what a station has in hand already is made and flagged."""
        order = actions.find_order(floor, ref)
        if order.state is not OrderState.CANCELLED:
            order = actions.cancel_order(floor, order.key, body.reason, body.who)
        return OrderAnswer.model_validate(order)

    return router
