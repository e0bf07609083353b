"""
The documentation of the installed version, at `/help`: where alerts link their runbooks without anybody setting it up.

Open to everybody, as it holds nothing of the floor. Only files that are there when the application is made are served.
"""

import re
from collections.abc import Callable, Mapping
from html import unescape
from pathlib import Path, PurePosixPath
from posixpath import normpath
from urllib.parse import urlsplit

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse, Response
from markdown_it import MarkdownIt
from markupsafe import Markup

import batcher
from batcher.errors import NotFoundError

#: Shows a page: the request, its title, and its content.
Show = Callable[[Request, str, Markup], HTMLResponse]
_START = "README.md"
_TITLE = re.compile(r"^# (.+)$", re.MULTILINE)
_HEADING = re.compile(r"<h([1-6])>(.*?)</h\1>", re.DOTALL)
_LINK = re.compile(r'<a href="([^"]*)">(.*?)</a>', re.DOTALL)
#: Marks in our pages between which tables are written; nobody wants to read them.
_COMMENT = re.compile(r"^<!--.*?-->\n", re.MULTILINE | re.DOTALL)


def handbook_routes(show: Show) -> APIRouter:
    """Return the route of the documentation."""
    router, files = APIRouter(), _files()

    @router.get("/help/{path:path}", include_in_schema=False)
    def page(request: Request, path: str) -> Response:
        if not path:
            return RedirectResponse(f"/help/{_START}")
        file = files.get(path)
        if file is None:
            raise NotFoundError("page", path)
        if file.suffix != ".md":
            return FileResponse(file)
        title, body = rendered(path, file.read_text(encoding="utf-8"), files)
        return show(request, title, body)

    return router


def rendered(path: str, text: str, files: Mapping[str, Path]) -> tuple[str, Markup]:
    """
    Return the title of a page, and its content as HTML.

    Parameters
    ----------
    path
        Where it stands in the documentation; what it links beyond that is shown without its link.
    """
    page = MarkdownIt("commonmark", {"html": False}).enable("table").render(_COMMENT.sub("", text))
    page = _HEADING.sub(lambda found: f'<h{found[1]} id="{_anchor(found[2])}">{found[2]}</h{found[1]}>', page)
    page = _LINK.sub(lambda found: found[0] if _is_within(path, found[1], files) else found[2], page)
    page = page.replace("<pre>", '<pre tabindex="0">')  # what scrolls sideways is reached by keyboard too
    page = page.replace("<table>", '<div class="card" tabindex="0"><table>').replace("</table>", "</table></div>")
    title = _TITLE.search(text)
    return title[1] if title else path, Markup(page)  # noqa: S704 - our own pages, in which no HTML is let through


def _anchor(heading: str) -> str:
    """Return what links to a heading end with, as forges have it."""
    text = unescape(re.sub(r"<[^>]*>", "", heading)).lower()
    return re.sub(r"[^\w\- ]", "", text).replace(" ", "-")


def _is_within(path: str, link: str, files: Mapping[str, Path]) -> bool:
    parts = urlsplit(unescape(link))
    if parts.scheme or not parts.path:
        return True
    return normpath(PurePosixPath(path).parent / parts.path) in files


def _files() -> Mapping[str, Path]:
    """Return every file of the documentation by its path: as installed, or as it lies beside the code."""
    package = Path(batcher.__file__).parent
    root = next((folder for folder in (package / "docs", package.parent / "docs") if folder.is_dir()), None)
    if root is None:
        return {}
    found = (path for kind in ("*.md", "*.png", "*.svg", "*.json") for path in root.rglob(kind))
    return {path.relative_to(root).as_posix(): path for path in found}
