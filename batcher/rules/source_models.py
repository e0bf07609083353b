"""
The shapes of the section `sources`: where orders are fetched from, and how theirs become ours.

Every key with its meaning and an example; JSON Schema and reference page are generated from here.
"""

import re
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from batcher.errors import DocumentError
from batcher.net.addresses import check_url
from batcher.rules.grammar import Grammar, refuse, told
from batcher.rules.shape import Shape, key
from batcher.rules.values import Duration, Folder, Text

_PARAMETER = re.compile(r"[A-Za-z0-9_.\[\]-]{1,64}")
_HEADER = re.compile(r"[A-Za-z0-9-]{1,64}")
_READS = re.compile(r"\s*(select|with)\b", re.IGNORECASE)
_WRITES = re.compile(r"\s*(update|insert)\b", re.IGNORECASE)


def read_expression(value: object) -> str:
    """Return a JMESPath expression that can be asked."""
    import jmespath  # only floors with sources need it
    from jmespath.exceptions import JMESPathError

    if not isinstance(value, str) or not 1 <= len(value) <= 1000:
        raise refuse("expression", f"must be a JMESPath expression of 1 to 1000 characters, not {told(value)}")
    try:
        jmespath.compile(value)
    except (JMESPathError, RecursionError) as error:
        why = str(error).splitlines()[0].removesuffix(":").lower()
        raise refuse("expression", f"{told(value)} is no JMESPath expression: {why}") from error
    return value


def _fitting(pattern: re.Pattern[str], what: str) -> Grammar:
    def read(value: object) -> str:
        if not isinstance(value, str) or not pattern.match(value):
            raise refuse("type", f"must be {what}, not {told(value)}")
        return value

    return Grammar("text", read)


Expression = Annotated[str, Grammar("expression", read_expression)]
Address = Annotated[str, Grammar("address", _fitting(re.compile("https?://."), "an address, https://...").read)]
Parameter = Annotated[str, _fitting(_PARAMETER, "the name of a parameter")]
HeaderName = Annotated[str, _fitting(_HEADER, "the name of a header")]
Reading = Annotated[str, _fitting(_READS, "a query that begins with SELECT or WITH")]
Marking = Annotated[str, _fitting(_WRITES, "a statement that begins with UPDATE or INSERT")]


class AuthShape(Shape):
    """Who we are to a source."""

    scheme: Literal["bearer", "basic", "plain"] = key(
        default="bearer",
        description="How the file's content is sent: `bearer` token; `basic`, the file holding `name:password`; "
        "`plain`, as it is.",
        examples=["plain"],
    )
    header: HeaderName = key(
        default="Authorization", description="The header that carries it.", examples=["X-Shopify-Access-Token"]
    )
    file: Folder = key(
        description="The file that holds the secret, absolute or below the state directory; readable for the "
        "service alone.",
        examples=["secrets/webshop"],
    )


class SinceShape(Shape):
    """How a source is asked only for what is new. How far it was read is kept in the database."""

    parameter: Parameter = key(description="The parameter of the query.", examples=["updated_at_min"])
    field: Expression = key(
        description="What of an order says where to go on: its time of change, or its number.", examples=["updated_at"]
    )
    kind: Literal["instant", "number"] = key(
        default="instant",
        description="What that is: an instant (ISO 8601, without an offset UTC) or a whole number that ascends.",
        examples=["number"],
    )
    overlap: Duration = key(
        default="10 min",
        description="How far before the newest instant the next look begins: what became visible late is found then.",
        examples=["1 h"],
    )
    overlap_numbers: int = key(
        default=0, ge=0, le=100_000, description="The same for numbers: so many below the highest.", examples=[100]
    )
    start: Text | None = key(
        default=None,
        description="Where the first look begins. Left out: at the beginning of all.",
        examples=['"2026-11-01T00:00:00Z"'],
    )


class AcknowledgeShape(Shape):
    """The call that tells a source that an order is kept. It is made until it is answered with success."""

    url: Address = key(
        description="Its address; `{id}` stands for the order's id there.",
        examples=["https://shop.example/orders/{id}/accepted"],
    )
    method: Literal["POST", "PUT", "PATCH", "DELETE"] = key(
        default="POST", description="Its HTTP method.", examples=["PUT"]
    )
    id: Expression = key(description="The order's id there.", examples=["id"])
    body: Expression | None = key(
        default=None,
        description="The JSON body, made of `id` (there) and `order_id` (here). Left out: none.",
        examples=["\"{status: 'in-production'}\""],
    )


class HttpShape(Shape):
    """Orders read page by page over HTTP."""

    url: Address = key(
        description="The address of the first page, parameters included, as far as they do not change.",
        examples=["https://shop.example/admin/api/2025-01/orders.json?status=open&limit=250"],
    )
    orders: Expression = key(
        default="@", description="The list of orders in a page. Left out: the page is the list.", examples=["orders"]
    )
    auth: AuthShape | None = key(
        default=None, description="Who we are to it.", examples=["{scheme: bearer, file: secrets/webshop}"]
    )
    paging: Literal["none", "link", "body", "page", "since"] = key(
        default="none",
        description="How the next page is found: `link`, the `Link` header with rel=next; `body`, what `next` finds; "
        "`page`, the next number until a page is empty; `since`, the `since` parameter with the newest of this page.",
        examples=["link"],
    )
    next: Expression | None = key(
        default=None, description="The next page's address, or cursor, for paging `body`.", examples=["links.next"]
    )
    parameter: Parameter | None = key(
        default=None,
        description="The parameter that takes the number of the page, or the cursor. Left out with paging `body`: what "
        "`next` finds is an address; with `page`: `page`.",
        examples=["cursor"],
    )
    first_page: int = key(default=1, ge=0, le=1, description="The number of the first page.", examples=[0])
    since: SinceShape | None = key(
        default=None,
        description="How it is asked for what is new only. Left out: for everything it has, each time.",
        examples=["{parameter: updated_at_min, field: updated_at}"],
    )
    acknowledge: AcknowledgeShape | None = key(
        default=None,
        description="How it is told that an order is kept.",
        examples=["{url: 'https://shop.example/orders/{id}/accepted', id: id}"],
    )
    private: bool = key(
        default=False,
        description="Whether it may lie in a private network, and speak plain HTTP. Others must be public, over HTTPS "
        "and port 443 or 8443.",
        examples=[True],
    )
    timeout: Duration = key(default="20 s", description="How long one request may take in all.", examples=["20 s"])

    @model_validator(mode="after")
    def _whole(self) -> Self:
        for url in (self.url, self.acknowledge.url if self.acknowledge else self.url):
            try:
                check_url(url.replace("{id}", "1"), private=self.private)
            except DocumentError as error:
                raise refuse("address", f"{told(url)} {error.faults[0].message}") from error
        if self.paging == "body" and self.next is None:
            raise refuse("missing", "paging body needs `next`: where in a page the next one is named")
        if self.paging == "since" and self.since is None:
            raise refuse("missing", "paging since needs `since`")
        if not 1 <= self.timeout <= 120:
            raise refuse("range", f"timeout {self.timeout} s must be 1 s to 120 s")
        return self


class SqlShape(Shape):
    """Orders read from another database, one row a line: PostgreSQL, SQLite, or another with a driver installed."""

    url_file: Folder = key(
        description="A file that holds the address of the database, such as postgresql+psycopg://reader@db/shop.",
        examples=["secrets/erp-database"],
    )
    query: Reading = key(
        description="The query, oldest order first; at most 5000 rows of it are read at a time.",
        examples=['"SELECT * FROM order_lines WHERE taken_at IS NULL ORDER BY id"'],
    )
    group: Text = key(
        default="order_id", description="The column that the rows of one order have in common.", examples=["number"]
    )
    mark: Marking | None = key(
        default=None,
        description="The statement that marks the rows of an order once it is kept; `:id` is the order's value of "
        "`group`.",
        examples=['"UPDATE order_lines SET taken_at = CURRENT_TIMESTAMP WHERE number = :id"'],
    )

    @model_validator(mode="after")
    def _marks_one(self) -> Self:
        if self.mark is not None and ":id" not in self.mark:
            raise refuse("missing", "mark must name :id, or it would mark all rows")
        return self


class OrderFieldsShape(Shape):
    """Where in theirs each field of an order is; text that an expression gives in quotes is the same for all."""

    order_id: Expression = key(description="Its id.", examples=["name"])
    placed_at: Expression = key(description="When the buyer ordered.", examples=["created_at"])
    service: Expression = key(
        description="The service; `words` turns their names into ours.", examples=["shipping_lines[0].code"]
    )
    channel: Expression | None = key(default=None, description="Where it was sold.", examples=["source_name"])
    tier: Expression | None = key(default=None, description="Class of the customer.", examples=["\"'standard'\""])
    country: Expression | None = key(
        default=None, description="Where it goes.", examples=["shipping_address.country_code"]
    )
    carrier: Expression | None = key(default=None, description="Who carries it.", examples=["shipments[0].carrier"])
    attributes: dict[str, Expression] = Field(
        default_factory=dict, description="Attributes of the order, by name.", examples=["{gift: gift_wrap}"]
    )
    lines: Expression = key(description="The list of its lines.", examples=["line_items[?requires_shipping]"])


class LineFieldsShape(Shape):
    """Where in one of their lines each field of ours is."""

    sku: Expression = key(description="What was bought.", examples=["sku"])
    quantity: Expression = key(description="How many.", examples=["quantity"])
    line_id: Expression | None = key(
        default=None, description="Its id. Left out: its position, from 1.", examples=["id"]
    )
    text: Expression | None = key(
        default=None,
        description="The personalisation.",
        examples=["\"properties[?name=='Engraving'].value | [0]\""],
    )
    artwork: Expression | None = key(
        default=None,
        description="The artwork's address.",
        examples=["\"properties[?name=='_artwork'].value | [0]\""],
    )
    artwork_sha256: Expression | None = key(
        default=None, description="The artwork's SHA-256, in hexadecimal digits.", examples=["artwork.sha256"]
    )
    attributes: dict[str, Expression] = Field(
        default_factory=dict, description="Attributes of the line, by name.", examples=["{colour: variant_title}"]
    )


class SourceShape(Shape):
    """A place that orders are fetched from; its id is the source of its orders."""

    http: HttpShape | None = key(
        default=None, description="How it is read over HTTP.", examples=["{url: 'https://shop.example/orders'}"]
    )
    sql: SqlShape | None = key(
        default=None,
        description="How it is read from a database.",
        examples=["{url_file: secrets/erp, query: SELECT * FROM open_orders}"],
    )
    every: Duration = key(default="1 min", description="How often it is looked at.", examples=["30 s"])
    order: OrderFieldsShape = key(
        description="What its orders are made of, as JMESPath expressions.",
        examples=["{order_id: id, placed_at: created_at, service: \"'standard'\", lines: lines}"],
    )
    line: LineFieldsShape = key(
        description="What their lines are made of, as JMESPath expressions.",
        examples=["{sku: sku, quantity: quantity}"],
    )
    words: dict[Literal["service", "tier", "channel", "carrier", "country", "sku"], dict[str, Text]] = Field(
        default_factory=dict,
        description="Our word by theirs, by field; a word that is not there is taken as it is.",
        examples=["{service: {Next Day Delivery: next-day}}"],
    )

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.http is None) == (self.sql is None):
            raise refuse("conflict", "a source is read either over http or from sql: write one of the two")
        if self.every < 1:
            raise refuse("range", "every must be at least 1 s")
        return self
