"""A document that is kept and seldom read: its JSON, compressed, and packed by whoever makes it."""

import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic_core import to_json
from sqlalchemy import Dialect, LargeBinary
from sqlalchemy.types import TypeDecorator

#: Quick, and a sixth of a plan's length all the same.
_LEVEL = 1


@dataclass(frozen=True)
class Packed:
    """
    A JSON document as it is kept.

    A plan of a hundred thousand pieces is 9 MB: as text it would hold the one write lock for a tenth of a second.
    """

    content: bytes

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> "Packed":
        """Pack a document."""
        return cls(zlib.compress(to_json(document), _LEVEL))

    def document(self) -> dict[str, Any]:
        """Return the document."""
        found: dict[str, Any] = json.loads(zlib.decompress(self.content))
        return found


class PackedDocument(TypeDecorator[Packed]):
    """A column of packed documents."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: Packed | None, dialect: Dialect) -> bytes | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Store what was packed."""
        return None if value is None else value.content

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> Packed | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Return it as it is: unpacking is whoever's who reads it."""
        return None if value is None else Packed(value)
