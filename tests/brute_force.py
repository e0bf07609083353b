"""
The best of all plans of a small problem, by trying them all: what solvers are measured against.

Batches are appended one by one in order of their start, each begun as early as its station and its jobs allow: no
cost falls when a batch ends later, so some plan made like this is best. A branch is left when not even the kindest view
of what is still to come would beat the best plan so far. Nothing here is shared with a solver; the plan found is priced
by the judge, and the two must agree.

Batches that take no time at all are beyond it: two of them may wait for each other and yet begin.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from batcher.planning.plan import Batch, Plan, Verdict
from batcher.planning.problem import UNPLANNED_DELAY_S, Family, Job, Mode, Problem, Station
from batcher.planning.verify import judge
from tests.brute_layout import Layout, layout

#: How many jobs a plan leaves out (0 if it does not matter), then what it costs times 3600: less is better.
Score = tuple[int, int]


def best_of_all(problem: Problem, *, fewest_first: bool = True, prune: bool = True) -> tuple[Plan, Verdict]:
    """
    Return the best of all plans, with its verdict.

    Parameters
    ----------
    problem
        Of seven jobs or so, on three stations or so.
    fewest_first
        Best is what leaves out the fewest jobs and, among these, what costs least; otherwise, what costs least.
    prune
        Leave branches that cannot hold a better plan; without, it takes far longer for the same.
    """
    search = _Search(problem, fewest_first=fewest_first, prune=prune)
    search.visit(search.root())
    verdict = judge(problem, search.plan)
    assert verdict.feasible, verdict.violations
    assert (verdict.unplanned * fewest_first, verdict.cost) == (search.best[0], search.best[1] / 3600)
    return search.plan, verdict


@dataclass(frozen=True, slots=True)
class _Offer:
    """Jobs that can run together in a mode: a batch before it is timed."""

    jobs: frozenset[str]
    station: int
    family: Family
    run: int
    money: int  #: mode and running, times 3600
    bare: int  #: the same without serial times
    release: int
    waits: tuple[tuple[str, int], ...]  #: (job, lag) that must have ended
    placements: Layout


@dataclass(frozen=True, slots=True)
class _Desk:
    """Where a station stands: free from when, in which state, and when its batches began."""

    free: int
    state: str
    begins: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class _Node:
    """A plan so far."""

    desks: tuple[_Desk, ...]
    batches: tuple[Batch, ...]
    ends: dict[str, int]  #: of jobs in batches
    money: int  #: batches, running and changeovers, times 3600
    start: int  #: of the last batch


class _Search:
    """Depth first through all plans, keeping the best."""

    def __init__(self, problem: Problem, *, fewest_first: bool, prune: bool) -> None:
        self.problem, self.fewest_first, self.prune = problem, fewest_first, prune
        self.offers = [offer for family in problem.families for offer in _offers(problem, family)]
        self.gaps = [_gaps(station) for station in problem.stations]
        self.changes = {
            (before, after): (problem.changeovers.seconds[row][column], problem.changeovers.cost[row][column])
            for row, before in enumerate(problem.changeovers.states)
            for column, after in enumerate(problem.changeovers.states)
        }
        self.orders = [(order, [job.id for job in problem.jobs if job.order == order.id]) for order in problem.orders]
        self.never = problem.horizon + UNPLANNED_DELAY_S
        self.in_line = _in_line(problem.jobs)
        self.least = {job.id: _least_offers(self.offers, job.id) for job in problem.jobs}
        self.serial = {job.id: self._serial_money(job) for job in problem.jobs}
        self.bare = {family.id: self._bare_money(family) for family in problem.families}
        self.plan = Plan((), tuple(job.id for job in problem.jobs))
        self.best: Score = (len(problem.jobs) * fewest_first, self._lateness({}))

    def root(self) -> _Node:
        """Return the plan of nothing."""
        return _Node(tuple(_Desk(0, station.state) for station in self.problem.stations), (), {}, 0, 0)

    def visit(self, node: _Node) -> None:
        """Try every plan that goes on from this one, the most promising first."""
        left = tuple(job.id for job in self.problem.jobs if job.id not in node.ends)
        score = (len(left) * self.fewest_first, node.money + self._lateness(node.ends))
        if score < self.best:
            self.best, self.plan = score, Plan(node.batches, left)
        children: list[tuple[Score, int, _Node]] = []
        for offer in self.offers:
            child = self._child(node, offer)
            if child is not None:
                children.append((self._bound(child), len(children), child))
        for _, _, child in sorted(children, key=lambda entry: entry[:2]):
            if not self.prune or self._bound(child) < self.best:
                self.visit(child)

    def _child(self, node: _Node, offer: _Offer) -> _Node | None:
        """Return the plan with one more batch, none when it cannot come next."""
        if not offer.jobs.isdisjoint(node.ends) or any(name not in node.ends for name, _ in offer.waits):
            return None
        desk, station = node.desks[offer.station], self.problem.stations[offer.station]
        seconds, cost = self.changes[desk.state, offer.family.state]
        ready = max([offer.release, *(node.ends[name] + lag for name, lag in offer.waits)])
        begin = self._begin(offer, desk, max(desk.free, ready - seconds), seconds)
        if begin is None or begin + seconds < node.start:
            return None
        start, end = begin + seconds, begin + seconds + offer.run
        batch = Batch(
            id=f"b{len(node.batches)}",
            station=station.id,
            family=offer.family.id,
            start=start,
            end=end,
            jobs=tuple(sorted(offer.jobs)),
            placements=offer.placements,
        )
        here = _Desk(end, offer.family.state, (*desk.begins, begin))
        return _Node(
            desks=(*node.desks[: offer.station], here, *node.desks[offer.station + 1 :]),
            batches=(*node.batches, batch),
            ends=node.ends | dict.fromkeys(offer.jobs, end),
            money=node.money + offer.money + 3600 * cost + station.changeover_cost_per_hour * seconds,
            start=start,
        )

    def _begin(self, offer: _Offer, desk: _Desk, at: int, seconds: int) -> int | None:
        """Return the first moment from `at` on when the batch may begin with its changeover."""
        station = self.problem.stations[offer.station]
        alone = offer.family.unattended and (not seconds or station.setup_unattended)
        for opens, closes in sorted(station.windows):
            begin = max(at, opens)
            for start, end in self.gaps[offer.station]:
                begun = sum(start <= other < end for other in desk.begins)
                if opens <= start <= begin < end and not (alone and begun < station.magazine):
                    begin = end
            if begin + seconds + offer.run <= closes:
                return begin
        return None

    def _lateness(self, ends: dict[str, int]) -> int:
        """Return what lateness costs when jobs end then, and all others never; times 3600."""
        money = 0
        for order, names in self.orders:
            tardiness = max([ends.get(name, self.never) for name in names], default=order.due) - order.due
            if tardiness > 0:
                money += 3600 * order.late_cost + order.late_cost_per_hour * tardiness
        return money

    def _bound(self, node: _Node) -> Score:
        """Return a score that no plan going on from this one can beat."""
        ends = dict(node.ends)
        for job in self.in_line:
            if job.id not in ends:
                end = self._earliest(job, node, ends)
                if end is not None:
                    ends[job.id] = end
        unplanned = (len(self.problem.jobs) - len(ends)) * self.fewest_first
        work = 0
        if self.fewest_first and unplanned == self.best[0]:  # to beat the best, all the others must be planned
            coming = [job for job in self.in_line if job.id in ends and job.id not in node.ends]
            work = sum(self.serial[job.id] for job in coming)
            work += sum(self.bare[family] for family in {job.family for job in coming})
        return unplanned, node.money + work + self._lateness(ends)

    def _earliest(self, job: Job, node: _Node, ends: dict[str, int]) -> int | None:
        """Return when a job ends at the earliest if nothing but what is planned stood in its way."""
        if any(link.job not in ends for link in job.after):
            return None
        ready = max([job.release, node.start, *(ends[link.job] + link.lag for link in job.after)])
        found = []
        for offer in self.least[job.id]:
            at = max(ready, node.desks[offer.station].free)
            for opens, closes in self.problem.stations[offer.station].windows:
                if max(at, opens) + offer.run <= closes:
                    found.append(max(at, opens) + offer.run)
        return min(found, default=None)

    def _serial_money(self, job: Job) -> int:
        rates = [self.problem.stations[offer.station].cost_per_hour for offer in self.least[job.id]]
        return job.serial_seconds * min(rates, default=0)

    def _bare_money(self, family: Family) -> int:
        return min([offer.bare for offer in self.offers if offer.family is family], default=0)


def _offers(problem: Problem, family: Family) -> Iterator[_Offer]:
    """Yield every batch of a family that keeps the rules by itself."""
    jobs = [job for job in problem.jobs if job.family == family.id]
    stations = {station.id: (place, station) for place, station in enumerate(problem.stations)}
    for count in range(1, len(jobs) + 1):
        for chosen in combinations(jobs, count):
            if _whole(problem.jobs, chosen):
                for mode in family.modes:
                    placements = _held(mode, chosen)
                    if placements is not None:
                        yield _offer(*stations[mode.station], family, mode, chosen, placements)


def _offer(place: int, station: Station, family: Family, mode: Mode, jobs: Sequence[Job], placements: Layout) -> _Offer:
    bare = mode.seconds + max(job.parallel_seconds for job in jobs)
    run = bare + sum(job.serial_seconds for job in jobs)
    return _Offer(
        jobs=frozenset(job.id for job in jobs),
        station=place,
        family=family,
        run=run,
        money=3600 * mode.cost + station.cost_per_hour * run,
        bare=3600 * mode.cost + station.cost_per_hour * bare,
        release=max(job.release for job in jobs),
        waits=tuple((link.job, link.lag) for job in jobs for link in job.after),
        placements=placements,
    )


def _whole(jobs: Sequence[Job], chosen: Sequence[Job]) -> bool:
    """Tell whether no group is torn apart, and no job waits for another that is chosen too."""
    names = {job.id for job in chosen}
    groups = {job.group for job in chosen} - {None}
    return all(job.id in names for job in jobs if job.group in groups) and not any(
        link.job in names for job in chosen for link in job.after
    )


def _held(mode: Mode, jobs: Sequence[Job]) -> Layout | None:
    """Return where jobs lie when a mode takes them together (nowhere without a sheet), none when it does not."""
    longest = max(job.parallel_seconds for job in jobs)
    if any(job.max_parallel_seconds is not None and job.max_parallel_seconds < longest for job in jobs):
        return None
    if any(job.stations is not None and mode.station not in job.stations for job in jobs):
        return None
    if mode.max_kinds is not None and len({job.kind for job in jobs} - {None}) > mode.max_kinds:
        return None
    if mode.sheet is not None:
        return layout(mode.sheet, jobs)
    return {} if mode.capacity is not None and sum(job.size for job in jobs) <= mode.capacity else None


def _least_offers(offers: Sequence[_Offer], job: str) -> list[_Offer]:
    """Return the shortest offer with a job on each station: no batch that holds it ends sooner there."""
    shortest: dict[int, _Offer] = {}
    for offer in offers:
        if job in offer.jobs and (offer.station not in shortest or offer.run < shortest[offer.station].run):
            shortest[offer.station] = offer
    return list(shortest.values())


def _in_line(jobs: Sequence[Job]) -> list[Job]:
    """Return the jobs, each after all that it waits for; those in a circle are left out."""
    line: list[Job] = []
    while True:
        there = {job.id for job in line}
        ready = [job for job in jobs if job.id not in there and all(link.job in there for link in job.after)]
        if not ready:
            return line
        line += ready


def _gaps(station: Station) -> list[tuple[int, int]]:
    """Return the unattended intervals of a station's windows, in order: from each end of attendance to the next."""
    if station.attended is None:
        return []
    gaps: list[tuple[int, int]] = []
    for opens, closes in sorted(station.windows):
        leaves = [end for _, end in station.attended if opens < end < closes]
        alone = [at for at in {opens, *leaves} if not any(start <= at < end for start, end in station.attended)]
        gaps += [(at, min([closes, *(start for start, _ in station.attended if start > at)])) for at in sorted(alone)]
    return gaps
