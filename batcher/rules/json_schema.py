"""
The JSON Schema of one rules file, for editors: made from the shapes, so that it cannot say anything else.

What cannot be said in JSON Schema (references, what sections mean together) is checked by `batcher check` only.
"""

import json
import re
from pathlib import Path
from typing import Any

from batcher.rules.files import Source
from batcher.rules.rule_models import RulesFile
from batcher.rules.yaml_source import parse

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def rules_schema() -> dict[str, Any]:
    """Return the JSON Schema of one file of a rules directory."""
    raw = RulesFile.model_json_schema(ref_template="#/$defs/{model}")
    names = {name: _plain_name(name) for name in raw["$defs"]}
    cleaned: dict[str, Any] = _clean(raw, names)
    cleaned["$defs"] = {names[name]: shape for name, shape in cleaned["$defs"].items()}
    return {"$schema": _DIALECT, **cleaned, "title": "A rules file of batcher"}


def rules_schema_text() -> str:
    """Return the schema as the file in the repository holds it."""
    return json.dumps(rules_schema(), indent=2, ensure_ascii=False) + "\n"


def read_example(text: object) -> object:
    """Return what an example of a key means; examples are written as a file would write them."""
    if not isinstance(text, str):
        return text
    document, faults = parse(Source(Path("example"), "example", b"", f"example: {text}\n"))
    assert document is not None, f"the example {text} is no YAML: {faults}"
    return document.data["example"]


def _plain_name(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "-", name.removesuffix("Shape")).lower()


def _clean(node: Any, names: dict[str, str]) -> Any:
    """Take out what pydantic adds and a file cannot use: nulls, generated titles, class names."""
    if isinstance(node, list):
        return [_clean(item, names) for item in node]
    if not isinstance(node, dict):
        return node
    node = _without_null(node)
    if "$ref" in node:
        node["$ref"] = f"#/$defs/{names[node['$ref'].rsplit('/', 1)[1]]}"
    if "patternProperties" in node:
        node["additionalProperties"] = False
    return {
        key: [read_example(example) for example in value] if key == "examples" else _clean(value, names)
        for key, value in node.items()
        if key != "title" or not isinstance(value, str)
    }


def _without_null(node: dict[str, Any]) -> dict[str, Any]:
    kept = dict(node)
    if kept.get("default", ...) is None:
        del kept["default"]
    options = [option for option in kept.get("anyOf", ()) if option != {"type": "null"}]
    if len(options) == 1:
        del kept["anyOf"]
        inner: dict[str, Any] = options[0]
        return inner | kept
    return kept | {"anyOf": options} if options else kept
