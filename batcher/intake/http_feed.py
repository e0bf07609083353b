"""
Orders of a source, read page by page over HTTP, and the source told which are kept.

A page is believed as far as it can be checked: it is JSON, of bounded size, its orders are a list, the next page lies
at the same place, and is another one. What becomes of the orders is `services.source_look`'s.
"""

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urljoin, urlsplit, urlunsplit

from batcher.errors import FetchError, OrderRejectedError
from batcher.intake.mapping import find
from batcher.intake.strict_json import load_json
from batcher.net.exchange import Limits, Reply, exchange
from batcher.rules.sources import HttpFeed, Since

MAX_ORDERS = 5000
_MAX_PAGE_BYTES = 32 * 2**20
_MAX_SECRET_BYTES = 10_000
_LINK = re.compile(r"<([^>]*)>([^<]*)")


@dataclass(frozen=True)
class Page:
    """One page of orders as the source sent them."""

    orders: list[object]
    newest: str | None = None  #: how far it goes, for the watermark
    next: str | None = None  #: where it goes on; none: here it ends


@dataclass(frozen=True)
class HttpOrders:
    """
    One source's orders over HTTP.

    Parameters
    ----------
    state_dir
        Where files of secrets are that have no absolute path.
    """

    feed: HttpFeed
    state_dir: Path

    @property
    def acknowledges(self) -> bool:
        """Tell whether the source is told which orders are kept."""
        return self.feed.acknowledge is not None

    def start(self, watermark: str | None) -> str:
        """Return the address of the first page behind a watermark."""
        feed = self.feed
        url = feed.url
        if feed.paging == "page" and feed.parameter is not None:
            url = _with(url, feed.parameter, str(feed.first_page))
        since = feed.since
        asked = None if since is None else _overlapped(since, watermark) or since.start
        return url if since is None or asked is None else _with(url, since.parameter, asked)

    def read(self, cursor: str) -> Page:
        """
        Return one page.

        Raises
        ------
        FetchError
            With `reason` address, connect, timeout, protocol, auth, status, too_large, not_json, no_orders,
            elsewhere or secret.
        """
        reply = self._ask("GET", cursor)
        try:
            document = load_json(reply.body)
            orders = find(self.feed.orders, document)
        except (OrderRejectedError, ValueError) as error:
            raise FetchError("the page is not JSON as it should be", reason="not_json") from error
        if not isinstance(orders, list):
            raise FetchError("the page holds no list of orders where one should be", reason="no_orders")
        if len(orders) > MAX_ORDERS:
            raise FetchError(f"the page has more than {MAX_ORDERS} orders", reason="too_large")
        newest = self._newest(orders)
        return Page(orders, newest, self._next(cursor, reply, document, orders, newest))

    def acknowledge(self, ident: str, order_id: str) -> None:
        """
        Tell the source that an order is kept.

        Raises
        ------
        FetchError
            As for `read`.
        """
        told = self.feed.acknowledge
        assert told is not None, "only asked of sources that are told"
        content = None if told.body is None else find(told.body, {"id": _number(ident), "order_id": order_id})
        body = None if content is None else json.dumps(content, ensure_ascii=False).encode()
        self._ask(told.method, told.url.replace("{id}", quote(ident, safe="")), body)

    def _ask(self, method: str, url: str, body: bytes | None = None) -> Reply:
        headers = {"Accept": "application/json", **_credentials(self.feed, self.state_dir)}
        if body is not None:
            headers["Content-Type"] = "application/json"
        limits = Limits(float(self.feed.timeout_s), _MAX_PAGE_BYTES, private=self.feed.private)
        reply = exchange(method, url, headers, limits, body)
        if reply.status in (401, 403):
            raise FetchError(f"answered {reply.status}: it does not let us in", reason="auth")
        if not reply.ok:
            raise FetchError(f"answered {reply.status}", reason="status", retry_after_s=reply.retry_after_s)
        if not reply.whole:
            raise FetchError(f"the answer has more than {_MAX_PAGE_BYTES // 2**20} MiB", reason="too_large")
        return reply

    def _newest(self, orders: list[object]) -> str | None:
        since = self.feed.since
        if since is None:
            return None
        marks = [mark for order in orders if (mark := _mark(since, order)) is not None]
        return max(marks, key=_instant if since.kind == "instant" else int, default=None)

    def _next(self, url: str, reply: Reply, document: object, orders: list[object], newest: str | None) -> str | None:
        feed = self.feed
        match feed.paging:
            case "link":
                found: Any = _linked(reply.headers.get("link", ""))
            case "body":
                found = find(feed.next or "@", document) or None
            case "page" if orders and feed.parameter is not None:
                number = dict(parse_qsl(urlsplit(url).query)).get(feed.parameter, "0")
                return _with(url, feed.parameter, str(int(number) + 1))
            case "since" if orders and feed.since is not None and newest is not None:
                asked = dict(parse_qsl(urlsplit(url).query)).get(feed.since.parameter)
                ahead = asked is None or further(feed.since, asked, newest) != asked
                return _with(url, feed.since.parameter, newest) if ahead else None
            case _:
                return None
        if found is None:
            return None
        if feed.paging == "body" and feed.parameter is not None:
            return _with(feed.url, feed.parameter, str(found))
        return _at_home(feed.url, urljoin(url, str(found)))


def further(since: Since, one: str | None, other: str | None) -> str | None:
    """Return the mark that lies further ahead."""
    if one is None or other is None:
        return one or other
    try:
        ahead = int(other) > int(one) if since.kind == "number" else _instant(other) > _instant(one)
    except ValueError:
        return one
    return other if ahead else one


def no_later(since: Since, mark: str | None, now: datetime) -> str | None:
    """Return a mark that is not in the future: a source whose clock is wrong must not hide what comes until then."""
    if mark is None or since.kind == "number" or _instant(mark) <= now:
        return mark
    return _written(now)


def _overlapped(since: Since, watermark: str | None) -> str | None:
    if watermark is None:
        return None
    if since.kind == "number":
        return str(max(0, int(watermark) - since.overlap))
    return _written(datetime.fromtimestamp(_instant(watermark).timestamp() - since.overlap, UTC))


def _mark(since: Since, order: object) -> str | None:
    try:
        found = find(since.field, order)
        return str(int(found)) if since.kind == "number" else _written(_instant(str(found)))
    except (ValueError, TypeError, OverflowError):
        return None


def _instant(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def _written(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _number(ident: str) -> str | int:
    return int(ident) if ident.isdecimal() and len(ident) <= 18 else ident


def _with(url: str, name: str, value: str) -> str:
    parts = urlsplit(url)
    query = [(key, old) for key, old in parse_qsl(parts.query, keep_blank_values=True) if key != name]
    return urlunsplit(parts._replace(query=urlencode([*query, (name, value)], safe=":,")))


def _linked(header: str) -> str | None:
    for url, attributes in _LINK.findall(header):
        if re.search(r';\s*rel\s*=\s*"?next"?', attributes, re.IGNORECASE):
            return str(url)
    return None


def _at_home(first: str, url: str) -> str:
    ours, theirs = urlsplit(first), urlsplit(url)
    if (ours.scheme, ours.netloc) != (theirs.scheme, theirs.netloc):
        raise FetchError("the next page lies at another place; our secret does not go there", reason="elsewhere")
    return url


def _credentials(feed: HttpFeed, state_dir: Path) -> Mapping[str, str]:
    auth = feed.auth
    if auth is None:
        return {}
    secret = read_secret(state_dir / auth.file)
    match auth.scheme:
        case "bearer":
            return {auth.header: f"Bearer {secret}"}
        case "basic":
            return {auth.header: "Basic " + base64.b64encode(secret.encode()).decode()}
        case _:
            return {auth.header: secret}


def read_secret(path: Path) -> str:
    """
    Return the one line that a file of a secret holds.

    Raises
    ------
    FetchError
        With `reason` secret.
    """
    try:
        with path.open("rb") as file:
            lines = file.read(_MAX_SECRET_BYTES).decode("utf-8", "replace").split()
    except OSError as error:
        raise FetchError(f"the file of its secret cannot be read: {error.strerror}", reason="secret") from error
    if not lines:
        raise FetchError("the file of its secret is empty", reason="secret")
    return lines[0]
