"""
Where orders are fetched from, as frozen values: a shop's HTTP interface, or a query on another database.

Expressions are JMESPath, over what the source sent. Fetching is `services.sources`' work, making order documents of
what came is `intake.mapping`'s.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Auth:
    """Who we are to a source; the secret is in a file, read anew for each request."""

    scheme: str  #: bearer, basic or plain
    file: str  #: absolute, or relative to the state directory
    header: str = "Authorization"


@dataclass(frozen=True)
class Since:
    """How a source is asked for what is new only."""

    parameter: str  #: of the query
    field: str  #: expression over an order: what the next request goes on from
    kind: str  #: instant or number
    overlap: int  #: seconds, or numbers, that are asked for again
    start: str | None = None  #: asked for when nothing has been read yet


@dataclass(frozen=True)
class Acknowledgement:
    """The call that tells a source that an order is kept; `{id}` in the address stands for the order's id there."""

    url: str
    method: str
    id: str  #: expression over an order
    body: str | None = None  #: expression over {id, order_id}; none: no body


@dataclass(frozen=True)
class HttpFeed:
    """Orders read page by page over HTTP."""

    url: str
    orders: str  #: expression over a page: the list of orders
    paging: str  #: none, link, body, page or since
    next: str | None  #: expression over a page: address, or cursor, of the next one
    parameter: str | None  #: of the query that takes the cursor, or the number of the page
    first_page: int
    since: Since | None
    auth: Auth | None
    acknowledge: Acknowledgement | None
    private: bool
    timeout_s: int


@dataclass(frozen=True)
class SqlFeed:
    """Orders read from another database: the rows of an order, marked once they are kept."""

    url_file: str  #: a file that holds the database's address
    query: str
    group: str  #: the column that the rows of one order have in common
    mark: str | None  #: statement that marks the rows of `:id`


@dataclass(frozen=True)
class Source:
    """One place that orders are fetched from."""

    id: str
    every_s: int
    order: Mapping[str, str]  #: expression over an order, by field of ours
    lines: str  #: expression over an order: its lines
    line: Mapping[str, str]  #: expression over a line, by field of ours
    order_attributes: Mapping[str, str] = field(default_factory=dict)
    line_attributes: Mapping[str, str] = field(default_factory=dict)
    words: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  #: ours by theirs, by field
    http: HttpFeed | None = None
    sql: SqlFeed | None = None
