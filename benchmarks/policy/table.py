"""From runs to figures: what each policy costs beside ours, against the goals, and what each part of ours is worth."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import fmean

from benchmarks.policy.cases import OURS, PARTS
from benchmarks.policy.runs import BOUND, CLAIRVOYANT, Record


@dataclass(frozen=True)
class Row:
    """
    One policy on one week, means over its seeds.

    Parameters
    ----------
    ours_over
        Cost of ours over its cost, under the seeds that both have; none for what has none in common.
    ratio
        Its cost over that of the clairvoyant plan, likewise.
    wall_s
        Of one run; None for what is not played.
    """

    week: str
    policy: str
    seeds: int
    cost: float
    on_time: float | None
    ours_over: float | None
    ratio: float | None
    wall_s: float | None


@dataclass(frozen=True)
class Worth:
    """What a part of ours saves: pence a piece, and as a share of what ours saves over the tuned plain slack."""

    week: str
    part: str
    seeds: int
    saves: float
    share: float | None


#: On time at least; of tuned full-or-clock's cost, of tuned plain slack's, of the clairvoyant's and seconds at most.
GOALS: Mapping[str, tuple[float, float, float, float | None, float]] = {
    "quiet": (0.999, 0.70, 0.93, 1.12, 90),
    "peak": (0.998, 0.78, 0.93, 1.08, 300),
    "peak-x2": (0.995, 0.62, 0.93, None, 720),
}


def rows(records: Iterable[Record]) -> list[Row]:
    """Return a row for each week and policy, in the order in which they were first run."""
    costs, told = _costs(records), _by_case(records)
    found = []
    for (week, policy), runs in told.items():
        own = costs[week, policy]
        reports = [record.report for record in runs]
        played = policy not in (CLAIRVOYANT, BOUND)
        found.append(
            Row(
                week,
                policy,
                len(own),
                fmean(own.values()),
                fmean(report["on_time_share"] for report in reports) if played else None,
                _ratio(costs.get((week, OURS), {}), own),
                _ratio(own, costs.get((week, CLAIRVOYANT), {})),
                fmean(report["wall_seconds"] for report in reports) if played else None,
            )
        )
    return found


def worths(records: Iterable[Record], slack: str | None) -> list[Worth]:
    """Return what each part is worth, for the weeks on which ours has been run with it and without."""
    costs = _costs(records)
    found = []
    for (week, policy), own in costs.items():
        ours = costs.get((week, OURS), {})
        common = sorted(own.keys() & ours.keys())
        if policy not in PARTS or not common:
            continue
        saves = fmean(own[seed] - ours[seed] for seed in common)
        plain = costs.get((week, slack), {}) if slack else {}
        gained = [plain[seed] - ours[seed] for seed in common if seed in plain]
        share = saves / fmean(gained) if len(gained) == len(common) and fmean(gained) > 0 else None
        found.append(Worth(week, policy.partition("=")[2], len(common), saves, share))
    return found


def as_markdown(records: Sequence[Record], knobs: Mapping[str, str]) -> str:
    """Return the figures as a page."""
    lines = ["| week | policy | seeds | pence a piece | on time | ours / it | it / clairvoyant | wall s |"]
    lines.append("|---|---|---|---|---|---|---|---|")
    for row in rows(records):
        on_time = "" if row.on_time is None else f"{row.on_time:.2%}"
        wall = "" if row.wall_s is None else f"{row.wall_s:.0f}"
        lines.append(
            f"| {row.week} | {row.policy} | {row.seeds} | {row.cost:.2f} | {on_time} | {_told(row.ours_over)} "
            f"| {_told(row.ratio)} | {wall} |"
        )
    lines += ["", "| week | without | seeds | saves, pence a piece | share of the gain over plain slack |"]
    lines.append("|---|---|---|---|---|")
    for worth in worths(records, knobs.get("slack")):
        share = "" if worth.share is None else f"{worth.share:.0%}"
        lines.append(f"| {worth.week} | {worth.part} | {worth.seeds} | {worth.saves:.2f} | {share} |")
    lines += ["", *(f"- missed: {line}" for line in goals_missed(rows(records), knobs))]
    return "\n".join(lines) + "\n"


def goals_missed(table: Sequence[Row], knobs: Mapping[str, str]) -> list[str]:
    """Return in words which goals ours misses, of those that can be told yet."""
    at = {(row.week, row.policy): row for row in table}
    told = []
    for week, (on_time, of_clock, of_slack, ratio, wall_s) in GOALS.items():
        ours = at.get((week, OURS))
        if ours is None or ours.on_time is None or ours.wall_s is None:
            continue
        if ours.on_time < on_time:
            told.append(f"{week}: on time {ours.on_time:.2%}, goal {on_time:.1%}")
        for kind, goal in (("full-or-clock", of_clock), ("slack", of_slack)):
            other = at.get((week, knobs.get(kind, "")))
            if other is not None and other.ours_over is not None and other.ours_over > goal:
                told.append(f"{week}: {other.ours_over:.3f} of {other.policy}, goal {goal:.2f}{_why(other, goal, at)}")
        if ratio is not None and ours.ratio is not None and ours.ratio > ratio:
            told.append(f"{week}: {ours.ratio:.3f} of clairvoyant, goal {ratio:.2f}")
        if ours.wall_s > wall_s:
            told.append(f"{week}: {ours.wall_s:.0f} s, goal {wall_s:.0f} s")
    return told


def _why(other: Row, goal: float, at: Mapping[tuple[str, str], Row]) -> str:
    """Return that no plan can meet a goal, where that is proven."""
    bound = at.get((other.week, BOUND))
    if bound is None or bound.cost <= goal * other.cost:
        return ""
    return f", which no plan meets: each costs at least {bound.cost:.2f}, {bound.cost / other.cost:.3f} of it"


def as_json(records: Sequence[Record], knobs: Mapping[str, str]) -> dict[str, object]:
    """Return the figures as a document."""
    table = rows(records)
    return {
        "commits": sorted({record.commit for record in records}),
        "tuned": dict(knobs),
        "rows": [asdict(row) for row in table],
        "parts": [asdict(worth) for worth in worths(records, knobs.get("slack"))],
        "missed": goals_missed(table, knobs),
    }


def _by_case(records: Iterable[Record]) -> dict[tuple[str, str], list[Record]]:
    found: dict[tuple[str, str], list[Record]] = {}
    for record in records:
        found.setdefault((record.run.week, record.run.policy), []).append(record)
    return found


def _costs(records: Iterable[Record]) -> dict[tuple[str, str], dict[int, float]]:
    return {case: {record.run.seed: record.cost for record in runs} for case, runs in _by_case(records).items()}


def _ratio(one: Mapping[int, float], other: Mapping[int, float]) -> float | None:
    """Return the mean of one over the mean of the other, under the seeds that both have."""
    common = sorted(one.keys() & other.keys())
    return fmean(one[seed] for seed in common) / fmean(other[seed] for seed in common) if common else None


def _told(ratio: float | None) -> str:
    return "" if ratio is None else f"{ratio:.3f}"
