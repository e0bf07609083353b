"""What a machine will get of a text on a product: the form that is kept and sent, and what stands in its way."""

from dataclasses import dataclass

from pydantic_core import PydanticCustomError

from batcher.errors import Fault
from batcher.intake.words import line_text
from batcher.rules.ruleset import RuleSet
from batcher.rules.texts import text_faults


@dataclass(frozen=True)
class Preview:
    """A text as a machine gets it."""

    sku: str
    product: str | None
    lines: tuple[str, ...]
    characters: int
    faults: tuple[Fault, ...]  #: by code: refused when it comes in, or held


def preview_text(rules: RuleSet, sku: str, text: str) -> Preview:
    """Return what becomes of a text on a SKU under the rules."""
    entry = rules.entry(sku)
    product = None if entry is None else rules.products.get(entry.product)
    try:
        stored = line_text(text)
    except PydanticCustomError as error:
        fault = Fault("/text", error.message(), error.type)
        return Preview(sku, product.id if product else None, (), len(text), (fault,))
    faults = (
        (Fault("/sku", f"no SKU {sku[:64]} in the catalogue", "sku_unknown"),)
        if product is None
        else tuple(Fault("/text", reason, code) for code, reason in text_faults(product.text, product.id, stored))
    )
    lines = tuple(stored.split("\n"))
    return Preview(sku, product.id if product else None, lines, sum(map(len, lines)), faults)
