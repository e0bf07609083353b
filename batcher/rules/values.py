"""
The small grammars of rules files: durations, shares, times, days, sizes, names and patterns.

Each type turns what the file says into what the floor needs, refuses everything else in words a person can act on,
and carries its own JSON Schema. Which keys exist is in `floor_models` and `rule_models`.
"""

import difflib
import re
import unicodedata
from collections.abc import Callable
from datetime import date, time
from pathlib import PurePosixPath
from typing import Annotated
from zoneinfo import ZoneInfo, available_timezones

from batcher.domain.calendars import Span
from batcher.rules.batch_rules import GROUPING_FACTS
from batcher.rules.grammar import Grammar, Reference, ReferringPattern, refuse, suggestion, told
from batcher.rules.yaml_source import LookAlike

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
#: A year of seconds, ten million pounds: more is a slip of the pen.
MAX_SECONDS = 366 * 86_400
MAX_MINOR = 1_000_000_000

_UNIT_SECONDS = {"s": 1, "min": 60, "h": 3600, "d": 86_400}
_DURATION = re.compile(r"([0-9]{1,9}) ?(s|min|h|d)")
_SHARE = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,3})?) ?%")
_SIZE = re.compile(r"([0-9]{1,5}) ?x ?([0-9]{1,5}) ?mm")
_LENGTH = re.compile(r"([0-9]{1,5}) ?mm")
_CLOCK = re.compile(r"([01][0-9]|2[0-4]):([0-5][0-9])")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_ATTRIBUTE = re.compile(r"attribute\.[A-Za-z0-9_-]{1,64}")
_PATTERN_WILD = "*?[]!"
_PATTERN_OTHER = " -_./:&,'#%@"


def read_text(value: object) -> str:
    """Return a line of text for people."""
    text = _text(value, "text")
    if not 1 <= len(text) <= 200 or not text.isprintable():
        raise refuse("text", f"must be one line of 1 to 200 characters, not {len(text)}")
    return text


def read_currency(value: object) -> str:
    """Return an ISO 4217 currency code."""
    if not isinstance(value, str) or not re.fullmatch("[A-Z]{3}", value):
        raise refuse("currency", f"must be a currency code of three capital letters such as GBP, not {told(value)}")
    return value


def read_folder(value: object) -> str:
    """Return a folder: absolute, or relative to the state directory and inside it."""
    text = _text(value, "a folder")
    if not text.isprintable() or not text.strip() or "~" in text or "$" in text:
        raise refuse("folder", f"{told(text)} is no folder: write it out, without ~ and $")
    if ".." in PurePosixPath(text).parts:
        raise refuse(
            "outside",
            f"{told(text)} leaves its directory by '..'; write an absolute path, or one below the state directory",
        )
    return text


def read_holidays(value: object) -> tuple[str, str | None]:
    """Return country and subdivision of a public holiday calendar: ``GB-ENG``."""
    from holidays.utils import list_supported_countries  # takes a while to import

    text = _text(value, "a country such as GB or GB-ENG")
    country, _, part = text.partition("-")
    supported = list_supported_countries()
    if country not in supported:
        raise refuse(
            "unknown_name", f"no public holidays are known of {told(text)}; write a country such as GB or GB-ENG"
        )
    if part and part not in supported[country]:
        raise refuse("unknown_name", f"unknown part {told(part)} of {country}; {suggestion(part, supported[country])}")
    return country, part or None


def _text(value: object, what: str) -> str:
    if not isinstance(value, str):
        raise refuse("type", f"must be {what}, in quotes (YAML reads it as {told(value)})")
    return value


def read_duration(value: object) -> int:
    """Return seconds: ``90 s``, ``15 min``, ``2 h``, ``1 d``."""
    found = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise refuse(
            "duration", f'must be a duration with its unit, such as "90 s", "15 min", "2 h" or "1 d", not {told(value)}'
        )
    seconds = int(found[1]) * _UNIT_SECONDS[found[2]]
    if seconds > MAX_SECONDS:
        raise refuse("range", f"{value} is more than the longest duration, 366 d")
    return seconds


def write_duration(seconds: int) -> str:
    """Return seconds as a file would write them, in the largest unit that is whole."""
    unit = next(unit for unit in ("d", "h", "min", "s") if seconds % _UNIT_SECONDS[unit] == 0)
    return f"{seconds // _UNIT_SECONDS[unit]} {unit}" if seconds else "0 s"


def read_share(value: object) -> float:
    """Return a share from 0 to 1: ``50 %``."""
    found = _SHARE.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise refuse("share", f'must be a share such as "50 %", not {told(value)}')
    share = float(found[1]) / 100
    if share > 1:
        raise refuse("range", f"{value} is more than 100 %")
    return share


def read_size(value: object) -> tuple[int, int]:
    """Return width and height in mm: ``205 x 95 mm``."""
    found = _SIZE.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise refuse("size", f'must be width x height such as "205 x 95 mm", not {told(value)}')
    width, height = int(found[1]), int(found[2])
    if not width or not height:
        raise refuse("range", f"width {width} mm and height {height} mm must both be at least 1 mm")
    return width, height


def read_length(value: object) -> int:
    """Return millimetres: ``5 mm``."""
    found = _LENGTH.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise refuse("length", f'must be a length such as "5 mm", not {told(value)}')
    return int(found[1])


def read_time(value: object) -> time:
    """Return a local wall time: ``"16:00"``."""
    at = _clock(value)
    if at == (24, 0):
        raise refuse("time", "24:00 is no time of day here; write 00:00 or 23:59")
    return time(*at)


def _clock(value: object) -> tuple[int, int]:
    if not isinstance(value, str):
        trap = " (16:30 is 990 to YAML 1.1)" if isinstance(value, int) and not isinstance(value, bool) else ""
        raise refuse("time", f'must be a quoted "HH:MM", not {told(value)}{trap}')
    found = _CLOCK.fullmatch(value)
    at = (int(found[1]), int(found[2])) if found else (99, 0)
    if at > (24, 0):
        raise refuse("time", f'must be "HH:MM" from 00:00 to 23:59, not {told(value)}')
    return at


def read_hours(value: object) -> tuple[Span, ...]:
    """Return the spans of a day: ``07:00-19:00``, a list of such, or ``closed``."""
    if value == "closed":
        return ()
    spans = value if isinstance(value, list) else [value]
    if not spans:
        raise refuse("hours", "lists no hours; write closed")
    return tuple(_span(span) for span in spans)


def _span(value: object) -> Span:
    parts = value.split("-") if isinstance(value, str) else []
    if len(parts) != 2:
        raise refuse("hours", f'must be hours such as "07:00-19:00", a list of them, or closed, not {told(value)}')
    start, end = _clock(parts[0].strip()), _clock(parts[1].strip())
    if start == (24, 0):
        raise refuse("hours", f"{value} starts at 24:00; write 00:00")
    if start == end:
        raise refuse("range", f"{value} starts and ends at the same time; write 00:00-24:00 for a whole day")
    return Span(time(*start), time(end[0] % 24, end[1]))


def read_days(value: object) -> frozenset[int]:
    """Return weekdays, Monday 0: ``mon-sat``, ``"sat, sun"`` or a list."""
    parts = value if isinstance(value, list) else str(value).split(",")
    days: set[int] = set()
    for part in parts:
        ends = [end.strip().lower() for end in str(part).split("-")]
        if not 1 <= len(ends) <= 2 or any(end not in WEEKDAYS for end in ends):
            raise refuse("days", f"must be weekdays such as mon, mon-sat or [mon, thu], not {told(value)}")
        first, last = WEEKDAYS.index(ends[0]), WEEKDAYS.index(ends[-1])
        days.update((first + step) % 7 for step in range((last - first) % 7 + 1))
    return frozenset(days)


def read_date(value: object) -> date:
    """Return a date: ``2026-12-24``."""
    try:
        return date.fromisoformat(value if isinstance(value, str) else "")
    except ValueError as error:
        raise refuse("date", f'must be a date such as "2026-12-24", not {told(value)}') from error


def read_zone(value: object) -> ZoneInfo:
    """Return a time zone of the IANA database."""
    name = _text(value, "a time zone such as Europe/London")
    if name not in available_timezones():
        close = difflib.get_close_matches(name, available_timezones(), n=1)
        hint = f"did you mean '{close[0]}'?" if close else "write one such as Europe/London"
        raise refuse("unknown_name", f"unknown time zone {told(name)}; {hint}")
    return ZoneInfo(name)


def read_name(value: object) -> str:
    """Return an id of our own: letters, digits, dots, dashes and underscores."""
    if not isinstance(value, str) or isinstance(value, LookAlike):
        shown = told(value) if not isinstance(value, str) else "a number or a date, depending on the reader"
        raise refuse("type", f"must be a quoted string (YAML reads it as {shown})")
    if not _NAME.fullmatch(value):
        raise refuse(
            "name",
            f"{told(value)} is no id: use at most 64 letters, digits, '.', '-' and '_', the first a letter or digit",
        )
    return value


def read_pattern(value: object) -> str:
    """Return a shell pattern; what only regular expressions and programs contain is refused."""
    if not isinstance(value, str) or isinstance(value, LookAlike):
        shown = told(value) if not isinstance(value, str) else "a number or a date, depending on the reader"
        raise refuse("type", f"must be a quoted string (YAML reads it as {shown})")
    if not 1 <= len(value) <= 100:
        raise refuse("pattern", f"pattern refused: {len(value)} characters, allowed are 1 to 100")
    if value.count("*") > 5:
        raise refuse("pattern", f"pattern refused: {value.count('*')} stars in {told(value)}, allowed are 5")
    odd = next((letter for letter in value if not _is_pattern_letter(letter)), None)
    if odd is not None:
        raise refuse(
            "pattern",
            f"pattern refused: {told(odd)} in {told(value)}; only shell patterns are read (* ? [abc]), "
            "no regular expressions and no programs; ? stands for any one character",
        )
    return value


def _is_pattern_letter(letter: str) -> bool:
    return unicodedata.category(letter)[0] in "LMN" or letter in _PATTERN_WILD or letter in _PATTERN_OTHER


def read_fact(value: object) -> str:
    """Return the name of a fact of a job, or ``attribute.NAME``."""
    name = _text(value, "the name of a fact")
    if name not in GROUPING_FACTS and not _ATTRIBUTE.fullmatch(name):
        hint = suggestion(name, (*GROUPING_FACTS, "attribute.NAME"))
        raise refuse("unknown_name", f"unknown fact {told(name)}; {hint}")
    return name


def read_script(value: object) -> str:
    """Return the code of a script, by its name."""
    from fontTools import unicodedata as tables  # takes a while to import

    code_of: Callable[..., str] = tables.script_code

    name = _text(value, "the name of a script, such as Latin")
    code = code_of(name, default="")
    if not code:
        known = [str(known).replace("_", " ") for known in tables.Scripts.NAMES.values()]
        raise refuse("unknown_name", f"unknown script {told(name)}; {suggestion(name, known)}")
    return str(code)


def read_characters(value: object) -> str:
    """Return the characters that a class such as ``A-Z0-9 .-`` means."""
    text = _text(value, "characters")
    found, at = [], 0
    while at < len(text):
        if text[at + 1 : at + 2] == "-" and at + 2 < len(text):
            first, last = ord(text[at]), ord(text[at + 2])
            if not first <= last <= first + 2000:
                raise refuse("range", f"{told(text[at : at + 3])} is no range of characters")
            found += [chr(point) for point in range(first, last + 1)]
            at += 3
        else:
            found.append(text[at])
            at += 1
    return "".join(dict.fromkeys(found))


_HOURS = r"^([01][0-9]|2[0-3]):[0-5][0-9]-([01][0-9]|2[0-4]):[0-5][0-9]$|^closed$"

_HOURS_SCHEMA = {"type": "string", "pattern": _HOURS}


_DAYS_SCHEMA = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"enum": list(WEEKDAYS)}, "minItems": 1}]}


def _string(pattern: str) -> dict[str, str]:
    return {"type": "string", "pattern": f"^{pattern}$"}


Duration = Annotated[int, Grammar("duration", read_duration, _string(_DURATION.pattern))]
Share = Annotated[float, Grammar("share", read_share, _string(_SHARE.pattern))]
Size = Annotated[tuple[int, int], Grammar("size", read_size, _string(_SIZE.pattern))]
Length = Annotated[int, Grammar("length", read_length, _string(_LENGTH.pattern))]
Time = Annotated[time, Grammar("time", read_time, _string("([01][0-9]|2[0-3]):[0-5][0-9]"))]
Hours = Annotated[
    tuple[Span, ...],
    Grammar("hours", read_hours, {"anyOf": [_HOURS_SCHEMA, {"type": "array", "items": _HOURS_SCHEMA, "minItems": 1}]}),
]
Days = Annotated[frozenset[int], Grammar("weekdays", read_days, _DAYS_SCHEMA)]
Day = Annotated[date, Grammar("date", read_date, _string("[0-9]{4}-[0-9]{2}-[0-9]{2}"))]
Zone = Annotated[ZoneInfo, Grammar("time zone", read_zone)]
Holidays = Annotated[tuple[str, str | None], Grammar("holidays", read_holidays, _string("[A-Z]{2}(-[A-Z0-9]{1,3})?"))]
Name = Annotated[str, Grammar("id", read_name, _string(_NAME.pattern))]
Text = Annotated[str, Grammar("text", read_text)]
Currency = Annotated[str, Grammar("currency", read_currency, _string("[A-Z]{3}"))]
Folder = Annotated[str, Grammar("folder", read_folder)]
Pattern = Annotated[str, Grammar("pattern", read_pattern)]
Script = Annotated[str, Grammar("script", read_script)]
Characters = Annotated[str, Grammar("characters", read_characters)]
Fact = Annotated[str, Grammar("fact", read_fact)]

#: Ids that another section defines.
CalendarRef = Annotated[str, Reference("calendar id", read_name, section="calendars", kind="calendar")]
ProcessRef = Annotated[str, Reference("process id", read_name, section="processes", kind="process")]
StationRef = Annotated[str, Reference("station id", read_name, section="stations", kind="station")]
FixtureRef = Annotated[str, Reference("fixture id", read_name, section="fixtures", kind="fixture")]
StateRef = Annotated[str, Reference("setup state", read_name, section="states", kind="setup state")]

#: Patterns over ids that another section defines.
ProductPattern = Annotated[str, ReferringPattern("pattern", read_pattern, section="products", kind="product")]
ProcessPattern = Annotated[str, ReferringPattern("pattern", read_pattern, section="processes", kind="process")]
FixturePattern = Annotated[str, ReferringPattern("pattern", read_pattern, section="fixtures", kind="fixture")]
ServicePattern = Annotated[str, ReferringPattern("pattern", read_pattern, section="services", kind="service")]
TierPattern = Annotated[str, ReferringPattern("pattern", read_pattern, section="tiers", kind="tier")]
