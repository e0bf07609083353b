"""Order files: JSON, JSON lines and CSV, from the command line and from the drop folder."""

import gzip
import json
import os
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from batcher.domain.orders import OrderIn
from batcher.errors import OrderRejectedError, StoreUnavailableError
from batcher.intake.accept import Outcome, accept
from batcher.intake.documents import parse_order
from batcher.intake.file_import import RecordResult, Take, take_records
from batcher.intake.folder import DropFolder, FileTaken, poll_folder
from batcher.intake.records import read_bytes, read_records
from batcher.store import orders
from batcher.store.session import Store
from tests.builders_intake import LONDON, document, small_rules
from tests.builders_store import open_orders

NOW = datetime(2026, 11, 23, 8, 5, tzinfo=UTC)
CSV = (
    "order_id,placed_at,service,sku,quantity,text,attribute.font,order_attribute.gift\n"
    "A-1,2026-11-23T08:00:00,next-day,MUG-1,2,Zoë,serif,yes\n"
    "A-2,2026-11-23T08:00:00,next-day,MUG-1,1,,,\n"
    "A-1,2026-11-23T08:00:00,next-day,MUG-2,1,,,yes\n"
)


@pytest.fixture
def take(store: Store) -> Take:
    return lambda found: accept(store, small_rules(), found, NOW)


@pytest.fixture
def drop(tmp_path: Path) -> DropFolder:
    (tmp_path / "drop").mkdir()
    return DropFolder(tmp_path / "drop")


def poll(drop: DropFolder, take: Take) -> list[FileTaken]:
    return poll_folder(drop, parse=partial(parse_order, source="folder", zone=LONDON), take=take)


def poll_until_steady(drop: DropFolder, take: Take) -> list[FileTaken]:
    return poll(drop, take) + poll(drop, take)


def read(path: Path, take: Take) -> list[RecordResult]:
    parse = partial(parse_order, source="import", zone=LONDON)
    return take_records(read_records(path.name, read_bytes(path)), parse=parse, take=take)


def lines(*docs: object) -> str:
    return "".join(json.dumps(doc) + "\n" for doc in docs)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def outcomes(results: Sequence[RecordResult]) -> list[tuple[str, str]]:
    return [(result.order_id, result.outcome) for result in results]


def test_a_csv_file_has_an_order_in_several_rows(tmp_path: Path, take: Take, store: Store) -> None:
    path = tmp_path / "orders.csv"
    path.write_text("\ufeff" + CSV, encoding="utf-8")
    results = read(path, take)
    assert outcomes(results) == [("A-1", "created"), ("A-2", "created")]
    with store.read() as s:
        order = orders.order_content(s, str(results[0].key))
    assert [(line.line_id, line.sku, line.quantity, line.text, line.attributes) for line in order.lines] == [
        ("1", "MUG-1", 2, "Zoë", {"font": "serif"}),
        ("2", "MUG-2", 1, "", {}),
    ]
    assert order.attributes == {"gift": "yes"}


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("A-9,2026-11-23T08:00:00,next-day,MUG-1", "row_columns"),
        ("A-9,2026-11-23T08:00:00,next-day,MUG-1,two,,,", "qty_invalid"),
        ("A-9,2026-11-23T08:00:00,next-day,MUG-1,,,,", "field_required"),
        (",2026-11-23T08:00:00,next-day,MUG-1,1,,,", "field_required"),
        ("A-2,2026-11-23T08:00:00,same-day,MUG-1,1,,,", "order_rows_differ"),
        ('A-9,2026-11-23T08:00:00,next-day,MUG-1,1,"two\nlines",,', "text_control_char"),
    ],
)
def test_a_bad_row_spoils_only_its_order(tmp_path: Path, take: Take, row: str, code: str) -> None:
    path = tmp_path / "orders.csv"
    path.write_text(CSV + row + "\n", encoding="utf-8")
    bad = [result for result in read(path, take) if result.bad]
    assert [fault.code for result in bad for fault in result.faults] == [code]
    assert outcomes(read(path, take))[0] == ("A-1", "replayed")


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("a.csv", b"", "field_required"),
        ("a.csv", b"order_id,sku\n", "field_required"),
        ("a.csv", CSV.replace("text", "txet").encode(), "field_unknown"),
        ("a.csv", CSV.replace("text", "sku").encode(), "field_twice"),
        ("a.csv", CSV.encode("utf-16"), "encoding_invalid"),
        ("a.csv", CSV.encode() + b'"open', "csv_invalid"),
        ("a.json", b"{", "json_invalid"),
        ("a.json", b"", "body_empty"),
        ("a.json.gz", b"not gzip", "file_damaged"),
        ("a.json.gz", gzip.compress(b"{}", mtime=0)[:-4], "file_damaged"),
        ("a.txt", b"{}", "file_kind_unknown"),
    ],
)
def test_a_file_of_which_nothing_can_be_read_is_refused_whole(
    tmp_path: Path, take: Take, name: str, content: bytes, code: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(OrderRejectedError) as caught:
        read(tmp_path / name, take)
    assert [fault.code for fault in caught.value.faults] == [code]


def test_lines_are_taken_one_by_one_in_parts_of_a_commit_each(tmp_path: Path, take: Take) -> None:
    path = tmp_path / "orders.jsonl.gz"
    docs = [document(order_id=f"A-{number}") for number in range(600)]
    path.write_bytes(gzip.compress((lines(*docs, document(order_id="../x")) + "\n{oops\n").encode()))
    parts: list[int] = []

    def counting(found: Sequence[OrderIn]) -> list[Outcome]:
        parts.append(len(found))
        return take(found)

    results = read(path, counting)
    assert parts == [500, 100]
    assert [result.outcome for result in results] == ["created"] * 600 + ["rejected"] * 2
    assert (results[600].order_id, results[600].record.where) == ("../x", "line 601")
    assert (results[601].faults[0].code, results[601].record.where) == ("json_invalid", "line 603")


def test_a_dropped_file_is_taken_and_put_aside(drop: DropFolder, take: Take, store: Store) -> None:
    (drop.path / "orders.json").write_text(json.dumps(document()))
    (taken,) = poll(drop, take)
    assert (taken.name, outcomes(taken.results)) == ("orders.json", [("A-1", "created")])
    assert names(drop.path) == ["done"]
    assert names(drop.path / "done") == ["orders.json"]
    assert poll(drop, take) == []
    with store.read() as s:
        assert [order.source for order in open_orders(s)] == ["folder"]


def test_a_file_that_still_grows_is_left_alone(drop: DropFolder, take: Take) -> None:
    path = drop.path / "orders.jsonl"
    path.write_text(lines(document(order_id="A-1")))
    assert poll(drop, take) == []
    with path.open("a") as file:
        file.write(lines(document(order_id="A-2")))
    assert poll(drop, take) == []
    (taken,) = poll(drop, take)
    assert outcomes(taken.results) == [("A-1", "created"), ("A-2", "created")]


def test_half_a_json_file_is_left_alone_until_it_is_whole(drop: DropFolder, take: Take) -> None:
    path = drop.path / "orders.json"
    whole = json.dumps([document()])
    path.write_text(whole[:20])
    assert poll(drop, take) == []
    path.write_text(whole)
    assert len(poll(drop, take)) == 1


def test_what_is_no_order_file_is_left_alone(drop: DropFolder, take: Take) -> None:
    for name in (".orders.json", "orders.json.tmp", "orders.json.part", "notes.txt"):
        (drop.path / name).write_text(json.dumps(document()))
    (drop.path / "folder.json").mkdir()
    assert poll_until_steady(drop, take) == []
    assert len(names(drop.path)) == 5


@pytest.mark.parametrize("kind", ["jsonl", "json", "csv", "jsonl.gz"])
def test_the_good_orders_of_a_mixed_file_are_kept_and_the_bad_ones_told(
    drop: DropFolder, take: Take, store: Store, kind: str
) -> None:
    good, bad = document(order_id="A-1"), document(order_id="../x")
    match kind:
        case "json":
            content = json.dumps([good, bad]).encode()
        case "csv":
            content = CSV.replace("A-2", "../x").encode()
        case "jsonl.gz":
            content = gzip.compress(lines(good, bad).encode())
        case _:
            content = lines(good, bad).encode()
    (drop.path / f"orders.{kind}").write_bytes(content)
    (taken,) = poll_until_steady(drop, take)
    assert outcomes(taken.results) == [("A-1", "created"), ("../x", "rejected")]
    told = f"orders.{kind.removesuffix('.gz')}"
    assert names(drop.path / "bad") == [told, f"{told}.reason.txt"]
    assert names(drop.path / "done") == [f"orders.{kind}"]
    reason = (drop.path / "bad" / f"{told}.reason.txt").read_text()
    assert "order ../x: /order_id: must be" in reason
    assert "[id_invalid]" in reason
    with store.read() as s:
        assert [order.order_id for order in open_orders(s)] == ["A-1"]
    mended = drop.path / f"mended.{kind.removesuffix('.gz')}"
    mended.write_text((drop.path / "bad" / told).read_text().replace("../x", "A-2"))
    (taken,) = poll_until_steady(drop, take)
    assert outcomes(taken.results) == [("A-2", "created")]


def test_a_conflict_is_told_with_the_bad_ones(drop: DropFolder, take: Take) -> None:
    (drop.path / "orders.jsonl").write_text(lines(document(), document(channel="web")))
    poll_until_steady(drop, take)
    assert "[conflict]" in (drop.path / "bad" / "orders.jsonl.reason.txt").read_text()


def test_a_file_of_which_nothing_can_be_read_is_moved_away_with_the_reason(drop: DropFolder, take: Take) -> None:
    (drop.path / "orders.json").write_text("{oops")
    (drop.path / "later.jsonl").write_text(lines(document()))
    taken = {one.name: one for one in poll_until_steady(drop, take)}
    assert [fault.code for fault in taken["orders.json"].faults] == ["json_invalid"]
    assert outcomes(taken["later.jsonl"].results) == [("A-1", "created")]
    assert names(drop.path / "bad") == ["orders.json", "orders.json.reason.txt"]
    assert "[json_invalid]" in (drop.path / "bad" / "orders.json.reason.txt").read_text()


def test_links_and_pipes_are_never_read(drop: DropFolder, take: Take, tmp_path: Path) -> None:
    (tmp_path / "secret.json").write_text(json.dumps(document()))
    (drop.path / "link.json").symlink_to(tmp_path / "secret.json")
    os.mkfifo(drop.path / "pipe.json")
    taken = poll_until_steady(drop, take)
    assert sorted((one.name, one.faults[0].code) for one in taken) == [
        ("link.json", "file_unreadable"),
        ("pipe.json", "file_not_regular"),
    ]
    assert (tmp_path / "secret.json").exists()
    assert "link.json" in names(drop.path / "bad")


def test_a_file_taken_but_not_yet_moved_when_we_died_is_taken_again_without_harm(
    drop: DropFolder, take: Take, store: Store
) -> None:
    content = lines(document(), document(order_id="../x"))
    (drop.path / "orders.jsonl").write_text(content)
    poll_until_steady(drop, take)
    (drop.path / "done" / "orders.jsonl").rename(drop.path / "orders.jsonl")
    (taken,) = poll_until_steady(DropFolder(drop.path), take)
    assert outcomes(taken.results) == [("A-1", "replayed"), ("../x", "rejected")]
    assert names(drop.path / "bad") == ["orders.jsonl", "orders.jsonl.reason.txt"]
    with store.read() as s:
        assert len(open_orders(s)) == 1


def test_files_of_the_same_name_do_not_overwrite_each_other(drop: DropFolder, take: Take) -> None:
    for number in range(3):
        (drop.path / "orders.jsonl").write_text(
            lines(document(order_id=f"A-{number}"), document(order_id=f"-{number}"))
        )
        poll_until_steady(drop, take)
    assert names(drop.path / "done") == ["2-orders.jsonl", "3-orders.jsonl", "orders.jsonl"]
    assert len(names(drop.path / "bad")) == 6


def test_a_file_stays_while_the_database_does_not_answer(drop: DropFolder, take: Take) -> None:
    def refuse(_: Sequence[OrderIn]) -> list[Outcome]:
        raise StoreUnavailableError("the database does not answer")

    (drop.path / "orders.json").write_text(json.dumps(document()))
    with pytest.raises(StoreUnavailableError):
        poll(drop, refuse)
    assert names(drop.path) == ["orders.json"]
    assert len(poll(drop, take)) == 1


@pytest.mark.slow
@pytest.mark.parametrize("week", ["2011-02-07", "2011-11-14"])
def test_a_week_of_real_orders_comes_in_whole(tmp_path: Path, take: Take, week: str) -> None:
    shared = Path(os.environ.get("BATCHER_SHARED", Path(__file__).parents[4] / "shared"))
    path = shared / "data" / f"orders-{week}.jsonl.gz"
    if not path.exists():
        pytest.skip(f"no {path}")
    results = read(path, take)
    assert {result.outcome for result in results} == {"created"}
    with gzip.open(path) as file:
        assert len(results) == sum(1 for _ in file)
