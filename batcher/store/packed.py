"""A document that is kept and seldom read: its JSON, compressed, and packed by whoever makes it."""

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Dialect, LargeBinary
from sqlalchemy.types import TypeDecorator

from batcher.store.json_text import from_json_text, json_text

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
        return cls(zlib.compress(json_text(document).encode(), _LEVEL))

    def unpacked(self) -> dict[str, Any]:
        """Return the document."""
        document = from_json_text(zlib.decompress(self.content).decode())
        assert isinstance(document, dict), "only documents are packed"
        return document


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
