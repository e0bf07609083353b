"""
Is a plan feasible, and what does it cost? Independent of everything that makes plans.

It recomputes every rule of the planning problem from the problem and the plan alone and shares no code with any
solver, so that a solver's mistake cannot hide here. Money is summed in minor units times 3600, in whole numbers.
P1 to P9 are the invariants of `docs/planning.md`.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator

from batcher.planning.plan import Batch, Placement, Plan, Verdict
from batcher.planning.problem import UNPLANNED_DELAY_S, Family, Job, Mode, Problem, SheetSize, Station


def judge(problem: Problem, plan: Plan) -> Verdict:
    """
    Return what is wrong with a plan, and its exact cost.

    The cost of a plan that breaks a rule is that of the parts that could be told; only a feasible one's means anything.
    """
    return _Judge(problem, plan).verdict()


class _Judge:
    """One plan before the judge: collects violations and money as it goes."""

    def __init__(self, problem: Problem, plan: Plan) -> None:
        self.problem, self.plan = problem, plan
        self.stations = {station.id: station for station in problem.stations}
        self.families = {family.id: family for family in problem.families}
        self.jobs = {job.id: job for job in problem.jobs}
        self.modes = {(family.id, mode.station): mode for family in problem.families for mode in family.modes}
        self.violations: list[str] = []
        self.cost3600: Counter[str] = Counter(batches=0, running=0, changeovers=0, lateness=0)
        self.batch_of: dict[str, Batch] = {}
        self.on_station: defaultdict[str, list[Batch]] = defaultdict(list)

    def verdict(self) -> Verdict:
        for batch in self.plan.batches:
            self.violations += [f"batch {batch.id}: {fault}" for fault in self._batch(batch)]
        names = Counter(batch.id for batch in self.plan.batches)
        self.violations += [f"batch {name} is there {count} times" for name, count in names.items() if count > 1]
        for name, batches in self.on_station.items():
            self.violations += self._station(self.stations[name], batches)
        self.violations += self._precedence()
        self.violations += self._groups()
        missing = [name for name in self.jobs if name not in self.batch_of]
        self.violations += self._unplanned(missing)
        orders, late = self._lateness()
        return Verdict(
            violations=tuple(self.violations),
            cost=sum(self.cost3600.values()) / 3600,
            breakdown={part: money / 3600 for part, money in self.cost3600.items()},
            batches=sum(len(batches) for batches in self.on_station.values()),
            jobs=len(self.jobs),
            unplanned=len(missing),
            orders=orders,
            late_orders=late,
        )

    def _batch(self, batch: Batch) -> Iterator[str]:
        """Tell what is wrong with one batch by itself (P1 to P6, links aside), and charge for it."""
        mode = self.modes.get((batch.family, batch.station))
        if mode is None or batch.station not in self.stations:
            yield f"family {batch.family} cannot run on {batch.station}"
            return
        jobs = []
        for name in batch.jobs:
            job = self.jobs.get(name)
            if job is None:
                yield f"there is no job {name}"
                continue
            if name in self.batch_of:
                yield f"job {name} is in more than one batch"
            self.batch_of[name] = batch
            jobs.append(job)
        if not jobs:
            yield "it is empty"
            return
        self.on_station[batch.station].append(batch)
        for job in jobs:
            yield from _suits(job, batch)
        yield from _room(jobs, batch, mode)
        kinds = {job.kind for job in jobs if job.kind is not None}
        if mode.max_kinds is not None and len(kinds) > mode.max_kinds:
            yield f"{len(kinds)} kinds, {mode.max_kinds} allowed"
        longest = max(job.parallel_seconds for job in jobs)
        if any(job.max_parallel_seconds is not None and job.max_parallel_seconds < longest for job in jobs):
            yield "a job would be processed for too long"
        run = mode.seconds + sum(job.serial_seconds for job in jobs) + longest
        if batch.end - batch.start != run:
            yield f"it lasts {batch.end - batch.start} s, not {run} s"
        self.cost3600["batches"] += 3600 * mode.cost
        self.cost3600["running"] += self.stations[batch.station].cost_per_hour * run

    def _station(self, station: Station, batches: list[Batch]) -> Iterator[str]:
        """Tell what is wrong with a station's sequence (P7, P8), and charge for its changeovers."""
        states = {state: k for k, state in enumerate(self.problem.changeovers.states)}
        gaps = _gaps(station)
        loads: Counter[tuple[int, int]] = Counter()
        state, free = station.state, None
        for batch in sorted(batches, key=lambda b: (b.start, b.end)):
            family = self.families[batch.family]
            before, after = states[state], states[family.state]
            seconds = self.problem.changeovers.seconds[before][after]
            begin = batch.start - seconds
            if free is not None and begin < free:
                yield f"batch {batch.id}: begins at {begin}, before {station.id} is free at {free}"
            if not any(opens <= begin and batch.end <= closes for opens, closes in station.windows):
                yield f"batch {batch.id}: lies outside the windows of {station.id}"
            for gap in gaps:
                if gap[0] <= begin < gap[1]:
                    loads[gap] += 1
                    yield from _unattended(batch, family, station, begin, seconds)
            self.cost3600["changeovers"] += 3600 * self.problem.changeovers.cost[before][after]
            self.cost3600["changeovers"] += station.changeover_cost_per_hour * seconds
            state, free = family.state, batch.end
        for gap, count in loads.items():
            if count > station.magazine:
                yield f"{station.id} begins {count} batches unattended from {gap[0]}, its magazine: {station.magazine}"

    def _precedence(self) -> Iterator[str]:
        """Tell which jobs start before those they wait for allow (P6), or without them (P9)."""
        for job in self.problem.jobs:
            batch = self.batch_of.get(job.id)
            for link in job.after if batch is not None else ():
                before = self.batch_of.get(link.job)
                if before is None:
                    yield f"job {job.id} is planned, the job before it, {link.job}, is not"
                elif batch is not None and batch.start < before.end + link.lag:
                    yield f"job {job.id} starts at {batch.start}, before {link.job} allows at {before.end + link.lag}"

    def _groups(self) -> Iterator[str]:
        """Tell which groups are not whole (P4)."""
        places: defaultdict[str, set[str | None]] = defaultdict(set)
        for job in self.problem.jobs:
            if job.group is not None:
                batch = self.batch_of.get(job.id)
                places[job.group].add(None if batch is None else batch.id)
        for group, found in places.items():
            if len(found) > 1:
                yield f"group {group} is torn apart"

    def _unplanned(self, missing: list[str]) -> Iterator[str]:
        """Tell which jobs are neither planned nor told as unplanned, or both (P9)."""
        told = set(self.plan.unplanned)
        for name in missing:
            if name not in told:
                yield f"job {name} is neither planned nor told as unplanned"
        for name in sorted(told):
            if name in self.batch_of:
                yield f"job {name} is planned and told as unplanned"
            elif name not in self.jobs:
                yield f"unplanned: there is no job {name}"

    def _lateness(self) -> tuple[int, int]:
        """Charge for late orders; return how many orders have jobs, and how many of them are late."""
        done: dict[str, int] = {}
        for job in self.problem.jobs:
            batch = self.batch_of.get(job.id)
            end = self.problem.horizon + UNPLANNED_DELAY_S if batch is None else batch.end
            done[job.order] = max(end, done.get(job.order, end))
        late = 0
        for order in self.problem.orders:
            tardiness = done.get(order.id, order.due) - order.due
            if tardiness > 0:
                late += 1
                self.cost3600["lateness"] += 3600 * order.late_cost + order.late_cost_per_hour * tardiness
        return len(done), late


def _suits(job: Job, batch: Batch) -> Iterator[str]:
    """Tell why a job may not be in a batch: family and station (P1), release (P6)."""
    if job.family != batch.family:
        yield f"job {job.id} is of another family"
    if job.stations is not None and batch.station not in job.stations:
        yield f"job {job.id} may not run on {batch.station}"
    if batch.start < job.release:
        yield f"job {job.id} is released at {job.release}, after the batch starts"


def _room(jobs: list[Job], batch: Batch, mode: Mode) -> Iterator[str]:
    """Tell why jobs do not fit together, or do not lie as the sheet demands (P3)."""
    if mode.sheet is None:
        size = sum(job.size for job in jobs)
        if mode.capacity is None or size > mode.capacity:
            yield f"sizes sum to {size}, its capacity is {mode.capacity}"
        return
    boxes = []
    for job in jobs:
        at = batch.placements.get(job.id)
        if at is None:
            yield f"job {job.id} has no place on the sheet"
            continue
        if at.rotated and not job.rotate:
            yield f"job {job.id} may not be rotated"
        x, y, right, top = _box(job, at)
        if x < 0 or y < 0 or right > mode.sheet.width or top > mode.sheet.height:
            yield f"job {job.id} leaves the sheet"
        boxes.append((x, y, right, top, job.id))
    yield from _collisions(boxes, mode.sheet)


def _box(job: Job, at: Placement) -> tuple[int, int, int, int]:
    width, height = (job.height, job.width) if at.rotated else (job.width, job.height)
    return at.x, at.y, at.x + width, at.y + height


def _collisions(boxes: list[tuple[int, int, int, int, str]], sheet: SheetSize) -> Iterator[str]:
    boxes.sort()
    for k, (_, bottom, right, top, name) in enumerate(boxes):
        for x, y, _, other_top, other in boxes[k + 1 :]:
            if x >= right + sheet.gap:
                break  # sorted by x: so are all that follow
            if y < top + sheet.gap and bottom < other_top + sheet.gap:
                yield f"jobs {name} and {other} overlap or stand closer than {sheet.gap}"


def _gaps(station: Station) -> list[tuple[int, int]]:
    """Return the maximal unattended intervals inside each window, by removing every attended interval in turn."""
    if station.attended is None:
        return []
    gaps = list(station.windows)
    for start, end in station.attended:
        kept = []
        for opens, closes in gaps:
            kept += [(opens, min(closes, start)), (max(opens, end), closes)]
        gaps = [(opens, closes) for opens, closes in kept if opens < closes]
    return gaps


def _unattended(batch: Batch, family: Family, station: Station, begin: int, seconds: int) -> Iterator[str]:
    """Tell why a batch may not begin with nobody there (P8)."""
    if not family.unattended:
        yield f"batch {batch.id}: needs an operator at {begin}"
    if seconds and not station.setup_unattended:
        yield f"batch {batch.id}: changes over with no operator at {begin}"
