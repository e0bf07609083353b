"""What a browser is shown of a floor that is served."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Browser, Page, Playwright

from batcher.api.gate import SESSION

#: Where pictures for the documentation go; none: none are taken.
PICTURES = os.environ.get("PICTURES", "")
_CHROMIUM = shutil.which("chromium")
_NONE = "there is no chromium on this machine"
#: Few colours keep a picture small, and these pages have few.
_COLOURS = 256
#: What axe-core calls a finding that keeps people from using a page.
SERIOUS = ("serious", "critical")


def launch(playwright: Playwright) -> Browser:
    """Start the machine's own browser, or skip the test where there is none."""
    if _CHROMIUM is None:
        if os.environ.get("CI") == "true":
            pytest.fail(_NONE)
        pytest.skip(_NONE)
    return playwright.chromium.launch(executable_path=_CHROMIUM, args=["--no-sandbox"])


@dataclass
class Look:
    """A browser's window onto the board, and everything that it should not have seen."""

    url: str
    page: Page
    complaints: list[str] = field(default_factory=list)

    def open(self, path: str) -> Page:
        """Go to a page, and wait until it hears of changes."""
        self.page.goto(self.url + path)
        self.page.wait_for_function("document.fonts.status === 'loaded'")
        return self.page

    def picture(self, name: str) -> None:
        """Take a picture for the documentation, where pictures are wanted."""
        if PICTURES:
            keep_picture(self.page, Path(PICTURES) / f"{name}.png")

    def serious(self) -> list[str]:
        """Return what axe-core finds that keeps people from using the page."""
        return [
            f"{each['id']}: {node['target']} {node.get('failureSummary', '')}"
            for each in self.accessibility()["violations"]
            if each["impact"] in SERIOUS
            for node in each["nodes"]
        ]

    def accessibility(self) -> dict[str, Any]:
        """Return all that axe-core finds on the page: violations, passes, and what it could not tell."""
        found: dict[str, Any] = Axe().run(self.page).response
        return found


def keep_picture(page: Page, path: Path, *, whole: bool = False) -> None:
    """Keep what a page shows, or the whole of it, as a small file."""
    image = Image.open(BytesIO(page.screenshot(full_page=whole)))
    path.parent.mkdir(parents=True, exist_ok=True)
    image.convert("RGB").quantize(_COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)


@contextmanager
def looking(
    browser: Browser, url: str, *, token: str = "", size: tuple[int, int] = (1440, 900), dark: bool = False
) -> Iterator[Look]:
    """Open a window, signed in with a token where there is one."""
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]}, color_scheme="dark" if dark else "light"
    )
    if token:
        context.add_cookies([{"name": SESSION, "value": token, "url": url}])
    look = Look(url, context.new_page())
    look.page.on("console", lambda said: look.complaints.append(said.text) if said.type == "error" else None)
    look.page.on("pageerror", lambda error: look.complaints.append(str(error)))
    look.page.on(
        "request", lambda asked: None if asked.url.startswith(url) else look.complaints.append(f"asked for {asked.url}")
    )
    try:
        yield look
    finally:
        context.close()
