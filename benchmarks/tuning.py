"""
The example of docs/tuning.md played through: UV beds by product and finish, and by product alone.

Writes the pictures of that page and prints its figures. The rules that are tried are the page's own.

    python -m benchmarks.tuning --days 2 --seeds 3 --out docs/tuning
"""

import argparse
import multiprocessing
import re
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path

from batcher.planning import kernel_ready
from batcher.rules.ruleset import RuleSet
from batcher.rules.schema import load_rules
from batcher.simulate import charts
from batcher.simulate.comparison import compare
from batcher.simulate.demand import read_demand
from batcher.simulate.history import History
from batcher.simulate.scenario import Scenario
from batcher.simulate.study import Case, Days, Outcome, run_study
from benchmarks.policy.runs import RULES, SHARED, WEEKS

PAGE = Path("docs/tuning.md")
_LAST_RULE = "  # Everything else is laid out"
_EDGES = tuple(k / 5 for k in range(6))
_NAMES = tuple(f"{20 * k}-{20 * (k + 1)} %" for k in range(5))
_STYLE = """<style>
svg { background: #fff } text { font: 12px system-ui, sans-serif; fill: #222 } .muted { fill: #666 }
.grid { stroke: #9aa4ae; stroke-opacity: 0.45 } .bin { fill: #77aadd } .batch { stroke: #3b444d; stroke-width: 0.5 }
.change { fill: #4d5761 } .texture { stroke: #1b2027; stroke-opacity: 0.34; stroke-width: 1.5; fill: none }
.texture-dot { fill: #1b2027; fill-opacity: 0.34 }
</style>"""


def main() -> int:
    """Play both rules, write the pictures, print the figures."""
    options = _options()
    kernel_ready.ready_at_last()
    catalogue = SHARED / "data" / "catalogue.csv"
    with tempfile.TemporaryDirectory() as directory:
        tried = tried_rules(Path(directory) / "tried", PAGE.read_text())
        cases = [
            Case("in force", load_rules(RULES, catalogue=catalogue), "ours"),
            Case("tried", load_rules(tried, catalogue=catalogue), "ours"),
        ]
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(options.workers, mp_context=context) as executor:
        outcomes = run_study(cases, _days(cases[0].rules, options), executor, with_clairvoyant=False)
    options.out.mkdir(parents=True, exist_ok=True)
    for name, picture in _pictures(outcomes).items():
        styled = picture.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1).replace(">", f">{_STYLE}", 1)
        (options.out / f"{name}.svg").write_text(styled + "\n")
    _tell(outcomes)
    return 0


def tried_rules(directory: Path, page: str) -> Path:
    """Return a copy of the shipped rules with the page's new rule put before the last one."""
    found = re.search(r"^```yaml\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    assert found is not None, "the page shows the rule that it tries"
    shutil.copytree(RULES, directory)
    batching = directory / "batching.yaml"
    before, mark, after = batching.read_text().partition(_LAST_RULE)
    batching.write_text(f"{before}{found[1]}\n{mark}{after}")
    return directory


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--days", type=float, default=2)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--out", type=Path, default=Path("docs/tuning"))
    return parser.parse_args()


def _days(rules: RuleSet, options: argparse.Namespace) -> list[Days]:
    trace = SHARED / "data" / WEEKS[0].trace
    return [
        Days(read_demand([trace], rules.site.zone, seed=seed, days=options.days), replace(Scenario(), seed=seed))
        for seed in range(options.seeds)
    ]


def _pictures(outcomes: Sequence[Outcome]) -> Mapping[str, str]:
    """Return the pictures of the first seed: UV fill and a day under either rules, and what a piece costs."""
    firsts = {outcome.case: outcome for outcome in reversed(outcomes)}
    found = {"cost": charts.parts({case: firsts[case].report.cost_parts_per_item for case in ("in force", "tried")})}
    for case, name in (("in force", "before"), ("tried", "after")):
        uv = _uv_only(firsts[case].history)
        found[f"fill-{name}"] = charts.histogram([bar.fill for bar in uv.bars], _EDGES, _NAMES)
        days = charts.gantts(uv)
        found[f"day-{name}"] = days[sorted(days)[min(1, len(days) - 1)]]
    return found


def _uv_only(history: History) -> History:
    stations = tuple(name for name in history.stations if name.startswith("uv-"))
    return replace(history, stations=stations, bars=tuple(bar for bar in history.bars if bar.station in stations))


def _tell(outcomes: Sequence[Outcome]) -> None:
    for outcome in outcomes:
        report = outcome.report
        uv = {name: station for name, station in report.stations.items() if name.startswith("uv-")}
        print(
            f"{outcome.case} seed {outcome.seed}: {report.cost_per_item:.2f} a piece, "
            f"on time {report.on_time_share:.2%}, "
            + ", ".join(f"{name} {each.batches} batches {each.fill or 0:.0%} full" for name, each in uv.items())
        )
    for difference in compare(outcomes).differences:
        print(f"{difference.figure}: {difference.mean:+.3f} (95 % between {difference.low} and {difference.high})")


if __name__ == "__main__":
    sys.exit(main())
