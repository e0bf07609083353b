"""Commands that ask the rules about the work on a real floor."""

import json
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from batcher.cli.exit_codes import ExitCode
from batcher.cli.main import app
from batcher.errors import NotFoundError
from batcher.services.context import Floor
from batcher.services.cycle import plan_cycle
from batcher.store import batches
from tests.builders_api import NOW, RULES, opened_floor, send_ticket
from tests.builders_floor import order_document, run_through, take


@pytest.fixture
def floor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Floor]:
    """Open a floor that the commands read beside us, as they do beside a daemon."""
    rules = tmp_path / "rules"
    shutil.copytree(RULES, rules)
    monkeypatch.setenv("BATCHER_STATE_DIR", str(tmp_path))
    monkeypatch.setenv("BATCHER_RULES", str(rules))
    with opened_floor(tmp_path) as opened:
        yield opened


def _run(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def _change(rules: Path, name: str, before: str, after: str) -> None:
    text = (rules / name).read_text(encoding="utf-8")
    assert before in text
    (rules / name).write_text(text.replace(before, after), encoding="utf-8")


def test_an_order_is_matched_piece_by_piece_and_step_by_step(floor: Floor) -> None:
    take(floor, order_document("MUG-CER-WHITE-01", quantity=2, order_id="S-MUGS"))

    result = _run("rules", "match", "S-MUGS")

    lines = result.stdout.splitlines()
    assert result.exit_code == 0
    assert lines[0] == "order S-MUGS (shop): waiting, next-day"
    assert lines[1].startswith("MUG-CER-WHITE-01: ")
    assert lines[1].count(", ") == 1  # both pieces, told once
    assert lines[2:] == [
        "step 1: sublimation-print in sublimation-sheet -> sublimation-sheets",
        "  + sublimation-sheets: takes it: anything on the same fixture",
        "step 2: mug-press in mug-rack -> same-product-and-finish",
        "  - sublimation-sheets: process is mug-press, the rule wants sublimation-print",
        "  - dtf-film: process is mug-press, the rule wants dtf-print",
        "  - cards: product is mug, the rule wants card",
        "  + same-product-and-finish: takes it: same product, finish",
        "  family: product mug, finish white",
    ]


def test_an_order_is_found_by_our_key_and_told_as_json(floor: Floor) -> None:
    (key,) = take(floor, order_document("MUG-CER-WHITE-01", order_id="S-MUG"))

    document = json.loads(_run("rules", "match", key, "--json").stdout)

    assert (document["order_id"], document["key"], document["state"]) == ("S-MUG", key, "waiting")
    assert [[step["rule"] for step in item["steps"]] for item in document["items"]] == [
        ["sublimation-sheets", "same-product-and-finish"]
    ]


def test_an_order_is_matched_by_its_own_facts_and_under_other_rules(floor: Floor, tmp_path: Path) -> None:
    take(floor, order_document(order_id="S-GOLD", tier="gold"))
    other = tmp_path / "other"
    shutil.copytree(RULES, other)
    _change(other, "batching.yaml", "batch_rules:\n", "batch_rules:\n  - {id: gold, where: {tier: gold}}\n")

    assert "-> same-product-and-finish" in _run("rules", "match", "S-GOLD").stdout
    assert "-> gold" in _run("rules", "match", "S-GOLD", "--rules", str(other)).stdout


def test_a_piece_that_failed_is_matched_as_its_remake(floor: Floor) -> None:
    take(floor, order_document(order_id="S-FAILS"))
    before = _items("S-FAILS")
    ticket_id = send_ticket(floor, "uv-1", "uv-print")
    with floor.store.read() as session:
        ticket = batches.get_ticket(session, ticket_id)
    run_through(floor, ticket, items=dict.fromkeys(before, "failed"))

    assert len(_items("S-FAILS")) == 1
    assert not before & _items("S-FAILS")


def _items(order: str) -> set[str]:
    document = json.loads(_run("rules", "match", order, "--json").stdout)
    return {item["item_id"] for item in document["items"]}


def test_a_held_order_without_pieces_tells_why(floor: Floor) -> None:
    take(floor, order_document("LAMP-1", order_id="S-LAMP"))

    assert "no SKU LAMP-1 in the catalogue" in _run("rules", "match", "S-LAMP").stdout


def test_what_is_no_order_is_a_sku(floor: Floor) -> None:
    assert _run("rules", "match", "MUG-CER-WHITE-01").stdout.startswith("step 1: sublimation-print")
    missing = _run("rules", "match", "NOTHING-LIKE-IT").exception
    assert isinstance(missing, NotFoundError)
    assert str(missing) == "no order or SKU NOTHING-LIKE-IT"


def test_rules_that_leave_all_work_makeable_pass_against_the_queue(floor: Floor, tmp_path: Path) -> None:
    take(floor, order_document(quantity=2))

    result = _run("check", str(tmp_path / "rules"), "--against-queue")

    assert result.exit_code == ExitCode.OK, result.output
    assert result.stdout.splitlines()[-1] == "queue: 2 jobs in 1 batches, 0 orders late"


@pytest.mark.parametrize("planned", [False, True], ids=["before the first plan", "with a plan in force"])
def test_rules_that_strand_waiting_work_end_with_78_and_name_it(floor: Floor, tmp_path: Path, *, planned: bool) -> None:
    take(floor, order_document(order_id="S-TIN"))
    if planned:
        plan_cycle(floor)
    before = floor.rules.current.hash
    _forget_tins(tmp_path / "rules")  # where a daemon would read them

    result = _run("check", "--against-queue")

    assert result.exit_code == ExitCode.CONFIG, result.output
    assert "the live queue: 1 waiting job could not be made under these rules" in result.stderr
    assert "the rules no longer say how a tin is made" in result.stderr
    assert result.stderr.splitlines()[-1] == "refused: a reload would keep the rules in force"
    assert floor.rules.current.hash == before


def test_what_is_stranded_is_told_as_json(floor: Floor, tmp_path: Path) -> None:
    take(floor, order_document(order_id="S-TIN"))
    other = tmp_path / "other"
    shutil.copytree(RULES, other)
    _forget_tins(other)

    result = _run("check", str(other), "--against-queue", "--json")

    document = json.loads(result.stdout)
    assert result.exit_code == ExitCode.CONFIG
    assert document["ok"] is False
    assert [fault["code"] for fault in document["queue"]["stranded"]] == ["strands_work", "strands_work"]


def test_without_the_option_no_queue_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BATCHER_STATE_DIR", str(tmp_path / "nothing"))

    document = json.loads(_run("check", str(RULES), "--json").stdout)

    assert (document["ok"], document["queue"]) == (True, None)


def _forget_tins(rules: Path) -> None:
    """Take tins out of the rules, and their SKUs out of the catalogue."""
    _change(rules, "products.yaml", "  tin:\n    route: [{fixture: tin-jig}]\n", "")
    _change(
        rules, "products.yaml", "  tin-jig: {process: uv-print, capacity: 15, fixed: 400 s, unattended: true}\n", ""
    )
    catalogue = rules / "catalogue.csv"
    lines = catalogue.read_text(encoding="utf-8").splitlines(keepends=True)
    catalogue.write_text("".join(line for line in lines if ",tin," not in line), encoding="utf-8")


def test_a_diff_tells_what_other_rules_would_release_now_and_releases_nothing(
    floor: Floor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BATCHER_CLOCK", f"{NOW.isoformat()}@{datetime.now(UTC).isoformat()}")
    take(floor, order_document())
    shutil.copytree(RULES, tmp_path / "tried")
    _change(tmp_path / "tried", "release.yaml", "target_fill: 100 %", "target_fill: 1 %")

    same = _run("rules", "diff", str(RULES), "--json")
    other = _run("rules", "diff", str(tmp_path / "tried"), "--json")

    assert json.loads(same.stdout)["only_shadow"] == []
    (start,) = json.loads(other.stdout)["only_shadow"]
    assert (start["reason"], len(start["jobs"])) == ("full", 1)
    with floor.store.read() as session:
        assert batches.batches(session) == []


def test_a_load_list_is_told_beside_the_daemon(floor: Floor) -> None:
    take(floor, order_document())
    plan_cycle(floor)
    assert _run("load-list").exit_code == ExitCode.OK
    told = json.loads(_run("load-list", "--station", "uv-1", "--json").stdout)
    assert [night["station"] for night in told] == ["uv-1"]
