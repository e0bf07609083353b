"""Release bounds as files give them: for all, a batch rule, a process, a product and a service, in that order."""

from pathlib import Path

from batcher.rules.bounds import BelowMinimum
from batcher.rules.facts import sku_facts
from batcher.rules.schema import load_rules
from tests.builders_rules import SMALL_FLOOR, rules_directory, told, warned

FLOOR = (SMALL_FLOOR / "floor.yaml").read_text(encoding="utf-8")
_BY_OWNER = (
    ("  paper-print: {}", "  paper-print: {release: {target_fill: 80 %, max_wait: 30 h, slack_floor: 1 h}}"),
    ("  mug:\n", "  mug:\n    release: {max_wait: 20 h, slack_floor: 30 min}\n"),
    ("  economy:\n", "  economy:\n    release: {slack_floor: 20 min, fill_up_window: 2 d}\n"),
)


def _floor(*changes: tuple[str, str]) -> str:
    text = FLOOR
    for before, after in changes:
        assert before in text
        text = text.replace(before, after)
    return text


def test_each_owner_changes_single_values_and_the_last_wins(tmp_path: Path) -> None:
    rules = load_rules(rules_directory(tmp_path, floor=_floor(*_BY_OWNER)))
    printing = sku_facts(rules, "MUG-1", 1, service="economy", tier="standard")
    rule = rules.match(printing)
    assert rule is not None
    bounds = rules.bounds(rule, printing)
    assert (bounds.slack_floor_s, bounds.fill_up_window_s) == (20 * 60, 2 * 86_400)  # the service's
    assert bounds.max_wait_s == 20 * 3600  # the product's
    assert bounds.target_fill == 0.8  # the process's
    assert (bounds.min_fill, bounds.below_minimum) == (0.5, BelowMinimum.HOLD)  # the batch rule's

    pressing = sku_facts(rules, "MUG-1", 2, service="next-day", tier="standard")
    rest = rules.match(pressing)
    assert rest is not None
    assert rules.bounds(rest, pressing).slack_floor_s == 30 * 60  # neither service nor process says more
    assert rest.release.slack_floor_s == 90 * 60


def test_a_minimum_above_the_target_is_a_fault_whoever_gives_the_two(tmp_path: Path) -> None:
    low = ("  paper-print: {}", "  paper-print: {release: {target_fill: 40 %}}")
    assert told(rules_directory(tmp_path, floor=_floor(low))) == [
        "batching.yaml:6:14: rule 'sheets': min_fill 50% is more than target_fill 40% "
        "(mug at paper-print, service next-day)"
    ]


def test_a_minimum_has_an_effect_when_somebody_gives_a_closing_time(tmp_path: Path) -> None:
    batching = "batch_rules:\n  - id: all\n    release: {min_fill: 50 %}\n"
    without = rules_directory(tmp_path / "without", batching=batching)
    assert [warning.partition(": ")[2] for warning in warned(without)] == [
        "rule 'all': min_fill 50% has no effect without close_at"
    ]
    closing = ("  next-day:\n", '  next-day:\n    release: {close_at: [{at: "16:00"}]}\n')
    assert warned(rules_directory(tmp_path / "with", batching=batching, floor=_floor(closing))) == []
