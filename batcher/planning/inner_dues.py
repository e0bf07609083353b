"""When units must be done for all that hangs on them to be in time, and how long they take at the least."""

from batcher.planning.index import Instance, Unit


def shortest(unit: Unit) -> int:
    """Return the least seconds a unit takes by itself in any of its modes."""
    return min(mode.seconds for mode in unit.modes) + unit.serial + unit.parallel if unit.modes else 0


def inner_dues(instance: Instance) -> list[int]:
    """Return when each unit must be done for its order and for all that wait for it to be in time."""
    dues = [unit.due for unit in instance.units]
    open_after = [len(unit.after) for unit in instance.units]
    ready = [unit.place for unit in instance.units if not unit.after]
    while ready:
        after = instance.units[ready.pop()]
        for before, lag in after.before:
            dues[before] = min(dues[before], dues[after.place] - shortest(after) - lag)
            open_after[before] -= 1
            if not open_after[before]:
                ready.append(before)
    return dues


def mean_seconds(instance: Instance) -> float:
    """Return the mean time of a batch of one, never 0."""
    times = [shortest(unit) for unit in instance.units if unit.modes]
    return max(1.0, sum(times) / len(times)) if times else 1.0
