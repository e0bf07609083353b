"""The table: every method on every set and size beside what is published and what is to be reached."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from statistics import fmean
from typing import Any

from benchmarks.planner.goals import Figures, goal_of
from benchmarks.planner.records import Record
from benchmarks.planner.sets import Case

EDD_PUBLISHED, RIVAL = "EDD, published", "annealing, Python"


@dataclass(frozen=True)
class Row:
    """
    One method over the problems of one set and group.

    Parameters
    ----------
    problems, planned
        How many were run (or published), and for how many there is a plan; means are over these.
    accepted
        How many plans the referee accepts; none for published values.
    """

    set: str
    group: str
    size: int
    method: str
    problems: int
    planned: int
    accepted: int | None
    figures: Figures
    wall_s: float | None = None
    seconds: float | None = None
    goal: str = ""
    missed: tuple[str, ...] | None = None  #: of the goal; none where there is no goal


def yardsticks(cases: Iterable[Case], records: Iterable[Record]) -> dict[str, float]:
    """Return what each problem's costs are set beside: the best published, else earliest due date."""
    edd = {record.name: record.cost for record in records if record.method == "edd" and record.cost}
    found = {case.name: case.best or case.published.get(EDD_PUBLISHED) or edd.get(case.name) for case in cases}
    return {name: cost for name, cost in found.items() if cost}


def rows(cases: Sequence[Case], records: Sequence[Record]) -> list[Row]:
    """Return the rows of the table, published methods after those that were run."""
    yardstick = yardsticks(cases, records)
    known = {case.name: case for case in cases}
    groups = dict.fromkeys((case.set, case.group) for case in cases)
    found: list[Row] = []
    for name, group in groups:
        inside = [case for case in cases if (case.set, case.group) == (name, group)]
        ran = [record for record in records if record.name in known and (record.set, record.group) == (name, group)]
        methods = dict.fromkeys(record.method for record in ran)
        found += [_run_row([record for record in ran if record.method == one], known, yardstick) for one in methods]
        published = dict.fromkeys(method for case in inside for method in case.published)
        found += [_published_row(method, inside, yardstick) for method in published]
    return found


def _run_row(ran: list[Record], known: dict[str, Case], yardstick: dict[str, float]) -> Row:
    first = ran[0]
    planned = [record for record in ran if record.verdict == "accepted"]
    figures = Figures(
        ratio=_mean(planned, lambda record: _over(record.cost, yardstick.get(record.name))),
        rival=_mean(planned, lambda record: _over(record.cost, known[record.name].published.get(RIVAL))),
        gap=_mean(planned, lambda record: record.gap),
        first_s=_mean(planned, lambda record: record.first_s),
        memory_mb=max(record.memory_mb for record in ran),
        proven=sum(record.proven for record in planned) / len(ran),
    )
    goal = goal_of(first.set, first.size) if first.method == "ours" else None
    if goal is not None and not any(known[record.name].published.get(RIVAL) for record in ran):
        goal = goal.without_rival()
    return Row(
        set=first.set,
        group=first.group,
        size=first.size,
        method=first.method,
        problems=len(ran),
        planned=len(planned),
        accepted=sum(record.verdict == "accepted" for record in ran),
        figures=figures,
        wall_s=fmean(record.wall_s for record in ran),
        seconds=first.seconds,
        goal="" if goal is None else goal.text(),
        missed=None if goal is None else (*["plans"] * (len(planned) < len(ran)), *goal.missed(figures)),
    )


def _published_row(method: str, inside: list[Case], yardstick: dict[str, float]) -> Row:
    ratios = [_over(case.published.get(method), yardstick.get(case.name)) for case in inside]
    known = [ratio for ratio in ratios if ratio is not None]
    first = inside[0]
    figures = Figures(ratio=fmean(known) if known else None)
    return Row(first.set, first.group, first.size, method, len(inside), len(known), None, figures)


def _mean(records: Iterable[Record], value: Callable[[Record], float | None]) -> float | None:
    known = [found for record in records if (found := value(record)) is not None]
    return fmean(known) if known else None


def _over(cost: float | None, yardstick: float | None) -> float | None:
    return cost / yardstick if cost is not None and yardstick else None


def broken_bounds(cases: Iterable[Case], records: Sequence[Record]) -> list[str]:
    """Return the problems for which some plan, ours or not, costs less than a bound that was called proven."""
    best = {case.name: case.best for case in cases if case.best is not None}
    for record in records:
        if record.verdict == "accepted" and record.cost is not None:
            best[record.name] = min(record.cost, best.get(record.name, record.cost))
    return [
        f"{record.name}: {record.method} claims {record.bound:,.2f}, a plan costs {best[record.name]:,.2f}"
        for record in records
        if record.bound is not None and record.name in best and record.bound > best[record.name] + 0.5
    ]


def as_json(about: dict[str, Any], cases: Sequence[Case], records: Sequence[Record]) -> dict[str, Any]:
    """Return everything as one document; curves stay with the records."""
    plain = [asdict(record) | {"gap": record.gap} for record in records]
    for record in plain:
        del record["curve"]
    return {
        "about": about,
        "rows": [asdict(row) for row in rows(cases, records)],
        "broken_bounds": broken_bounds(cases, records),
        "runs": plain,
    }
