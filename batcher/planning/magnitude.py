"""
Do the numbers of a problem fit into machine words? Python's whole numbers have no end; compiled solvers' have.

A document may hold any number. What does not fit is left to the search in Python.
"""

from itertools import chain

from batcher.planning.index import NO_LIMIT, Instance


def fits_a_word(instance: Instance) -> bool:
    """Tell whether 64 bits hold every time, size and cost that a plan can come to, and every sum of them."""
    problem = instance.problem
    modes = [mode for family in instance.families for mode in family.modes.values()]
    span = instance.unplanned_end + max([0, *chain.from_iterable(instance.change_seconds)])
    span += max((mode.seconds for mode in modes), default=0)
    for job in problem.jobs:
        span += job.serial_seconds + job.parallel_seconds + job.release + sum(link.lag for link in job.after)
    worst = sum(order.late + order.rate * (span + abs(order.due)) for order in instance.orders)
    batch = max((mode.fixed + mode.rate * span for mode in modes), default=0)
    change = max([0, *chain.from_iterable(chain.from_iterable(view.change_money for view in instance.stations))])
    worst += (batch + change) * (len(instance.units) + 1)
    room = sum(job.size for job in problem.jobs)
    return max(worst, span, room) < NO_LIMIT
