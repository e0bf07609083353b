"""`batcher simulate`: recorded weeks played through a floor under some rules, in minutes, and what they came to."""

import logging
import multiprocessing
import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import structlog
import typer
from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar

from batcher.cli.exit_codes import ExitCode
from batcher.cli.output import JsonOption, errors, plain, print_json
from batcher.cli.simulated import tell_comparison, tell_report
from batcher.planning import kernel_ready
from batcher.planning.documents import save_json
from batcher.rules.schema import load_rules
from batcher.simulate.comparison import compare as compare_all
from batcher.simulate.demand import read_demand
from batcher.simulate.page import make_page
from batcher.simulate.policies import POLICIES, named_policy
from batcher.simulate.report import SimulationReport
from batcher.simulate.scenario import Scenario
from batcher.simulate.study import Case, Days, Progress, run_study

_NORMAL = Scenario()


def simulate(
    orders: Annotated[list[Path], typer.Option(help="Recorded orders (.jsonl, .jsonl.gz); several are laid over.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Where the report goes, as JSON.")],
    more: Annotated[
        list[Path] | None, typer.Argument(metavar="[DIR]...", help="More directories for --compare, after its first.")
    ] = None,
    html: Annotated[Path | None, typer.Option(help="Where a page with pictures goes; it needs nothing else.")] = None,
    rules: Annotated[Path, typer.Option(help="Rules directory.")] = Path("config/floor"),
    catalogue: Annotated[Path | None, typer.Option(help="Catalogue instead of the directory's own.")] = None,
    compare: Annotated[list[Path] | None, typer.Option(help="Other rules directories, held against the first.")] = None,
    policy: Annotated[
        list[str] | None,
        typer.Option(help=f"What runs the floor: {', '.join(POLICIES)}. Several are held against the first."),
    ] = None,
    days: Annotated[float | None, typer.Option(min=0.01, help="Only the orders of the first so many days.")] = None,
    scale: Annotated[float, typer.Option(min=0.01, max=100, help="How many orders stand for each.")] = 1,
    seed: Annotated[int, typer.Option(help="Of everything that hangs on chance.")] = 0,
    seeds: Annotated[int, typer.Option(min=1, max=100, help="How many seeds, counted from that one.")] = 1,
    workers: Annotated[int | None, typer.Option(min=1, help="Runs at a time. Left out: as many as processors.")] = None,
    clairvoyant: Annotated[
        bool, typer.Option(help="Tell the ratio to the cost of a plan that knew every order beforehand.")
    ] = True,
    fail_rate: Annotated[
        float, typer.Option(min=0, max=1, help="Share of pieces that come out wrong at a step.")
    ] = _NORMAL.fail_rate,
    time_noise: Annotated[
        float, typer.Option(min=0, max=1, help="Standard deviation of running times, as a share of them.")
    ] = _NORMAL.time_noise,
    downs_per_week: Annotated[float, typer.Option(min=0, help="Breakdowns of each station in a week.")] = 0,
    late_operators: Annotated[
        float, typer.Option(min=0, max=1, help="Share of days on which operators come an hour late.")
    ] = 0,
    early_couriers: Annotated[
        float, typer.Option(min=0, max=1, help="Share of days on which couriers come half an hour early.")
    ] = 0,
    json: JsonOption = False,
) -> None:
    """
    Play recorded orders through a floor on a simulated clock, and report what came of it.

    One run gives a report; with several policies, rules or seeds the report compares them, with how sure that is.

    Exit 0 when everything that could be made was made once; 1 when something was lost or made twice; 65 for a trace,
    66 without one, 78 for rules or a policy that cannot be used.

    Example: batcher simulate --orders week.jsonl.gz --rules config/floor --policy slack=90 --out report.json
    """
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    compiled = load_rules(rules, catalogue=catalogue)
    policies = policy or ["ours"]
    for name in policies:
        named_policy(name)
    cases = [Case(name, compiled, name) for name in dict.fromkeys(policies)]
    cases += [
        Case(str(path), load_rules(path, catalogue=catalogue), policies[0])
        for path in (*(compare or ()), *(more or ()))
    ]
    scenario = Scenario(
        seed=seed,
        fail_rate=fail_rate,
        time_noise=time_noise,
        downs_per_week=downs_per_week,
        late_operators=late_operators,
        early_couriers=early_couriers,
    )
    study = [
        Days(
            read_demand(orders, compiled.site.zone, scale=scale, seed=number, days=days),
            replace(scenario, seed=number),
        )
        for number in range(seed, seed + seeds)
    ]
    if kernel_ready.ready() is None:  # or the first plan would take a minute, and nobody knew why
        with errors.status("Compiling the search, once on this machine"):
            kernel_ready.ready_at_last()
    with _executor(workers) as executor, _progress(_title(study, cases)) as told:
        outcomes = run_study(cases, study, executor, with_clairvoyant=clairvoyant, progress=told)
    report = outcomes[0].report if len(outcomes) == 1 else compare_all(outcomes)
    save_json(out, plain(report))
    if html is not None:
        html.write_text(make_page(outcomes), encoding="utf-8")
    if json:
        print_json(report)
    elif isinstance(report, SimulationReport):
        tell_report(report)
    else:
        tell_comparison(report)
    if not report.sound:
        raise typer.Exit(ExitCode.FAILED)


def _title(study: list[Days], cases: list[Case]) -> str:
    runs = len(study) * len(cases)
    return f"{len(study[0].arrivals)} orders, {runs} runs" if runs > 1 else f"{len(study[0].arrivals)} orders"


def _executor(workers: int | None) -> ProcessPoolExecutor:
    """Return processes that begin afresh: a fork would take the threads of the compiled search with it."""
    return ProcessPoolExecutor(workers or os.cpu_count(), mp_context=multiprocessing.get_context("spawn"))


@contextmanager
def _progress(title: str) -> Iterator[Progress]:
    """Show on the terminal how much of the work is done."""
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"))
    with Bar(*columns, TimeElapsedColumn(), console=errors, transient=True) as bar:
        task = bar.add_task(title, total=1.0)
        yield lambda share: bar.update(task, completed=share)
