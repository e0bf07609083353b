"""Plans with something wrong in them, or perhaps not: small random changes, which two judges must see alike."""

from collections.abc import Callable
from dataclasses import replace
from random import Random

from batcher.planning.plan import Batch, Placement, Plan
from batcher.planning.problem import Problem

Damage = Callable[[Random, Problem, list[Batch]], None]


def damaged(rng: Random, problem: Problem, plan: Plan) -> Plan:
    """Return the plan with one to three random changes; jobs in no batch any more are told as unplanned, or not."""
    batches = list(plan.batches)
    for _ in range(rng.randint(1, 3)):
        if batches:
            rng.choice(DAMAGES)(rng, problem, batches)
    planned = {name for batch in batches for name in batch.jobs}
    left = tuple(job.id for job in problem.jobs if job.id not in planned)
    unplanned = left if rng.random() < 0.8 else plan.unplanned
    return Plan(tuple(batches), unplanned)


def _change(rng: Random, batches: list[Batch], changed: Callable[[Batch], Batch]) -> None:
    place = rng.randrange(len(batches))
    batches[place] = changed(batches[place])


def _moved(rng: Random, problem: Problem, batches: list[Batch]) -> None:
    """P6, P7, P8: earlier or later, by a second or by much."""
    place, by = rng.randrange(len(batches)), rng.choice((-1, 1, -60, 60, rng.randint(-3000, 3000)))
    batch = batches[place]
    batches[place] = replace(batch, start=batch.start + by, end=batch.end + by)


def _stretched(rng: Random, problem: Problem, batches: list[Batch]) -> None:
    """P2: longer or shorter than its jobs make it."""
    place = rng.randrange(len(batches))
    batches[place] = replace(batches[place], end=batches[place].end + rng.choice((-1, 1, 30)))


def _elsewhere(rng: Random, problem: Problem, batches: list[Batch]) -> None:
    """P1, P7: on another station, as long as it takes there, if the family runs there at all."""
    place, station = rng.randrange(len(batches)), rng.choice(problem.stations).id
    batch = batches[place]
    modes = {(family.id, mode.station): mode.seconds for family in problem.families for mode in family.modes}
    more = modes.get((batch.family, station), 0) - modes[batch.family, batch.station] if _known(batch, modes) else 0
    batches[place] = replace(batch, station=station, end=batch.end + more)


def _known(batch: Batch, modes: dict[tuple[str, str], int]) -> bool:
    return (batch.family, batch.station) in modes


def _renamed(rng: Random, problem: Problem, batches: list[Batch]) -> None:
    """P1: of another family."""
    family = rng.choice(problem.families).id
    _change(rng, batches, lambda batch: replace(batch, family=family))


def _robbed(rng: Random, problem: Problem, batches: list[Batch]) -> None:
    """P2, P4, P9: one job fewer."""
    place = rng.randrange(len(batches))
    batch = batches[place]
    if batch.jobs:
        gone = rng.choice(batch.jobs)
        batches[place] = replace(batch, jobs=tuple(name for name in batch.jobs if name != gone))


def _crowded(rng: Random, problem: Problem, batches: list[Batch]) -> None:
    """P1 to P6: a job more, planned already or not."""
    place, more = rng.randrange(len(batches)), rng.choice(problem.jobs).id
    batch = batches[place]
    placements = batch.placements | {more: Placement(0, 0, False)} if batch.placements else batch.placements
    batches[place] = replace(batch, jobs=(*batch.jobs, more), placements=placements)


def _swapped(rng: Random, problem: Problem, batches: list[Batch]) -> None:
    """P1 to P6: two batches with the jobs of each other."""
    one, other = rng.randrange(len(batches)), rng.randrange(len(batches))
    first, second = batches[one], batches[other]
    batches[one] = replace(first, jobs=second.jobs, placements=second.placements)
    batches[other] = replace(second, jobs=first.jobs, placements=first.placements)


def _gone(rng: Random, problem: Problem, batches: list[Batch]) -> None:
    """P7, P8, P9: a batch fewer; those after it keep their times, whatever the changeover."""
    del batches[rng.randrange(len(batches))]


def _split(rng: Random, problem: Problem, batches: list[Batch]) -> None:
    """P4, P7: the same batch as two at the same time."""
    place = rng.randrange(len(batches))
    batch = batches[place]
    half = len(batch.jobs) // 2
    batches[place] = replace(batch, jobs=batch.jobs[:half])
    batches.append(replace(batch, id=f"{batch.id}-2-{len(batches)}", jobs=batch.jobs[half:]))


def _shoved(rng: Random, problem: Problem, batches: list[Batch]) -> None:
    """P3: a job elsewhere on its sheet, or the other way round, or nowhere."""
    sheets = [place for place, batch in enumerate(batches) if batch.placements]
    if not sheets:
        return
    place = rng.choice(sheets)
    placements = dict(batches[place].placements)
    name = rng.choice(sorted(placements))
    at = placements.pop(name)
    if rng.random() < 0.9:
        by = rng.choice((-1, 1, 3))
        spots = (Placement(at.x + by, at.y, at.rotated), Placement(at.x, at.y + by, at.rotated))
        placements[name] = rng.choice((*spots, Placement(at.x, at.y, not at.rotated)))
    batches[place] = replace(batches[place], placements=placements)


def _unheard_of(rng: Random, problem: Problem, batches: list[Batch]) -> None:
    """P1: what the problem does not know."""
    changes: tuple[Callable[[Batch], Batch], ...] = (
        lambda batch: replace(batch, station="nowhere"),
        lambda batch: replace(batch, family="none"),
        lambda batch: replace(batch, jobs=("ghost",)),
        lambda batch: replace(batch, jobs=()),
    )
    _change(rng, batches, rng.choice(changes))


#: What may happen to a plan.
DAMAGES: tuple[Damage, ...] = (
    _moved, _moved, _stretched, _elsewhere, _renamed, _robbed, _crowded, _swapped, _gone, _split, _shoved, _unheard_of
)  # fmt: skip
