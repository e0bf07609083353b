"""`batcher solve`: plan a problem from a file, with no daemon and no database."""

import math
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.status import Status

from batcher.cli.exit_codes import ExitCode
from batcher.cli.interrupts import wish_to_end
from batcher.cli.output import JsonOption, errors, print_json, tell
from batcher.planning.documents import load_json, read_plan, read_problem, save_json, write_plan
from batcher.planning.draw import BATCH, pictures
from batcher.planning.plan import Plan, PlanResult, Verdict
from batcher.planning.problem import Problem
from batcher.planning.solve import solve as search
from batcher.planning.stability import batches_kept, remaining
from batcher.planning.verify import judge
from batcher.planning.warm import warm_start

#: However short the budget, so long may new jobs take to find a place in the plan to start from.
_LEAST_CARRYING_S = 1.0


def solve(
    problem: Annotated[Path, typer.Argument(help="A batcher-problem/1 document, gzipped when it ends in .gz.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Where the plan goes (batcher-plan/1).")],
    seconds: Annotated[float, typer.Option(min=0, help="Wall time to spend; a plan comes out whatever it is.")] = 30,
    workers: Annotated[int, typer.Option(min=1, help="Processes that search at the same time.")] = 2,
    seed: Annotated[int, typer.Option(help="Seed of every random choice.")] = 0,
    moves: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Stop each process after so many moves of local search instead of by --seconds: with --workers 1 the "
            "same plan every time on one machine.",
        ),
    ] = None,
    start: Annotated[
        Path | None,
        typer.Option(help="A plan to improve on and stay near to: of this problem, or of its queue at another moment."),
    ] = None,
    draw: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="A directory for pictures: plan.svg of the whole plan, batch-ID.svg of each batch. Made when it is "
            "not there; pictures of batches that it holds already are replaced.",
        ),
    ] = None,
    json: JsonOption = False,
) -> None:
    """
    Plan a problem, and tell how far the plan can be from the best.

    Exit 0 with a plan that keeps every rule; 65 with every fault of a document and where it stands; 66 without a file.
    Ctrl-C and SIGTERM end the search: the best plan so far is written, and the exit code is 130.

    With --seconds 0 and --start, a plan that is there already is judged and drawn, unless a quick one is cheaper.

    Example: batcher solve problem.json --out plan.json --seconds 10 --draw pictures
    """
    began = time.monotonic()
    if draw is not None:
        draw.mkdir(parents=True, exist_ok=True)  # before the search: what cannot be written is told at once
    document = read_problem(load_json(problem))
    given = None if start is None else read_plan(load_json(start))
    with wish_to_end() as stop, errors.status(f"Planning {len(document.jobs)} jobs") as status:
        first = None if given is None else _carried_over(document, given, seconds if moves is None else math.inf)
        result = search(
            document,
            budget_s=seconds - (time.monotonic() - began),
            workers=workers,
            seed=seed,
            moves=moves,
            start=first,
            stop=stop,
            on_progress=_Watch(status),
        )
        stopped = stop.poll()
    save_json(out, write_plan(result.plan))
    if draw is not None:
        _draw(draw, document, result)
    kept = None if given is None else batches_kept(remaining(given.batches, _waiting(document)), result.plan)
    if json:
        print_json({**_summary(result), "batches_kept": kept})
    else:
        tell(_line(result) + ("" if kept is None else f"; {kept:.0%} of the start's batches kept"))
    if stopped:
        raise typer.Exit(ExitCode.INTERRUPTED)


def _carried_over(problem: Problem, start: Plan, seconds: float) -> Plan:
    """Return a start as it is where it keeps every rule, else what of it holds for this problem."""
    if judge(problem, start).feasible:
        return start
    last = remaining(start.batches, _waiting(problem))
    return warm_start(problem, last, budget_s=max(_LEAST_CARRYING_S, 0.1 * seconds))


def _waiting(problem: Problem) -> set[str]:
    return {job.id for job in problem.jobs}


def _draw(directory: Path, problem: Problem, result: PlanResult) -> None:
    """Write every picture of a plan, and remove those of batches that an earlier plan had."""
    for old in directory.glob(f"{BATCH}*.svg"):
        old.unlink()
    for name, picture in pictures(problem, result.plan, result.verdict):
        (directory / name).write_text(picture, encoding="utf-8")


class _Watch:
    """Shows every better plan on the terminal as it is found."""

    def __init__(self, status: Status) -> None:
        self.status, self.began = status, time.monotonic()

    def __call__(self, verdict: Verdict, bound: float) -> None:
        """Show a plan's cost beside what none can be under."""
        seconds = time.monotonic() - self.began
        self.status.update(f"Planning: cost {verdict.cost:,.0f}, bound {bound:,.0f} after {seconds:.1f} s")


def _summary(result: PlanResult) -> dict[str, object]:
    verdict = result.verdict
    return {
        "status": result.plan.status.value,
        "cost": verdict.cost,
        "breakdown": verdict.breakdown,
        "bound": result.plan.bound,
        "gap": result.gap,
        "greedy_cost": result.greedy_cost,
        "batches": verdict.batches,
        "jobs": verdict.jobs,
        "unplanned": verdict.unplanned,
        "orders": verdict.orders,
        "late_orders": verdict.late_orders,
        "seconds": round(result.seconds, 3),
        "note": result.note,
    }


def _line(result: PlanResult) -> str:
    verdict = result.verdict
    parts = ", ".join(f"{part} {money:,.0f}" for part, money in verdict.breakdown.items())
    gap = "" if result.gap is None else f", bound {result.plan.bound:,.0f} (gap {100 * result.gap:.1f} %)"
    note = f" ({result.note})" if result.note else ""
    return (
        f"{result.plan.status.value}: cost {verdict.cost:,.0f} ({parts}){gap}; {verdict.batches} batches, "
        f"{verdict.late_orders} of {verdict.orders} orders late, {verdict.unplanned} jobs unplanned, "
        f"{result.seconds:.1f} s{note}"
    )
