import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from batcher.errors import DocumentError
from batcher.simulate.demand import read_demand
from tests.builders_stations import LONDON


def a_trace(path: Path, *moments: str) -> Path:
    orders = [{"order_id": f"{path.stem}-{k}", "placed_at": at, "service": "standard"} for k, at in enumerate(moments)]
    path.write_text("".join(json.dumps(order) + "\n" for order in orders))
    return path


def test_moments_without_an_offset_are_local(tmp_path: Path) -> None:
    trace = a_trace(tmp_path / "a.jsonl", "2026-07-06T09:00:00", "2026-07-06T09:00:00+00:00")
    assert [arrival.at.hour for arrival in read_demand([trace], LONDON)] == [8, 9]
    assert all(arrival.at.tzinfo is UTC for arrival in read_demand([trace], LONDON))


def test_later_weeks_are_laid_over_the_first_at_the_same_local_time(tmp_path: Path) -> None:
    winter = a_trace(tmp_path / "a.jsonl", "2026-03-03T09:30:00")
    summer = a_trace(tmp_path / "b.jsonl", "2026-07-10T11:00:00")  # a Friday
    first, second = read_demand([winter, summer], LONDON)
    assert first.at == datetime(2026, 3, 3, 9, 30, tzinfo=UTC)
    assert second.at == datetime(2026, 3, 6, 11, 0, tzinfo=UTC)
    assert second.document["order_id"] == "b-0-w2"


def test_twice_the_orders_are_each_order_and_a_copy_near_it(tmp_path: Path) -> None:
    trace = a_trace(tmp_path / "a.jsonl", *(f"2026-03-03T{hour:02}:00:00" for hour in range(8, 18)))
    found = read_demand([trace], LONDON, scale=2)
    assert len({arrival.document["order_id"] for arrival in found}) == 20
    by_id = {arrival.document["order_id"]: arrival.at for arrival in found}
    assert all(abs((by_id[f"a-{k}"] - by_id[f"a-{k}-x2"]).total_seconds()) <= 1800 for k in range(10))
    assert [arrival.at for arrival in found] == sorted(arrival.at for arrival in found)


def test_half_the_orders_are_about_half_and_the_same_half_by_one_seed(tmp_path: Path) -> None:
    trace = a_trace(tmp_path / "a.jsonl", *["2026-03-03T09:00:00"] * 200)
    kept = read_demand([trace], LONDON, scale=0.5, seed=3)
    assert 70 < len(kept) < 130
    assert kept == read_demand([trace], LONDON, scale=0.5, seed=3)
    assert kept != read_demand([trace], LONDON, scale=0.5, seed=4)


@pytest.mark.parametrize("line", ["", "{", '{"order_id": "x"}', '{"placed_at": "soon"}'])
def test_a_file_that_is_no_trace_is_told_with_the_order(tmp_path: Path, line: str) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(line)
    with pytest.raises(DocumentError, match=r"a\.jsonl"):
        read_demand([path], LONDON)


def test_only_the_first_days_are_taken_where_that_is_asked_for(tmp_path: Path) -> None:
    trace = a_trace(tmp_path / "a.jsonl", "2026-03-03T09:30:00", "2026-03-04T09:29:59", "2026-03-04T09:30:00")
    assert [arrival.document["order_id"] for arrival in read_demand([trace], LONDON, days=1)] == ["a-0", "a-1"]
