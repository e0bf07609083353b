"""
The release policy beside the others on recorded weeks: a table (Markdown and JSON) in build/policy.

    python -m benchmarks.policy [--weeks quiet,peak,peak-x2] [--seeds 3] [--days 2] [--workers 2] [--resume]

First the knobs of the others are tuned on the quiet week, then every week is run under every seed, and last ours with
one part after the other left out. Each run is appended to runs.jsonl as it ends; after an interruption, or to go on
another day, `--resume` does only what is missing. `--policies ours clairvoyant` runs only these.
"""

import argparse
import json
import multiprocessing
import subprocess
import sys
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

from batcher.planning import kernel_ready
from benchmarks.policy.cases import compared, tuned, tuning
from benchmarks.policy.runs import WEEKS, Record, Run, append, missing, perform, read
from benchmarks.policy.table import as_json, as_markdown


def main() -> int:
    """Run what the command line names, and write what it has come to so far."""
    options = _options()
    options.out.mkdir(parents=True, exist_ok=True)
    lines = options.out / "runs.jsonl"
    if lines.exists() and not options.resume:
        lines.replace(lines.with_suffix(".before.jsonl"))
    kernel_ready.ready_at_last()
    try:
        _run_all(_chosen(tuning(options.days), options.policies), lines, options.workers)
        others = tuned(read(lines), options.days).values()
        wanted = compared(options.weeks, options.seeds, others, options.days)
        _run_all(_chosen(wanted, options.policies), lines, options.workers)
    except KeyboardInterrupt:
        print("interrupted: --resume goes on from here", file=sys.stderr)
    _report(options.out, [record for record in read(lines) if record.run.days == options.days], options.days)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = [week.name for week in WEEKS]
    parser.add_argument("--weeks", type=lambda text: text.split(","), default=names, help=", ".join(names))
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--days", type=float, help="only the orders of so many days of each week")
    parser.add_argument("--policies", nargs="+", help="only these, as `simulate` names them")
    parser.add_argument("--workers", type=int, default=2, help="runs at a time")
    parser.add_argument("--out", type=Path, default=Path("build/policy"))
    parser.add_argument("--resume", action="store_true", help="keep the runs there are, do only what is missing")
    return parser.parse_args()


def _chosen(wanted: Iterable[Run], policies: list[str] | None) -> list[Run]:
    return [run for run in wanted if policies is None or run.policy in policies]


def _run_all(wanted: list[Run], lines: Path, workers: int) -> None:
    """Run what has not been run; what is under way when this is interrupted is lost."""
    todo, commit = missing(wanted, read(lines)), _commit()
    context = multiprocessing.get_context("spawn")  # a fork would take the threads of the compiled search with it
    with ProcessPoolExecutor(workers, mp_context=context, max_tasks_per_child=1) as executor:
        futures = {executor.submit(perform, run, commit): run for run in todo}
        try:
            for number, future in enumerate(as_completed(futures), 1):
                record = future.result()
                append(lines, record)
                print(f"[{number}/{len(todo)}] {_line(record)}", flush=True)
        except BaseException:
            executor.shutdown(wait=False, cancel_futures=True)
            raise


def _line(record: Record) -> str:
    run, report = record.run, record.report
    on_time = f", {report['on_time_share']:.2%} on time" if "on_time_share" in report else ""
    seconds = f", {report['wall_seconds']:.0f} s" if "wall_seconds" in report else ""
    return f"{run.week} {run.policy} seed {run.seed}: {record.cost:.2f} p{on_time}{seconds}"


def _commit() -> str:
    told = subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True, text=True, check=False)
    return told.stdout.strip() or "unknown"


def _report(out: Path, records: list[Record], days: float | None) -> None:
    knobs = tuned(records, days)
    (out / "policy.json").write_text(json.dumps(as_json(records, knobs), indent=1) + "\n")
    page = as_markdown(records, knobs)
    (out / "policy.md").write_text(page)
    print(page)


if __name__ == "__main__":
    sys.exit(main())
