"""Turn a source in shape into the value that orders are fetched by."""

from batcher.rules.source_models import HttpShape, SourceShape, SqlShape
from batcher.rules.sources import Acknowledgement, Auth, HttpFeed, Since, Source, SqlFeed


def compile_source(name: str, shape: SourceShape) -> Source:
    """Return one source."""
    fields = shape.order.model_dump(exclude_none=True, exclude={"lines", "attributes"})
    return Source(
        id=name,
        every_s=shape.every,
        order=fields,
        lines=shape.order.lines,
        line=shape.line.model_dump(exclude_none=True, exclude={"attributes"}),
        order_attributes=shape.order.attributes,
        line_attributes=shape.line.attributes,
        words={str(field): words for field, words in shape.words.items()},
        http=None if shape.http is None else _http(shape.http),
        sql=None if shape.sql is None else _sql(shape.sql),
    )


def _http(shape: HttpShape) -> HttpFeed:
    auth, since, told = shape.auth, shape.since, shape.acknowledge
    return HttpFeed(
        url=shape.url,
        orders=shape.orders,
        paging=shape.paging,
        next=shape.next,
        parameter=shape.parameter or ("page" if shape.paging == "page" else None),
        first_page=shape.first_page,
        since=None
        if since is None
        else Since(
            since.parameter,
            since.field,
            since.kind,
            since.overlap if since.kind == "instant" else since.overlap_numbers,
            since.start,
        ),
        auth=None if auth is None else Auth(auth.scheme, auth.file, auth.header),
        acknowledge=None if told is None else Acknowledgement(told.url, told.method, told.id, told.body),
        private=shape.private,
        timeout_s=shape.timeout,
    )


def _sql(shape: SqlShape) -> SqlFeed:
    return SqlFeed(shape.url_file, shape.query, shape.group, shape.mark)
