"""What every shape of a rules file is made from."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from batcher.rules.grammar import KIND
from batcher.rules.values import MAX_MINOR

Minor = Annotated[int, Field(ge=0, le=MAX_MINOR, json_schema_extra={KIND: "money"})]


def key(**facts: Any) -> Any:
    """Return a field whose default is written as a file would write it."""
    return Field(validate_default=True, **facts)


class Shape(BaseModel):
    """A mapping of a rules file: no other keys than these, no value taken for another type."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)
