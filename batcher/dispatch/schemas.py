"""
The JSON Schemas of tickets and reports, for those who build machines and middleware.

Made from the models that tickets are built and reports are read with, so that they cannot drift.
`python -m batcher.dispatch.schemas DIRECTORY` writes the files that are published.
"""

import json
import sys
from pathlib import Path

from pydantic import BaseModel

from batcher.dispatch.report import ReportDocument
from batcher.dispatch.ticket import TicketDocument

_DRAFT = "https://json-schema.org/draft/2020-12/schema"
#: Model and title by file name.
_PUBLISHED: dict[str, tuple[type[BaseModel], str]] = {
    "ticket.schema.json": (TicketDocument, "batcher-ticket/1"),
    "report.schema.json": (ReportDocument, "batcher-report/1"),
}


def schema_texts() -> dict[str, str]:
    """Return the published schemas by file name, as the text of the files."""
    return {
        name: json.dumps(_schema(model, title), indent=2, ensure_ascii=False) + "\n"
        for name, (model, title) in _PUBLISHED.items()
    }


def write_schemas(directory: Path) -> None:
    """Write the schema files."""
    for name, text in schema_texts().items():
        (directory / name).write_text(text, encoding="utf-8")


def _schema(model: type[BaseModel], title: str) -> dict[str, object]:
    return {"$schema": _DRAFT, **model.model_json_schema(), "title": title}


if __name__ == "__main__":
    write_schemas(Path(sys.argv[1]))
