"""`batcher simulate`: recorded weeks played through a floor under some rules, in minutes, and what they came to."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import structlog
import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from batcher.cli.exit_codes import ExitCode
from batcher.cli.output import JsonOption, errors, plain, print_json, tell
from batcher.planning import kernel_ready
from batcher.planning.documents import save_json
from batcher.rules.schema import load_rules
from batcher.simulate.demand import read_demand
from batcher.simulate.policies import POLICIES
from batcher.simulate.report import SimulationReport
from batcher.simulate.run import Progress as Told
from batcher.simulate.scenario import Scenario
from batcher.simulate.simulation import simulate as run

_NORMAL = Scenario()


def simulate(
    orders: Annotated[list[Path], typer.Option(help="Recorded orders (.jsonl, .jsonl.gz); several are laid over.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Where the report goes, as JSON.")],
    rules: Annotated[Path, typer.Option(help="Rules directory.")] = Path("config/floor"),
    catalogue: Annotated[Path | None, typer.Option(help="Catalogue instead of the directory's own.")] = None,
    policy: Annotated[str, typer.Option(help=f"What runs the floor: {', '.join(POLICIES)}.")] = "ours",
    scale: Annotated[float, typer.Option(min=0.01, max=100, help="How many orders stand for each.")] = 1,
    seed: Annotated[int, typer.Option(help="Of everything that hangs on chance.")] = 0,
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

    Exit 0 when everything that could be made was made once; 1 when something was lost or made twice; 65 for a trace,
    66 without one, 78 for rules or a policy that cannot be used.

    Example: batcher simulate --orders week.jsonl.gz --rules config/floor --policy slack=90 --out report.json
    """
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    compiled = load_rules(rules, catalogue=catalogue)
    arrivals = read_demand(orders, compiled.site.zone, scale=scale, seed=seed)
    scenario = Scenario(
        seed=seed,
        fail_rate=fail_rate,
        time_noise=time_noise,
        downs_per_week=downs_per_week,
        late_operators=late_operators,
        early_couriers=early_couriers,
    )
    if kernel_ready.ready() is None:  # or the first plan would take a minute, and nobody knew why
        with errors.status("Compiling the search, once on this machine"):
            kernel_ready.ready_at_last()
    with _progress(f"{len(arrivals)} orders, {policy}") as told:
        report = run(compiled, arrivals, scenario, policy=policy, progress=told)
    save_json(out, plain(report))
    if json:
        print_json(report)
    else:
        _tell(report)
    if not report.sound:
        raise typer.Exit(ExitCode.FAILED)


@contextmanager
def _progress(title: str) -> Iterator[Told]:
    """Show on the terminal how far the orders have come in."""
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"))
    with Progress(*columns, TimeElapsedColumn(), console=errors, transient=True) as bar:
        task = bar.add_task(title, total=1.0)
        yield lambda share: bar.update(task, completed=share)


def _tell(report: SimulationReport) -> None:
    services = ", ".join(f"{name} {share:.1%}" for name, share in report.on_time_share_by_service.items())
    parts = " + ".join(f"{money:.1f} {part}" for part, money in report.cost_parts_per_item.items())
    reasons = ", ".join(f"{reason} {count}" for reason, count in report.released_because.items())
    fill = "" if report.fill is None else f", {report.fill:.0%} full on average"
    tell(f"On time: {report.on_time_share:.2%} ({report.late} of {report.orders - report.held} late): {services}")
    tell(f"Cost per item: {report.cost_per_item:.1f} = {parts}")
    tell(f"Pieces: {report.items} made, {report.remakes} remade; orders held: {report.held}")
    tell(f"Batches: {report.batches}, {report.batches_unattended} unattended{fill}; begun because: {reasons}")
    for name, jobs in report.unsound.items():
        if jobs:
            tell(f"Unsound, {name.replace('_', ' ')}: {len(jobs)} jobs, such as {jobs[0]}")
    tell(f"Took {report.wall_seconds:.0f} s, {report.planning_seconds:.0f} s of it for {report.plans} plans")
