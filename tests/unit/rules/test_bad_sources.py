"""Faults of sources, each with file, line and column, all of them at once."""

from pathlib import Path

from tests.builders_rules import rules_directory, told

BAD = """\
sources:
  webshop:
    http:
      url: http://shop.example/orders
      orders: orders[
      paging: body
      auth: {scheme: bearer, file: ../secret}
    order: {order_id: id, placed_at: at, service: service, lines: lines}
    line: {sku: sku, quantity: quantity, tekst: text}
    words: {colour: {red: blue}}
  both:
    http: {url: "https://shop.example/orders"}
    sql: {url_file: secrets/db, query: DROP TABLE orders, mark: UPDATE orders SET taken = 1}
    order: {order_id: id, placed_at: at, service: service, lines: lines}
    line: {sku: sku, quantity: quantity}
"""


def test_every_fault_of_a_source_is_told_at_once_with_its_place(tmp_path: Path) -> None:
    assert told(rules_directory(tmp_path, sources=BAD)) == [
        "sources.yaml:5:15: orders: 'orders[' is no JMESPath expression: invalid jmespath expression: incomplete "
        "expression",
        "sources.yaml:7:36: file: '../secret' leaves its directory by '..'; write an absolute path, or one below the "
        "state directory",
        "sources.yaml:9:42: unknown key 'tekst'; did you mean 'text'?",
        "sources.yaml:10:13: must be one of 'service', 'tier', 'channel', 'carrier', 'country' or 'sku', not 'colour'",
        "sources.yaml:13:40: query must be a query that begins with SELECT or WITH, not 'DROP TABLE orders'",
    ]


def test_a_source_speaks_https_to_public_addresses_unless_it_is_private(tmp_path: Path) -> None:
    source = """sources:
  s:
    http: {{url: '{url}', private: {private}}}
    order: {{order_id: a, placed_at: b, service: c, lines: d}}
    line: {{sku: e, quantity: f}}
"""
    faults = [
        told(rules_directory(tmp_path / str(number), sources=source.format(url=url, private=private)))
        for number, (url, private) in enumerate(
            [
                ("http://shop.example/o", "false"),
                ("https://10.0.0.7/o", "false"),
                ("https://shop.example:8000/o", "false"),
                ("http://10.0.0.7:8000/o", "true"),
                ("https://name:secret@shop.example/o", "true"),
            ]
        )
    ]

    assert [found[0].rpartition(": ")[2] if found else None for found in faults] == [
        "'http://shop.example/o' must begin with https://",
        "'https://10.0.0.7/o' is an address that is not public",
        "'https://shop.example:8000/o' must use port 443 or 8443",
        None,
        "'https://name:secret@shop.example/o' must hold no name, password or fragment",
    ]
