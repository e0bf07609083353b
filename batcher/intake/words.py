"""
Which ids, texts and times an order may hold: one function a kind, each with stable codes.

Whether a product takes such a text, and so long a one, is the rules' to say (`accept`).
"""

import re
import unicodedata
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from pydantic_core import PydanticCustomError

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*", re.ASCII)
_MAX_ID = 64
#: Names that mean a device to some systems, whatever follows the dot.
_DEVICES = re.compile(r"(CON|PRN|AUX|NUL|COM[0-9]|LPT[0-9])(\..*)?", re.ASCII | re.IGNORECASE)
_INSTANT = re.compile(
    r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:?\d\d)?",
    re.ASCII,
)
_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)
_YEARS = range(2000, 2101)

_MAX_TEXT = 1000
_MAX_MARKS = 4
_MAX_REFERENCE, _MAX_URL = 200, 2000
#: Characters that turn the direction of what follows; a reader sees another text than the machine engraves.
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
#: Invisible characters that writing needs: joiners of scripts and emoji, and plain direction marks.
_NEEDED = frozenset("\u200c\u200d\u200e\u200f\u061c")
#: Flags of England, Scotland and Wales: a black flag with a region spelt in tags.
_TAGGED_FLAG = re.compile("\U0001f3f4[\U000e0030-\U000e007a]{1,8}\U000e007f")
#: Emoji are added every year; ones newer than this Python's tables are letters to us all the same.
_EMOJI = range(0x1F000, 0x1FB00)


def identifier(value: object) -> str:
    """Return an id that is safe in names, URLs and labels."""
    if not isinstance(value, str):
        raise PydanticCustomError("id_invalid", "must be a text of letters, digits, '.', '_' and '-'")
    if len(value) > _MAX_ID:
        raise PydanticCustomError("id_too_long", "has more than 64 characters")
    if not _ID.fullmatch(value) or value.endswith(".") or _DEVICES.fullmatch(value):
        raise PydanticCustomError(
            "id_invalid", "must be letters, digits, '.', '_' and '-' (ASCII), starting with a letter or digit"
        )
    return value


def line_identifier(value: object) -> str:
    """Return the id of a line, which may be a number."""
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return identifier(str(value))
    return identifier(value)


def text(value: str) -> str:
    """Return a text that means to a machine what a person reads."""
    if len(value) > _MAX_TEXT:
        raise PydanticCustomError("text_too_long", "has more than 1000 characters")
    if value and not value.strip():
        raise PydanticCustomError("text_empty", "is only white space")
    if value.isascii() and value.isprintable():
        return value
    marks = 0
    for character in _TAGGED_FLAG.sub("", value):
        _check_character(character)
        marks = marks + 1 if unicodedata.category(character) in ("Mn", "Me") else 0
        if marks > _MAX_MARKS:
            raise PydanticCustomError("text_too_many_marks", "has more than 4 combining marks on one letter")
    return value


def line_text(value: str) -> str:
    """Return the text of a piece as it is kept and sent: composed (NFC), lines parted by a line feed."""
    if len(value) > _MAX_TEXT or (value and not value.strip()):
        return text(value)  # which says what is wrong with it
    lines = unicodedata.normalize("NFC", value).replace("\r\n", "\n").split("\n")
    return "\n".join(text(line) if line else line for line in lines)


def reference(value: str) -> str:
    """Return the reference of an artwork: a name that stations know, or an address to fetch it from."""
    if not value:
        raise PydanticCustomError("text_empty", "must not be empty")
    if value.startswith(("https://", "http://")):
        if len(value) > _MAX_URL or not value.isascii() or not value.isprintable() or " " in value:
            raise PydanticCustomError("url_invalid", "is no address of at most 2000 printable ASCII characters")
        return value  # where it leads is looked at with the whole order
    if len(value) > _MAX_REFERENCE:
        raise PydanticCustomError("text_too_long", "has more than 200 characters")
    return text(value)


def checksum(value: str) -> str:
    """Return a SHA-256 in small hexadecimal digits."""
    if not _SHA256.fullmatch(value.lower()):
        raise PydanticCustomError("checksum_invalid", "must be the 64 hexadecimal digits of a SHA-256")
    return value.lower()


def _check_character(character: str) -> None:
    if character.isprintable() or character in _NEEDED:
        return
    category = unicodedata.category(character)
    if category in ("Cc", "Zl", "Zp"):
        raise PydanticCustomError("text_control_char", "holds a control character, such as a line break or a tab")
    if category == "Cs":
        raise PydanticCustomError("text_invalid_unicode", "holds half a character (a lone surrogate)")
    if character in _TURNING:
        raise PydanticCustomError("text_bidi_control", "holds a character that turns the direction of writing")
    if category == "Zs" or (category == "Cn" and ord(character) in _EMOJI):
        return
    raise PydanticCustomError("text_forbidden_char", "holds an invisible or unassigned character")


def instant(value: object, zone: ZoneInfo) -> datetime:
    """
    Return the instant, aware UTC, that a text in ISO 8601 means.

    Without an offset it is the site's wall clock, where that is not in doubt.
    """
    if not isinstance(value, str) or not _INSTANT.fullmatch(value):
        raise PydanticCustomError("datetime_invalid", "must be a time such as 2026-11-22T09:30:00+00:00")
    try:
        found = datetime.fromisoformat(value)
    except ValueError as error:
        raise PydanticCustomError("datetime_invalid", "is not a date and time of the calendar") from error
    if found.year not in _YEARS:
        raise PydanticCustomError("datetime_out_of_range", "must lie between 2000 and 2100")
    return _of_wall_clock(found, zone) if found.tzinfo is None else found.astimezone(UTC)


def _of_wall_clock(wall: datetime, zone: ZoneInfo) -> datetime:
    first, second = (wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    if first.astimezone(zone).replace(tzinfo=None) != wall:
        raise PydanticCustomError("local_time_nonexistent", "was skipped when the clocks changed; give the offset")
    if first != second:
        raise PydanticCustomError("local_time_ambiguous", "happened twice when the clocks changed; give the offset")
    return first
