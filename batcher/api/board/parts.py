"""
A view in parts: each is painted again only when what it shows has changed, and only then sent to those who look.

A part's value holds instants, not "in 5 minutes": the browser counts these down by itself, so that a value stays equal
as long as nothing happened.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from jinja2 import Environment
from markupsafe import Markup

from batcher.services.context import Floor


@dataclass(frozen=True)
class Part:
    """
    One element of a page.

    Parameters
    ----------
    id
        Of the element, unique on its page.
    template
        What paints it; it is given `value`.
    """

    id: str
    template: str
    value: object


@dataclass(frozen=True)
class Frame:
    """What every part is painted by: the floor's time and place."""

    now: datetime
    zone: ZoneInfo
    currency: str
    speed: float

    @property
    def today(self) -> date:
        """Return the local date, on which it depends whether a weekday is told beside a time."""
        return self.now.astimezone(self.zone).date()


def frame_of(floor: Floor) -> Frame:
    """Return the frame of this moment."""
    site = floor.rules.current.site
    return Frame(floor.now(), site.zone, site.currency, floor.settings.speed)


@dataclass(frozen=True)
class Painted:
    """A part as HTML, and the look at which it became so."""

    id: str
    html: Markup
    look: int


@dataclass(frozen=True)
class Shown:
    """A whole view at one look; looks are numbered by the wall clock, so that they ascend across restarts."""

    look: int
    frame: Frame
    parts: tuple[Painted, ...]

    def html(self) -> dict[str, Markup]:
        """Return every part's HTML by its id."""
        return {part.id: part.html for part in self.parts}

    def changed_since(self, look: int) -> list[Painted]:
        """Return the parts that are not what they were at an earlier look."""
        return [part for part in self.parts if part.look > look]


class Painter:
    """Paints one view again and again; not to be called twice at once."""

    def __init__(self, pages: Environment, floor: Floor, read: Callable[[], Sequence[Part]]) -> None:
        self._pages, self._floor, self._read = pages, floor, read
        self._known: dict[str, tuple[Part, date, Painted]] = {}
        self._look = 0

    def paint(self) -> Shown:
        """Return the view as it is now."""
        frame, parts = frame_of(self._floor), self._read()
        self._look = max(self._look + 1, time.time_ns() // 1_000_000)
        known: dict[str, tuple[Part, date, Painted]] = {}
        for part in parts:
            before = self._known.get(part.id)
            if before is not None and before[:2] == (part, frame.today):
                known[part.id] = before
            else:
                html = self._pages.get_template(part.template).render(part=part, it=part.value, frame=frame)
                known[part.id] = (part, frame.today, Painted(part.id, Markup(html), self._look))  # noqa: S704 - painted by our own templates, which escape
        self._known = known
        return Shown(self._look, frame, tuple(painted for _, _, painted in known.values()))
