"""Reading JSON objects field by field, noting every fault with its JSON pointer instead of stopping at the first."""

from collections.abc import Iterator
from dataclasses import dataclass

from batcher.errors import Fault

#: Stands for a text that is missing or wrong; its fault has been noted, so later checks pass over it.
MISSING = ""


class Faults:
    """Collects what is wrong with one document."""

    def __init__(self) -> None:
        self.found: list[Fault] = []

    def add(self, where: str, message: str, code: str = "invalid") -> None:
        """Note one fault at a JSON pointer."""
        self.found.append(Fault(where or "/", message, code))


def escape(key: str) -> str:
    """Return a key as one step of a JSON pointer (RFC 6901)."""
    return key.replace("~", "~0").replace("/", "~1")


def _named(value: object) -> str:
    """Return what JSON calls the type of a value."""
    kinds = {bool: "a truth value", int: "a number", float: "a number", str: "text", list: "a list", dict: "an object"}
    return "null" if value is None else kinds.get(type(value), type(value).__name__)


@dataclass(frozen=True)
class Record:
    """
    One JSON object and where it stands.

    Every reader returns a value of the promised type: where the document has none, it notes the fault and returns a
    harmless stand-in, so that reading goes on to the next fault.
    """

    fields: dict[str, object]
    where: str
    faults: Faults

    @classmethod
    def of(cls, value: object, where: str, faults: Faults) -> "Record":
        """Wrap a value that should be an object."""
        if isinstance(value, dict):
            return cls(value, where, faults)
        faults.add(where, f"should be an object, not {_named(value)}", "wrong_type")
        return cls({}, where, Faults())  # its fields are not missing one by one: the whole is

    def has(self, key: str) -> bool:
        """Tell whether the field is given; null counts as absent."""
        return self.fields.get(key) is not None

    def at(self, key: str) -> str:
        """Return the JSON pointer of a field."""
        return f"{self.where}/{escape(key)}"

    def text(self, key: str, *, empty: bool = False) -> str:
        """Return a required text."""
        value = self._required(key)
        if isinstance(value, str) and (value or empty):
            return value
        if value is not None:
            self.faults.add(self.at(key), "should be a text that is not empty", "wrong_type")
        return MISSING

    def optional_text(self, key: str) -> str | None:
        """Return a text or none."""
        return self.text(key) if self.has(key) else None

    def whole(self, key: str, *, least: int | None = 0) -> int:
        """Return a required whole number, at least `least`."""
        value = self._required(key)
        return (least or 0) if value is None else self._whole(value, self.at(key), least)

    def whole_or(self, key: str, default: int, *, least: int | None = 0) -> int:
        """Return a whole number, `default` when absent."""
        return self.whole(key, least=least) if self.has(key) else default

    def optional_whole(self, key: str, *, least: int | None = 0) -> int | None:
        """Return a whole number or none."""
        return self.whole(key, least=least) if self.has(key) else None

    def optional_number(self, key: str) -> float | None:
        """Return a number or none."""
        value = self.fields.get(key)
        if value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
            return None if value is None else float(value)
        self.faults.add(self.at(key), f"should be a number, not {_named(value)}", "wrong_type")
        return None

    def flag(self, key: str, *, default: bool) -> bool:
        """Return a truth value, `default` when absent."""
        value = self.fields.get(key)
        if value is None or isinstance(value, bool):
            return default if value is None else value
        self.faults.add(self.at(key), f"should be true or false, not {_named(value)}", "wrong_type")
        return default

    def items(self, key: str, *, required: bool = True) -> Iterator[tuple[str, object]]:
        """Yield (pointer, value) of every entry of a list."""
        value = self._required(key) if required else self.fields.get(key)
        if isinstance(value, list):
            for place, entry in enumerate(value):
                yield f"{self.at(key)}/{place}", entry
        elif value is not None:
            self.faults.add(self.at(key), f"should be a list, not {_named(value)}", "wrong_type")

    def records(self, key: str, *, required: bool = True) -> Iterator["Record"]:
        """Yield every object of a list."""
        for where, entry in self.items(key, required=required):
            yield Record.of(entry, where, self.faults)

    def record(self, key: str) -> "Record":
        """Return a required object."""
        value = self._required(key)
        return Record({}, self.at(key), Faults()) if value is None else Record.of(value, self.at(key), self.faults)

    def texts(self, key: str, *, required: bool = True) -> tuple[str, ...]:
        """Return a list of texts."""
        found = []
        for where, entry in self.items(key, required=required):
            if isinstance(entry, str) and entry:
                found.append(entry)
            else:
                self.faults.add(where, "should be a text that is not empty", "wrong_type")
                found.append(MISSING)
        return tuple(found)

    def intervals(self, key: str) -> tuple[tuple[int, int], ...]:
        """Return a list of [start, end) pairs, each with start before end."""
        found = []
        for where, entry in self.items(key):
            if not isinstance(entry, list) or len(entry) != 2:
                self.faults.add(where, "should be a pair [start, end]", "wrong_type")
                continue
            start, end = (self._whole(value, f"{where}/{k}", 0) for k, value in enumerate(entry))
            if start >= end:
                self.faults.add(where, f"starts at {start}, not before its end {end}", "empty_interval")
                continue
            found.append((start, end))
        return tuple(found)

    def square(self, key: str, size: int) -> tuple[tuple[int, ...], ...]:
        """Return a matrix of `size` rows and columns of whole numbers, zeros where it is faulty."""
        rows = []
        for where, entry in self.items(key):
            if not isinstance(entry, list) or len(entry) != size:
                self.faults.add(where, f"should be a row of {size} numbers, one a state", "not_square")
                rows.append((0,) * size)
            else:
                rows.append(tuple(self._whole(value, f"{where}/{k}", 0) for k, value in enumerate(entry)))
        if len(rows) != size and self.has(key):
            self.faults.add(self.at(key), f"should have {size} rows, one a state, not {len(rows)}", "not_square")
        return tuple(rows)

    def _required(self, key: str) -> object:
        value = self.fields.get(key)
        if value is None:
            self.faults.add(self.at(key), "is missing", "missing")
        return value

    def _whole(self, value: object, where: str, least: int | None) -> int:
        if isinstance(value, int) and not isinstance(value, bool):
            if least is None or value >= least:
                return value
            self.faults.add(where, f"should be at least {least}, not {value}", "too_small")
        else:
            self.faults.add(where, f"should be a whole number, not {_named(value)}", "wrong_type")
        return least or 0
