"""The templates, and how they write instants, spans, shares and money."""

from datetime import datetime

from jinja2 import Environment, PackageLoader, StrictUndefined

import batcher
from batcher.api import words
from batcher.api.board.parts import Frame
from batcher.services.board.timeline import SPANS


def templates() -> Environment:
    """Return the templates: everything escaped, every unknown name an error."""
    pages = Environment(
        loader=PackageLoader("batcher.api"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    pages.filters.update(
        span=words.span, percent=words.percent, clock=_clock, money=_money, iso=datetime.isoformat, plain=_plain,
        tick=_tick,
    )  # fmt: skip
    pages.globals.update(version=batcher.__version__, spans=SPANS)
    return pages


def _clock(instant: datetime, frame: Frame) -> str:
    return words.clock(instant, frame.now, frame.zone)


def _tick(instant: datetime, frame: Frame) -> str:
    """Return an hour at an axis; midnight is told as its day."""
    local = instant.astimezone(frame.zone)
    return f"{local:%H:%M}" if local.hour or local.minute else f"{local:%a} {local.day}"


def _money(minor: float, frame: Frame) -> str:
    return words.money(minor, frame.currency)


def _plain(word: str) -> str:
    """Return a word of the code as people write it."""
    return word.replace("_", " ").replace("-", " ")
