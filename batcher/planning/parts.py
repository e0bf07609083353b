"""
A problem cut into parts that are planned side by side: stations that no family has in common, with their jobs.

What binds parts together is taken from a plan of the whole. Where a job of one part waits for a job of another, they
agree on when it may begin there: the first must be done by then, which it is charged for dearly, the other is released
then. An order with jobs in several parts is in each of them. So the plans of the parts, put together, are a plan of the
whole wherever these agreements were kept.
"""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from batcher.planning.plan import Plan
from batcher.planning.problem import Job, Order, Problem

#: What breaking an agreement costs, at once and for each hour, beside any order's lateness.
_BROKEN = 100_000


@dataclass(frozen=True)
class Part:
    """Some stations of a problem with all jobs that can run on them, and the plan they have in the whole."""

    problem: Problem
    plan: Plan


def cut(problem: Problem, plan: Plan, count: int) -> list[Part]:
    """
    Return at most so many parts of about as many jobs each: one, where every station is bound to every other.

    Parameters
    ----------
    problem
        The whole.
    plan
        Of the whole, keeping every rule: the parts' agreements are such that it keeps them.
    count
        How many parts there shall be.
    """
    whole = _Cut(problem, plan)
    return [whole.part(families) for families in _shared_out(problem, count)]


def put_together(problem: Problem, plans: Iterable[Plan]) -> Plan:
    """Return the plan of the whole that the plans of its parts make."""
    batches = [batch for plan in plans for batch in plan.batches]
    planned = {job for batch in batches for job in batch.jobs}
    return Plan(
        tuple(replace(batch, id=f"b{number}") for number, batch in enumerate(batches, 1)),
        tuple(job.id for job in problem.jobs if job.id not in planned),
    )


def _shared_out(problem: Problem, count: int) -> list[set[str]]:
    """Return the families of each part: the largest of what is bound together is shared out first."""
    jobs = Counter(job.family for job in problem.jobs)
    shares: list[set[str]] = [set() for _ in range(count)]
    loads = [0] * count
    for bound in sorted(_bound(problem, jobs), key=lambda bound: -sum(jobs[family] for family in bound)):
        least = loads.index(min(loads))
        shares[least] |= bound
        loads[least] += sum(jobs[family] for family in bound)
    return [share for share in shares if share]


def _bound(problem: Problem, jobs: Collection[str]) -> list[set[str]]:
    """Return families that have jobs, those together that share stations, directly or through others."""
    found: list[tuple[set[str], set[str]]] = []
    for family in problem.families:
        if family.id not in jobs:
            continue
        families, stations = {family.id}, {mode.station for mode in family.modes}
        for other in [other for other in found if other[1] & stations]:
            found.remove(other)
            families |= other[0]
            stations |= other[1]
        found.append((families, stations))
    return [families for families, _ in found]


class _Cut:
    """A problem and a plan of it, as parts see them."""

    def __init__(self, problem: Problem, plan: Plan) -> None:
        self.problem, self.plan = problem, plan
        self.batch_of = {job: batch for batch in plan.batches for job in batch.jobs}
        self.family_of = {job.id: job.family for job in problem.jobs}
        # longer than the name of any order: nobody's name
        self.nobody = "/" * (1 + max((len(order.id) for order in problem.orders), default=0))

    def part(self, families: set[str]) -> Part:
        """Return the part of some families."""
        needed, there = self._needed(families), self._there(families)
        jobs = [self._agreed(job, families, needed) for job in self.problem.jobs if job.id in there]
        wanted = {job.order for job in jobs}
        orders = [order for order in self.problem.orders if order.id in wanted]
        orders += [Order(job.order, needed[job.id], _BROKEN, _BROKEN) for job in jobs if job.id in needed]
        stations = {mode.station for family in self.problem.families if family.id in families for mode in family.modes}
        return Part(
            replace(
                self.problem,
                stations=tuple(station for station in self.problem.stations if station.id in stations),
                families=tuple(family for family in self.problem.families if family.id in families),
                orders=tuple(orders),
                jobs=tuple(jobs),
            ),
            Plan(
                tuple(batch for batch in self.plan.batches if batch.family in families),
                tuple(job for job in self.plan.unplanned if job in there),
            ),
        )

    def _there(self, families: set[str]) -> set[str]:
        """Return the jobs of the part that can be planned there: what they and their group wait for can be, or is."""
        jobs = [job for job in self.problem.jobs if job.family in families]
        there, stuck = {job.id for job in jobs}, {""}
        while stuck:
            stuck = {
                job.id
                for job in jobs
                if job.id in there
                and any(link.job not in there and link.job not in self.batch_of for link in job.after)
            }
            groups = {job.group for job in jobs if job.id in stuck and job.group is not None}
            there -= stuck
            there -= {job.id for job in jobs if job.group in groups}
        return there

    def _needed(self, families: set[str]) -> dict[str, int]:
        """Return by when jobs of the part must be done for jobs of others that wait for them."""
        needed: dict[str, int] = {}
        for job in self.problem.jobs:
            for link in job.after:
                if job.family not in families and self.family_of[link.job] in families and job.id in self.batch_of:
                    latest = self.batch_of[job.id].start - link.lag
                    needed[link.job] = min(latest, needed.get(link.job, latest))
        return needed

    def _agreed(self, job: Job, families: set[str], needed: Collection[str]) -> Job:
        """Return a job that waits for none of another part, and that none of another part waits for."""
        outside = [link for link in job.after if self.family_of[link.job] not in families]
        if outside:
            ready = max(self.batch_of[link.job].end + link.lag for link in outside)
            release = self.batch_of[job.id].start if job.id in self.batch_of else ready
            inside = tuple(link for link in job.after if link not in outside)
            job = replace(job, release=max(job.release, release), after=inside)
        if job.id in needed:
            job = replace(job, order=self.nobody + job.id)
        return job
