"""Routes that tell why: what an order waits for and what would help it, whom a station or a rule keeps waiting."""

import threading
from datetime import datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from batcher.api.found import order_for
from batcher.api.gate import ActorDep
from batcher.api.problems import RequestError
from batcher.services import explain
from batcher.services.causes import Cause
from batcher.services.context import Floor
from batcher.services.hurts import Hurts, hurt_by_rule, hurt_by_station
from batcher.services.what_if import what_if

#: Seconds that plans for one question may take, when nothing else is said and at most.
_BUDGET_S, _LONGEST_S = 10.0, 60.0


class _Answer(BaseModel):
    model_config = ConfigDict(from_attributes=True, frozen=True)


class BindingCause(_Answer):
    """What binds one step."""

    cause: Cause
    text: str
    until: datetime | None
    station: str | None
    rule: str | None


class StepWhyAnswer(_Answer):
    """One step that is not done, and what it waits for."""

    step: int
    process: str
    binding: BindingCause


class PieceWhy(_Answer):
    """What one piece waits for, and until when at most."""

    item_id: str
    sku: str
    state: str
    text: str
    code: str = Field(description="a cause of its first open step, or held, packing, packed, late, cancelled, no_step")
    until: datetime | None
    expected_at: datetime | None
    station: str | None
    rule: str | None
    steps: list[StepWhyAnswer]


class RemedyAnswer(_Answer):
    """One change that would help the order."""

    code: str = Field(description="station_up, one_more_station, operators_always, rule or earlier_order")
    what: str
    ready_at: datetime = Field(description="when the order would be packed")
    in_time: bool
    cost_minor: float = Field(description="what all that is planned would cost more; less is negative")
    searched: bool = Field(description="found by search; else by greedy plans with and without the change")


class WhatIfAnswer(_Answer):
    """What would have helped, by really planning again with one thing different."""

    ready_at: datetime | None = Field(description="with nothing changed")
    in_time: bool
    searched: bool = Field(description="that was found by search from the plan in force; else by a greedy plan")
    remedies: list[RemedyAnswer]
    tried: int
    untried: int = Field(description="changes for which the time did not suffice")


class WhyAnswer(_Answer):
    """Why an order is where it is."""

    key: str
    order_id: str
    headline: str
    items: list[PieceWhy]
    what_if: WhatIfAnswer | None = Field(None, description="only when asked for")


class HurtAnswer(_Answer):
    """One order that waits for the station or the rule."""

    key: str
    order_id: str
    source: str
    leave_by_at: datetime
    ready_at: datetime | None = Field(description="when it will be packed, as far as is planned")
    late_cost_minor: float
    causes: dict[str, int]
    text: str
    until: datetime | None


class HurtsAnswer(_Answer):
    """Whom a station or a rule keeps waiting, the dearest first."""

    kind: str
    name: str
    steps: int
    orders: int
    late_orders: int
    late_cost_minor: float
    causes: dict[str, int] = Field(description="steps by what they wait for")
    listed: list[HurtAnswer]


def why_routes(floor: Floor) -> APIRouter:
    """Return the routes that end in /why."""
    router = APIRouter(prefix="/v1")
    planning = threading.Lock()

    @router.get("/orders/{ref}/why", tags=["orders"])
    def get_why(
        ref: str,
        actor: ActorDep,
        alternatives: Annotated[bool, Query(alias="what_if", description="plan again to see what would help")] = False,
        seconds: Annotated[float, Query(gt=0, le=_LONGEST_S, description="for those plans")] = _BUDGET_S,
    ) -> WhyAnswer:
        """Tell why an order is where it is: what each piece waits for, and until when; also what would help it."""
        told = explain.why(floor, order_for(floor, ref, actor))
        found = None
        if alternatives:
            if not planning.acquire(blocking=False):
                raise RequestError(
                    HTTPStatus.TOO_MANY_REQUESTS, "rate_limited", "another question is being planned; ask again",
                    headers={"Retry-After": str(round(_BUDGET_S))},
                )  # fmt: skip
            try:
                found = what_if(floor, told.order, budget_s=seconds)
            finally:
                planning.release()
        return WhyAnswer(
            key=told.order.key,
            order_id=told.order.order_id,
            headline=told.headline,
            items=[PieceWhy.model_validate(item) for item in told.items],
            what_if=None if found is None else WhatIfAnswer.model_validate(found),
        )

    @router.get("/stations/{station}/why", tags=["floor"])
    def get_station_why(station: str) -> HurtsAnswer:
        """Tell whom a station keeps waiting, and with what."""
        return _hurts(hurt_by_station(floor, station))

    @router.get("/rules/{rule}/why", tags=["floor"])
    def get_rule_why(rule: str) -> HurtsAnswer:
        """Tell whom a batch rule keeps waiting, and with what."""
        return _hurts(hurt_by_rule(floor, rule))

    return router


def _hurts(found: Hurts) -> HurtsAnswer:
    listed = [
        HurtAnswer(
            key=one.order.key,
            order_id=one.order.order_id,
            source=one.order.source,
            leave_by_at=one.order.leave_by_at,
            ready_at=one.ready_at,
            late_cost_minor=one.late_cost_minor,
            causes=one.causes,
            text=one.text,
            until=one.until,
        )
        for one in found.listed
    ]
    return HurtsAnswer(**{**vars(found), "listed": listed})
