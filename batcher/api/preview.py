"""The route that shows what a machine will get of a text, before anybody orders it."""

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from batcher.api.bodies import body_of, documented
from batcher.services.context import Floor
from batcher.services.preview import preview_text


class PreviewWanted(BaseModel):
    """A text that somebody may order."""

    model_config = ConfigDict(extra="forbid", strict=True)

    sku: str = Field(max_length=200)
    text: str = Field(max_length=2000)


class PreviewFault(BaseModel):
    """What keeps a text from being made."""

    code: str
    message: str


class PreviewAnswer(BaseModel):
    """A text as a machine gets it."""

    sku: str
    product: str | None
    lines: list[str] = Field(description="in the form that is stored (NFC)")
    characters: int
    faults: list[PreviewFault] = Field(description="none: it can be made")


def preview_routes(floor: Floor) -> APIRouter:
    """Return the route of /v1/preview."""
    router = APIRouter(prefix="/v1/preview", tags=["orders"])
    wanted = Depends(body_of(PreviewWanted))

    @router.post("", openapi_extra=documented(PreviewWanted))
    def preview(body: PreviewWanted = wanted) -> PreviewAnswer:
        """Show what a machine will get of a text, and what keeps it from being made; nothing is kept."""
        shown = preview_text(floor.rules.current, body.sku, body.text)
        faults = [PreviewFault(code=fault.code, message=fault.message) for fault in shown.faults]
        return PreviewAnswer(
            sku=shown.sku, product=shown.product, lines=list(shown.lines), characters=shown.characters, faults=faults
        )

    return router
