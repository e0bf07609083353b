"""A browser goes through every view of a board, as people do: what each looks like, and what axe-core finds in it."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser

from tests.browser.served import SERIOUS, Look, keep_picture, looking

#: A page of a busy machine may take its time; this is about how it looks.
_PATIENCE_MS = 180_000


@dataclass(frozen=True)
class Window:
    """Where a board is looked at."""

    name: str
    size: tuple[int, int]
    dark: bool = False


@dataclass(frozen=True)
class Seen:
    """One view in one window."""

    view: str
    window: Window
    findings: dict[str, Any]  #: as axe-core tells them
    complaints: tuple[str, ...]  #: errors of the console, requests to elsewhere, a page that is wider than its window

    @property
    def serious(self) -> int:
        """Return how many findings keep people from using the view."""
        return sum(each["impact"] in SERIOUS for each in self.findings["violations"])


_WINDOWS = (
    Window("desk", (1440, 900)), Window("large", (1920, 1080)), Window("dark", (1440, 900), dark=True),
    Window("phone", (390, 844)),
)  # fmt: skip
_WALLS = (Window("dark", (1920, 1080), dark=True), Window("light", (1920, 1080)))
_VIEWS = {
    "floor": "/", "timeline": "/timeline", "timeline-24h": "/timeline?hours=24", "trouble": "/trouble",
    "night": "/night", "rules": "/rules", "help": "/help/runbooks/orders-late.md",
}  # fmt: skip
#: Where a click leads to one of a kind: the view to look in, and what to click there.
_ONE = {
    "batch": ("/timeline", ".lane a:has(.bar-running)"),
    "sheet": ("/timeline?hours=24", "#lane-dtf-1 a:has(.bar-done)"),
    "planned": ("/timeline", ".lane a:has(.bar-tentative)"),
    "order": ("/timeline", ".lane a:has(.bar-running)"),
}


def tour(browser: Browser, url: str, out: Path, *, meanwhile: Callable[[], object]) -> Iterator[Seen]:
    """
    Yield what is seen, each view in each window; pictures are left in `out`.

    Parameters
    ----------
    meanwhile
        Done before each view: orders come in while somebody looks.
    """
    with _window(browser, url, _WINDOWS[0]) as look:
        _make_trouble(look, out)
        places = _VIEWS | {name: _place_of(look, name) for name in _ONE}
    for window in _WINDOWS:
        for view, path in places.items():
            meanwhile()
            yield _see(browser, url, window, view, path, out)
    for window in _WALLS:
        meanwhile()
        yield _see(browser, url, window, "wall", "/wall", out)


def report(seen: list[Seen]) -> str:
    """Return the findings as a table of Markdown, view by view."""
    rows = [
        "| view | window | rules passed | serious | other findings | cannot be told | console |",
        "|" + " --- |" * 7,
    ]
    for each in seen:
        found, size = each.findings, "{} x {}".format(*each.window.size)
        other = ", ".join(v["id"] for v in found["violations"] if v["impact"] not in SERIOUS) or "none"
        unsure = ", ".join(v["id"] for v in found["incomplete"]) or "nothing"
        said = "; ".join(each.complaints) or "nothing"
        told = (each.view, f"{each.window.name}, {size}", len(found["passes"]), each.serious, other, unsure, said)
        rows.append(f"| {' | '.join(map(str, told))} |")
    return "\n".join(rows) + "\n"


def _window(browser: Browser, url: str, window: Window) -> Any:
    return looking(browser, url, size=window.size, dark=window.dark)


def _see(browser: Browser, url: str, window: Window, view: str, path: str, out: Path) -> Seen:
    with _window(browser, url, window) as look:
        look.page.set_default_timeout(_PATIENCE_MS)
        page = look.open(path)
        keep_picture(page, out / f"{view}-{window.name}.png")
        if view != "wall":
            keep_picture(page, out / "whole" / f"{view}-{window.name}.png", whole=True)
        wide = page.evaluate("document.documentElement.scrollWidth")
        too_wide = [f"{wide} px wide"] if wide > window.size[0] else []
        return Seen(view, window, look.accessibility(), (*look.complaints, *too_wide))


def _make_trouble(look: Look, out: Path) -> None:
    """Take a station down and hold an order, as people do."""
    look.page.set_default_timeout(_PATIENCE_MS)
    page = look.open("/act/stations/laser-2/down")
    page.get_by_label("Why").fill("lens cracked, technician at five")
    keep_picture(page, out / "act-desk.png")
    page.get_by_role("button", name="Take it down").click()
    page.wait_for_url("**/trouble")
    order = _place_of(look, "order")
    look.open(order)
    page.locator(".headed").get_by_role("link", name=re.compile("^Hold")).click()
    page.get_by_label("Why").fill("the buyer rings back about the name")
    page.get_by_role("button", name="Hold it").click()
    page.wait_for_url(f"**{order}")


def _place_of(look: Look, name: str) -> str:
    """Return the address of one of a kind."""
    path, click = _ONE[name]
    page = look.open(path)
    found = str(page.locator(click).first.get_attribute("href"))
    if name == "order":
        look.open(found)
        found = str(page.locator("#batch a[href^='/order/']").first.get_attribute("href"))
    return found
