"""Between plans (names, for others) and schedules (numbers, for solvers)."""

from collections import defaultdict

from batcher.planning.index import Instance, ModeView
from batcher.planning.loads import Load, Loader
from batcher.planning.plan import Batch, Plan
from batcher.planning.schedule import Schedule

#: A batch before it is timed: how it runs and what it holds.
Bundle = tuple[ModeView, Load]


def scheduled(instance: Instance, loader: Loader, sequences: list[list[Bundle]]) -> Schedule | None:
    """Return the schedule with these batches in this order on each station; none when that cannot be timed."""
    schedule = Schedule(instance, loader)
    for bundles in sequences:
        for at, (mode, load) in enumerate(bundles):
            schedule.insert(schedule.new_run(mode, load), mode, at)
    delta = schedule.settle(patience=1000 + 400 * len(instance.units))
    if delta is None:
        return None
    schedule.commit(delta)
    return schedule


def sequences_of(schedule: Schedule) -> list[list[Bundle]]:
    """Return the batches of a schedule in their order on each station."""
    return [[(run.mode, run.load) for run in sequence] for sequence in schedule.sequences]


def from_plan(instance: Instance, loader: Loader, plan: Plan) -> Schedule | None:
    """Return the schedule of a plan, pulled as early as its sequences allow; none when it breaks a rule."""
    station_of = {station.id: place for place, station in enumerate(instance.problem.stations)}
    family_of = {family.id: place for place, family in enumerate(instance.problem.families)}
    sequences: list[list[Bundle]] = [[] for _ in instance.stations]
    held: defaultdict[int, set[str]] = defaultdict(set)
    for batch in sorted(plan.batches, key=lambda batch: (batch.start, batch.end, batch.id)):
        family, station = family_of.get(batch.family), station_of.get(batch.station)
        units = {instance.unit_of.get(job) for job in batch.jobs}
        if family is None or station is None or None in units or not units:
            return None
        places = sorted(unit for unit in units if unit is not None)
        mode = instance.families[family].modes.get(station)
        if mode is None or any(place in held or instance.units[place].family != family for place in places):
            return None
        for job in batch.jobs:
            held[instance.unit_of[job]].add(job)
        load = loader.load(places)
        if not loader.fits(mode, load):
            return None
        sequences[station].append((mode, load))
    if any(len(jobs) != len(instance.units[place].jobs) for place, jobs in held.items()):
        return None
    return scheduled(instance, loader, sequences)


def to_plan(schedule: Schedule) -> Plan:
    """Return the schedule as a plan, batches named in order of their start."""
    instance, problem = schedule.instance, schedule.instance.problem
    runs = [run for sequence in schedule.sequences for run in sequence]
    runs.sort(key=lambda run: (run.start, run.station, run.end))
    batches = tuple(
        Batch(
            id=f"b{number}",
            station=problem.stations[run.station].id,
            family=problem.families[run.mode.family].id,
            start=run.start,
            end=run.end,
            jobs=tuple(problem.jobs[job].id for unit in run.load.units for job in instance.units[unit].jobs),
            placements=schedule.loader.placements(run.mode, run.load),
        )
        for number, run in enumerate(runs, 1)
    )
    unplanned = (
        problem.jobs[job].id
        for unit, run in zip(instance.units, schedule.run_of, strict=True)
        if run is None
        for job in unit.jobs
    )
    return Plan(batches=batches, unplanned=tuple(unplanned))
