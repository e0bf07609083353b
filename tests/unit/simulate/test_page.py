"""The page with pictures: well-formed, whole, and safe with any name."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import cache
from xml.etree import ElementTree

from batcher.simulate.page import make_page
from batcher.simulate.scenario import Scenario
from batcher.simulate.study import Case, Days, Outcome, run_study
from tests.builders_simulate import a_few_orders, shipped_rules

ODD_NAME = "<b>&rules\x07"


@cache
def outcomes() -> tuple[Outcome, ...]:
    cases = [Case("slack", shipped_rules(), "slack"), Case(ODD_NAME, shipped_rules(), "edd")]
    with ThreadPoolExecutor(1) as executor:
        return tuple(run_study(cases, [Days(a_few_orders(8), Scenario(fail_rate=0.2))], executor))


def tree() -> ElementTree.Element:
    markup = make_page(outcomes()).removeprefix("<!doctype html>\n").replace('<meta charset="utf-8">', "")
    return ElementTree.fromstring(markup.replace('<meta name="viewport" content="width=device-width">', ""))


def test_the_page_is_well_formed_and_names_are_text() -> None:
    headings = ["".join(heading.itertext()) for heading in tree().iter("h2")]
    assert "<b>&rules\ufffd, seed 0" in headings
    assert "slack, seed 0" in headings


def test_it_loads_nothing_from_elsewhere() -> None:
    page = make_page(outcomes())
    assert "<script" not in page
    assert "http" not in page


def test_every_batch_is_a_bar_on_a_day_and_counts_once_in_its_fill() -> None:
    for outcome in outcomes():
        assert len(outcome.history.bars) == outcome.report.batches
    bars = [part for part in tree().iter("rect") if part.get("class") == "batch"]
    assert len(bars) >= sum(outcome.report.batches for outcome in outcomes())


def test_all_orders_come_and_go_and_slack_is_told_of_each() -> None:
    for outcome in outcomes():
        assert outcome.history.waiting[-1][1] == 0
        assert max(count for _, count in outcome.history.waiting) <= 8
        assert len(outcome.history.slack_h) == outcome.report.complete
        assert min(outcome.history.slack_h) * 3600 <= outcome.report.slack_s["p50"]


def test_bars_begin_with_their_changeover_and_end_after_it() -> None:
    for outcome in outcomes():
        for bar in outcome.history.bars:
            assert bar.loaded_at <= bar.running_at < bar.ended_at
            assert bar.ended_at - bar.running_at < timedelta(hours=2)
