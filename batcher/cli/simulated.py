"""What `batcher simulate` tells people: one run in a few lines, or cases held against each other."""

from batcher.cli.output import print_table, tell
from batcher.simulate.comparison import ComparisonReport, Difference
from batcher.simulate.report import SimulationReport


def tell_report(report: SimulationReport) -> None:
    """Print what one run came to."""
    services = ", ".join(f"{name} {share:.1%}" for name, share in report.on_time_share_by_service.items())
    parts = " + ".join(f"{money:.1f} {part}" for part, money in report.cost_parts_per_item.items())
    reasons = ", ".join(f"{reason} {count}" for reason, count in report.released_because.items())
    fill = "" if report.fill is None else f", {report.fill:.0%} full on average"
    tell(f"On time: {report.on_time_share:.2%} ({report.late} of {report.orders - report.held} late): {services}")
    tell(f"Cost per item: {report.cost_per_item:.1f} = {parts}")
    if report.clairvoyant_ratio is not None:
        tell(f"Ratio to a plan that knew every order beforehand: {report.clairvoyant_ratio:.3f}")
    tell(f"Pieces: {report.items} made, {report.remakes} remade; orders held: {report.held}")
    tell(f"Batches: {report.batches}, {report.batches_unattended} unattended{fill}; begun because: {reasons}")
    _tell_unsound(report)
    tell(f"Took {report.wall_seconds:.0f} s, {report.planning_seconds:.0f} s of it for {report.plans} plans")


def tell_comparison(report: ComparisonReport) -> None:
    """Print each run in a row, and how the cases differ from the first."""
    rows = []
    for run in report.runs:
        ratio = run.report.clairvoyant_ratio
        figures = (f"{run.report.on_time_share:.2%}", f"{run.report.cost_per_item:.2f}", run.report.batches)
        rows.append((run.case, run.seed, *figures, "" if ratio is None else f"{ratio:.3f}"))
        _tell_unsound(run.report)
    print_table("Runs", ("case", "seed", "on time", "cost per item", "batches", "ratio"), rows, "No runs.")
    differences = [
        (d.case, d.figure, f"{d.first:.4g}", f"{d.mean:+.4g}", _interval(d), "yes" if d.sure else "no")
        for d in report.differences
    ]
    columns = ("case", "figure", report.cases[0], "difference", "95 % between", "more than chance")
    print_table(f"Against {report.cases[0]}", columns, differences, "Nothing to compare with.")


def _interval(difference: Difference) -> str:
    if difference.low is None or difference.high is None:
        return "one seed only"
    return f"{difference.low:+.4g} and {difference.high:+.4g}"


def _tell_unsound(report: SimulationReport) -> None:
    for name, jobs in report.unsound.items():
        if jobs:
            tell(f"Unsound, {name.replace('_', ' ')}: {len(jobs)} jobs, such as {jobs[0]}")
