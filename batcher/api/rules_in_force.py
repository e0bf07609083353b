"""The rules in force, as those see them who send orders or watch the floor: what may be asked for, and by when."""

from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel

from batcher.services.context import Floor


class ServiceAnswer(BaseModel):
    """A promise to the buyer; times are the site's wall clock."""

    id: str
    order_by: str
    leaves_by: str
    collection: int
    late_cost_minor: int
    late_cost_per_hour_minor: int


class ProductAnswer(BaseModel):
    """What is sold, and its way over the floor."""

    id: str
    skus: list[str]
    route: list[str]
    text_required: bool
    max_characters: int
    max_quantity: int


class StationRule(BaseModel):
    """A machine that takes job tickets."""

    id: str
    process: str
    attended: bool


class RulesAnswer(BaseModel):
    """The rules in force; `hash` is the one that plans and batches name."""

    hash: str
    loaded_at: datetime
    site: str
    time_zone: str
    currency: str
    services: list[ServiceAnswer]
    tiers: list[str]
    products: list[ProductAnswer]
    stations: list[StationRule]
    batch_rules: list[str]


def rules_routes(floor: Floor) -> APIRouter:
    """Return /v1/rules."""
    router = APIRouter(prefix="/v1", tags=["floor"])

    @router.get("/rules")
    def get_rules() -> RulesAnswer:
        """Show the rules in force."""
        rules = floor.rules.current
        return RulesAnswer(
            hash=rules.hash,
            loaded_at=floor.rules.loaded_at,
            site=rules.site.name,
            time_zone=rules.site.zone.key,
            currency=rules.site.currency,
            services=[
                ServiceAnswer(
                    id=service.id,
                    order_by=f"{service.order_by:%H:%M}",
                    leaves_by=f"{service.leaves_by:%H:%M}",
                    collection=service.collection,
                    late_cost_minor=service.late_cost_minor,
                    late_cost_per_hour_minor=service.late_cost_per_hour_minor,
                )
                for service in rules.services.values()
            ],
            tiers=list(rules.tiers),
            products=[
                ProductAnswer(
                    id=product.id,
                    skus=list(product.skus),
                    route=[step.process for step in product.route],
                    text_required=product.text.required,
                    max_characters=product.text.max_characters,
                    max_quantity=product.max_quantity,
                )
                for product in rules.products.values()
            ],
            stations=[
                StationRule(id=station.id, process=station.process, attended=station.attended is not None)
                for station in rules.stations.values()
            ],
            batch_rules=[rule.id for rule in rules.batch_rules],
        )

    return router
