"""Orders of another database: rows brought together by order, and marked once an order is kept."""

from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from batcher.errors import FetchError
from batcher.intake.http_feed import MAX_ORDERS, Page, read_secret
from batcher.rules.sources import SqlFeed
from batcher.store import other_database

_TIMEOUT_S = 20


@dataclass(frozen=True)
class SqlOrders:
    """
    One source's orders in a database; each is its first row, with all of its rows as `rows`.

    Parameters
    ----------
    state_dir
        Where files of secrets are that have no absolute path.
    """

    feed: SqlFeed
    state_dir: Path

    @property
    def acknowledges(self) -> bool:
        """Tell whether rows are marked."""
        return self.feed.mark is not None

    def start(self, watermark: str | None) -> str:  # noqa: ARG002 - a query knows by itself what is new
        """Return where reading begins: always at the query."""
        return "query"

    def read(self, cursor: str) -> Page:  # noqa: ARG002 - there is one page
        """
        Return the orders of the first rows.

        Raises
        ------
        FetchError
            With `reason` secret, address, database or no_orders.
        """
        rows = other_database.read_rows(self._url(), self.feed.query, MAX_ORDERS, _TIMEOUT_S)
        group = self.feed.group
        if rows and group not in rows[0]:
            raise FetchError(f"the query has no column {group}", reason="no_orders")
        found = [list(of_one) for _, of_one in groupby(rows, key=lambda row: row[group])]
        if len(rows) == MAX_ORDERS and len(found) > 1:
            found.pop()  # rows of the last order may lie behind the limit
        return Page([{**of_one[0], "rows": of_one} for of_one in found])

    def acknowledge(self, ident: str, order_id: str) -> None:  # noqa: ARG002 - rows are marked by their own id
        """
        Mark the rows of an order.

        Raises
        ------
        FetchError
            As for `read`.
        """
        assert self.feed.mark is not None, "only asked of sources that are marked"
        other_database.mark_rows(self._url(), self.feed.mark, ident, _TIMEOUT_S)

    def _url(self) -> str:
        return read_secret(self.state_dir / self.feed.url_file)
