"""Documents as text, in one way for every column that holds one."""

import json

from pydantic_core import PydanticSerializationError, to_json


def json_text(value: object) -> str:
    """Return a document as text; what UTF-8 cannot hold, half a character, is escaped."""
    try:
        return to_json(value).decode()
    except PydanticSerializationError:
        return json.dumps(value)


def from_json_text(text: str) -> object:
    """Return what a text stands for; what half of all rows hold is known without looking."""
    return {} if text == "{}" else json.loads(text)
