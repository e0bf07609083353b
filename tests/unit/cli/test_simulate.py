import json
import shutil
import subprocess
import sys
from pathlib import Path

from tests.builders_api import RULES
from tests.builders_simulate import a_few_orders


def batcher(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "batcher.cli", "simulate", *map(str, arguments), "--rules", str(RULES)]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)


def a_trace(path: Path) -> Path:
    path.write_text("".join(json.dumps(arrival.document) + "\n" for arrival in a_few_orders(6)))
    return path


def test_a_trace_becomes_a_report(tmp_path: Path) -> None:
    out = tmp_path / "report.json"
    done = batcher("--orders", a_trace(tmp_path / "week.jsonl"), "--policy", "edd", "--out", out, "--json")
    assert done.returncode == 0, done.stderr
    report = json.loads(out.read_text())
    assert report == json.loads(done.stdout)
    assert (report["orders"], report["complete"], report["policy"]) == (6, 6, "edd")


def test_people_are_told_what_it_cost_and_what_was_late(tmp_path: Path) -> None:
    done = batcher("--orders", a_trace(tmp_path / "week.jsonl"), "--policy", "slack", "--out", tmp_path / "r.json")
    assert done.returncode == 0, done.stderr
    assert "On time: 100.00%" in done.stdout
    assert "Cost per item" in done.stdout


def test_no_trace_no_policy_and_no_orders_are_told_apart(tmp_path: Path) -> None:
    trace, out = a_trace(tmp_path / "week.jsonl"), tmp_path / "r.json"
    (tmp_path / "empty.jsonl").touch()
    assert batcher("--orders", tmp_path / "none.jsonl", "--out", out).returncode == 66
    assert batcher("--orders", tmp_path / "empty.jsonl", "--out", out).returncode == 65
    assert batcher("--orders", trace, "--policy", "theirs", "--out", out).returncode == 78
    assert not out.exists()


def test_several_policies_rules_and_seeds_become_a_comparison(tmp_path: Path) -> None:
    out, page = tmp_path / "report.json", tmp_path / "report.html"
    trace = a_trace(tmp_path / "week.jsonl")
    others = [str(shutil.copytree(RULES, tmp_path / name)) for name in ("a", "b")]
    chosen = ("--policy", "slack", "--policy", "edd", "--seeds", "2", "--no-clairvoyant", "--workers", "1")
    done = batcher("--orders", trace, *chosen, "--compare", *others, "--out", out, "--html", page)
    assert done.returncode == 0, done.stderr
    report = json.loads(out.read_text())
    cases = ["slack", "edd", *others]
    assert (report["cases"], report["seeds"]) == (cases, [0, 1])
    assert [(run["case"], run["seed"]) for run in report["runs"]] == [(case, seed) for case in cases for seed in (0, 1)]
    assert "more than chance" in done.stdout
    assert page.read_text().count("<h3>Orders waiting</h3>") == len(cases)
