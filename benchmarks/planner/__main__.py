"""
The planner beside its peers on every problem set, in one go: a table (Markdown and JSON) and plots.

    python -m benchmarks.planner [--sets osp-uc3,osp-uc2,chiang,floor,large] [--per-size 3] [--seconds-scale 0.2]
    python -m benchmarks.planner --files PROBLEM.json ... --seconds 30

Each run is appended to runs.jsonl as it ends; after an interruption `--resume` does only what is missing.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.planner import records as kept
from benchmarks.planner.markdown import as_markdown
from benchmarks.planner.one import METHODS
from benchmarks.planner.records import Record
from benchmarks.planner.referee import load_referee
from benchmarks.planner.runs import Setting, run
from benchmarks.planner.sets import SETS, Case, cases, of_files
from benchmarks.planner.table import as_json, yardsticks


def main() -> int:
    """Run what the command line names; exit 1 when the referee rejects a plan or a bound was wrong."""
    options = _options()
    options.out.mkdir(parents=True, exist_ok=True)
    setting = Setting(options.seconds_scale, options.workers, options.seed, _commit())
    chosen = of_files(options.files, options.seconds) if options.files else cases(
        options.sets, sizes=options.sizes, per_size=options.per_size, seed=options.seed, made=options.out / "problems"
    )  # fmt: skip
    lines = options.out / "runs.jsonl"
    if lines.exists() and not options.resume:
        lines.replace(lines.with_suffix(".before.jsonl"))
    if "ours" in options.methods:
        _compile()
    planned = [(case, method) for case in chosen for method in options.methods]
    try:
        _run_all(planned, setting, lines)
    except KeyboardInterrupt:
        print("interrupted: --resume goes on from here", file=sys.stderr)
    keys = {setting.key(case, method) for case, method in planned}
    told = [record for record in kept.read(lines) if record.key in keys]
    return _report(options.out, setting, chosen, told, plots=options.plots)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    named = [*SETS, "large"]
    parser.add_argument("--sets", type=_words(named), default=named, help=", ".join(named))
    parser.add_argument("--sizes", type=lambda text: frozenset(map(int, text.split(","))), help="only these sizes")
    parser.add_argument("--per-size", type=int, help="at most so many problems of a size")
    parser.add_argument("--methods", type=_words(list(METHODS)), default=list(METHODS), help=", ".join(METHODS))
    parser.add_argument("--files", type=Path, nargs="+", help="problem files of your own, in place of sets")
    parser.add_argument("--seconds", type=float, help="for --files (30)")
    parser.add_argument("--seconds-scale", type=float, default=1.0, help="share of each set's seconds")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0, help="of every search and of made problems")
    parser.add_argument("--out", type=Path, default=Path("build/planner"))
    parser.add_argument("--resume", action="store_true", help="keep the runs there are, do only what is missing")
    parser.add_argument("--no-plots", dest="plots", action="store_false")
    return parser.parse_args()


def _words(known: list[str]) -> Any:
    def split(text: str) -> list[str]:
        found = text.split(",")
        if unknown := set(found) - set(known):
            raise argparse.ArgumentTypeError(f"no {', '.join(sorted(unknown))}; there are {', '.join(known)}")
        return found

    return split


def _compile() -> None:
    """Have the search compiled, as it is on any machine that has planned before."""
    subprocess.run([sys.executable, "-m", "batcher.planning.kernel_build"], check=False)


def _run_all(planned: list[tuple[Case, str]], setting: Setting, lines: Path) -> None:
    """Run what has not been run; methods take turns, so that whatever else the machine does meets all of them."""
    referee = load_referee()
    done = {record.key for record in kept.read(lines)}
    missing = [(case, method) for case, method in planned if setting.key(case, method) not in done]
    for number, (case, method) in enumerate(missing, 1):
        began = time.monotonic()
        record = run(case, method, setting, referee)
        kept.append(lines, record)
        print(f"[{number}/{len(missing)}] {_line(case, record)} ({time.monotonic() - began:.0f} s)", flush=True)


def _line(case: Case, record: Record) -> str:
    best = yardsticks([case], [record]).get(case.name)
    cost = "no plan" if record.cost is None else f"cost {record.cost:,.0f}"
    ratio = "" if record.cost is None or not best else f", {record.cost / best:.4f} of {best:,.0f}"
    gap = "" if record.gap is None else ", proven" if record.proven else f", gap {100 * record.gap:.1f} %"
    verdict = "" if record.verdict == "accepted" else f", {record.verdict}"
    return f"{case.name} {record.method}: {cost}{ratio}{gap}{verdict}{', ' * bool(record.note)}{record.note}"


def _commit() -> str:
    told = subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True, text=True, check=False)
    return told.stdout.strip() or "unknown"


def _about(setting: Setting, told: list[Record]) -> dict[str, Any]:
    loads = [record.load for record in told]
    return {
        "measured": f"{datetime.now(UTC):%Y-%m-%d}",
        "commit": ", ".join(dict.fromkeys(record.commit for record in told)) or "none",
        "cores": os.cpu_count(),
        "load while measuring": f"{min(loads):g} to {max(loads):g}" if loads else "none",
        "machine": platform.machine(),
        "python": platform.python_version(),
        "ortools": version("ortools"),
        "workers": setting.workers,
        "seed": setting.seed,
        "time scale": setting.seconds_scale,
    }


def _report(out: Path, setting: Setting, chosen: list[Case], told: list[Record], *, plots: bool) -> int:
    """Write table and plots; return the exit code."""
    about = _about(setting, told)
    document = as_json(about, chosen, told)
    (out / "planner.json").write_text(json.dumps(document, indent=1) + "\n")
    (out / "planner.md").write_text(as_markdown(about, chosen, told))
    if plots:
        from benchmarks.planner.plots import draw  # a development dependency that tables do without

        draw(out, chosen, told)
    print(f"written: {out / 'planner.md'}, planner.json{', plots' * plots}")
    rejected = any(record.verdict == "rejected" for record in told)
    return 1 if rejected or document["broken_bounds"] else 0


if __name__ == "__main__":
    sys.exit(main())
