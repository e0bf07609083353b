"""Stations and reports."""

from dataclasses import replace
from datetime import timedelta

import pytest

from batcher.domain.batches import StationReport
from batcher.domain.states import StationState
from batcher.errors import NotFoundError
from batcher.store import events, reports, stations
from batcher.store.reports import Judged
from batcher.store.session import Store
from tests.builders_store import NOW

LATER = NOW + timedelta(minutes=5)


def test_a_station_begins_up_and_is_added_once(store: Store) -> None:
    with store.write() as s:
        stations.ensure_stations(s, ["uv-1"], NOW)
        stations.ensure_stations(s, ["uv-1", "press-1"], LATER)
        found = stations.all_stations(s)
    assert list(found) == ["press-1", "uv-1"]
    assert (found["uv-1"].state, found["uv-1"].since, found["uv-1"].setup_state) == (StationState.UP, NOW, None)


def test_a_station_that_goes_down_says_why_and_since_when(store: Store) -> None:
    with store.write() as s:
        stations.ensure_stations(s, ["uv-1"], NOW)
        stations.set_station(s, "uv-1", StationState.DOWN, "lamp", LATER, "Jo")
        stations.set_station(s, "uv-1", StationState.DOWN, "lamp ordered", LATER + timedelta(hours=1))
        row = stations.all_stations(s)["uv-1"]
        assert (row.state, row.reason, row.since) == (StationState.DOWN, "lamp ordered", LATER)
        (told,) = events.events_of(s, ident="uv-1")
        assert (told.before, told.after, told.data) == ("up", "down", {"reason": "lamp", "who": "Jo"})
        with pytest.raises(NotFoundError):
            stations.set_station(s, "nothing", StationState.DOWN, "", NOW)


def test_setup_and_last_report_of_a_station_are_kept(store: Store) -> None:
    with store.write() as s:
        stations.ensure_stations(s, ["uv-1"], NOW)
        stations.set_setup_state(s, "uv-1", "tin-jig")
        stations.touch_reports(s, ["uv-1"], LATER)
        row = stations.all_stations(s)["uv-1"]
    assert (row.setup_state, row.last_report_at) == ("tin-jig", LATER)


def test_a_report_told_twice_is_one_report_counted_again(store: Store) -> None:
    report = StationReport("r-1", "uv-1", "T1", "done", NOW, {"I1": "failed"}, "smeared")
    with store.write() as s:
        reports.record_reports(s, [Judged(report, "applied")], NOW)
        first = reports.find_reports(s, [("uv-1", "r-1")])["uv-1", "r-1"]
        reports.count_replay(s, first)
        again = reports.find_reports(s, [("uv-1", "r-1")])["uv-1", "r-1"]
        assert (first.outcome, first.ticket_id, first.body["items"]) == ("applied", "T1", {"I1": "failed"})
        assert again == replace(first, replays=1)
        assert reports.find_reports(s, [("uv-2", "r-1")]) == {}


def test_reports_are_listed_by_station_and_outcome_the_newest_first(store: Store) -> None:
    with store.write() as s:
        for number, (station, outcome) in enumerate([("uv-1", "rejected"), ("uv-2", "orphan"), ("uv-1", "applied")]):
            report = StationReport(f"r-{number}", station, "T1", "done", NOW)
            reports.record_reports(s, [Judged(report, outcome)], NOW)
        assert [report.report_id for report in reports.list_reports(s)] == ["r-2", "r-1", "r-0"]
        assert [report.report_id for report in reports.list_reports(s, station="uv-1")] == ["r-2", "r-0"]
        assert [report.report_id for report in reports.list_reports(s, outcome="orphan")] == ["r-1"]
