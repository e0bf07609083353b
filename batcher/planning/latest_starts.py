"""
How long each batch of a plan may wait: the plan, shifted to the right.

Each station's batches are packed backwards from what their orders and their successors need, latest need last,
inside its windows and attended hours. Batches of one setup state that share a visit (`visits`) lie side by side and pay
for one changeover. A batch that begins no later than this keeps in time every order that the plan has in time.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Mapping

from batcher.planning.plan import Batch, Plan
from batcher.planning.problem import Problem, Station
from batcher.planning.visits import Coming, Need, shared_visits

#: Chains are short; a batch's need settles once its successors' have.
_MAX_PASSES = 6


def latest_begins(
    problem: Problem,
    plan: Plan,
    floors: Mapping[str, int],
    open_until: Mapping[str, int] | None = None,
    coming: Coming | None = None,
) -> dict[str, int]:
    """
    Return the latest moment each batch may begin, its changeover included.

    Parameters
    ----------
    floors
        Least slack: seconds kept free before an order's due, by job.
    open_until
        By order, until when others may come that must leave with it; those left out may share no visit.
    coming
        What is expected; none: nothing is known.

    Returns
    -------
    dict of str to int
        Seconds from time 0 by batch id; negative or past when the need has gone by already.
    """
    shift = _RightShift(problem, plan, floors, open_until or {}, coming)
    begins: dict[str, int] = {}
    for _ in range(_MAX_PASSES):
        before, begins = begins, shift.run(begins)
        if begins == before:
            break
    return begins


class _RightShift:
    """One plan, indexed for the backward passes."""

    def __init__(
        self,
        problem: Problem,
        plan: Plan,
        floors: Mapping[str, int],
        open_until: Mapping[str, int],
        coming: Coming | None,
    ) -> None:
        self._coming = coming
        self._costs = _Costs(problem)
        self._stations = {station.id: station for station in problem.stations}
        self._families = {family.id: family for family in problem.families}
        self._changeover = _worst_changeovers(problem)
        self._by_station: dict[str, list[Batch]] = defaultdict(list)
        for batch in plan.batches:
            self._by_station[batch.station].append(batch)
        self._own_need = self._needs_of_orders(problem, plan, floors)
        self._first_due = self._needs_of_orders(problem, plan, {})
        self._open_until = _open_until(problem, plan, open_until)
        self._followers = self._links(problem, plan)
        self._packed: dict[str, tuple[list[Need], dict[str, int]]] = {}  #: needs and begins of a station's last pass

    @staticmethod
    def _needs_of_orders(problem: Problem, plan: Plan, floors: Mapping[str, int]) -> dict[str, int]:
        due = {order.id: order.due for order in problem.orders}
        order_of = {job.id: job.order for job in problem.jobs}
        return {b.id: min(due[order_of[j]] - floors.get(j, 0) for j in b.jobs) for b in plan.batches}

    @staticmethod
    def _links(problem: Problem, plan: Plan) -> dict[str, list[tuple[str, int]]]:
        batch_of = {job: batch.id for batch in plan.batches for job in batch.jobs}
        followers: dict[str, list[tuple[str, int]]] = defaultdict(list)
        for job in problem.jobs:
            for link in job.after:
                if job.id in batch_of and link.job in batch_of:
                    followers[batch_of[link.job]].append((batch_of[job.id], link.lag))
        return followers

    def run(self, begins: Mapping[str, int]) -> dict[str, int]:
        """Return the latest begins, given those of an earlier pass for the successors."""
        result: dict[str, int] = {}
        for sid, batches in self._by_station.items():
            needs = [self._need(batch, begins) for batch in batches]
            packed = self._packed.get(sid)
            if packed is None or packed[0] != needs:
                packed = self._packed[sid] = needs, self._pack(self._stations[sid], needs)
            result |= packed[1]
        return result

    def _pack(self, station: Station, needs: list[Need]) -> dict[str, int]:
        """Return the latest begins at one station."""
        begins = {}
        needs = shared_visits(needs, station, self._changeover, self._coming)
        needs.sort(key=lambda need: (-need.by, need.state, -need.batch.start))
        cursor = None
        for need, before in zip(needs, [*needs[1:], None], strict=True):
            end = need.by if cursor is None else min(need.by, cursor)
            lasts = need.batch.end - need.batch.start
            if before is None or before.state != need.state or before.by < end - lasts:
                lasts += self._changeover[need.state]
            begins[need.batch.id] = cursor = _fit(station, end - lasts, lasts)
        return begins

    def _need(self, batch: Batch, begins: Mapping[str, int]) -> Need:
        """Return by when a batch must have ended for its orders and for the batches that wait for it."""
        by = self._own_need[batch.id]
        for follower, lag in self._followers.get(batch.id, ()):
            by = min(by, begins.get(follower, by + lag) - lag)
        return Need(
            batch,
            self._families[batch.family].state,
            by,
            self._first_due[batch.id],
            self._open_until.get(batch.id),
            self._costs.of_visit(batch),
            self._costs.of_another(batch),
        )


class _Costs:
    """What batches of a problem cost, in minor units."""

    def __init__(self, problem: Problem) -> None:
        table = problem.changeovers
        self._changeover = {
            state: (max((row[k] for row in table.seconds), default=0), max((row[k] for row in table.cost), default=0))
            for k, state in enumerate(table.states)
        }
        self._stations = {station.id: station for station in problem.stations}
        self._families = {family.id: family for family in problem.families}
        self._sizes = {job.id: job.size for job in problem.jobs}

    def of_visit(self, batch: Batch) -> float:
        """Return the cost of the dearest changeover to a batch."""
        seconds, cost = self._changeover[self._families[batch.family].state]
        return cost + seconds * self._stations[batch.station].changeover_cost_per_hour / 3600

    def of_another(self, batch: Batch) -> float:
        """Return the cost of another batch like it; nothing where it is full, and what comes needs another anyway."""
        mode = next(mode for mode in self._families[batch.family].modes if mode.station == batch.station)
        if mode.capacity is not None and sum(self._sizes[job] for job in batch.jobs) >= mode.capacity:
            return 0.0
        return mode.cost + mode.seconds * self._stations[batch.station].cost_per_hour / 3600


def _fit(station: Station, begin: int, length: int) -> int:
    """Return the latest begin no later than one at which a batch fits a window and somebody can load it."""
    windows = station.windows
    for _ in range(4 * (len(windows) + len(station.attended or ())) + 4):
        shifted = _into_window(windows, begin, length)
        if station.attended is not None:
            shifted = _into_attended(station.attended, shifted)
        if shifted == begin:
            break
        begin = shifted
    return begin


def _open_until(problem: Problem, plan: Plan, open_until: Mapping[str, int]) -> dict[str, int]:
    """Return until when orders may come that must go with a batch's first due ones; batches left out: not known."""
    due = {order.id: order.due for order in problem.orders}
    order_of = {job.id: job.order for job in problem.jobs}
    found = {}
    for batch in plan.batches:
        orders = {order_of[job] for job in batch.jobs}
        first = min(due[order] for order in orders)
        firsts = [order for order in orders if due[order] == first]
        if all(order in open_until for order in firsts):
            found[batch.id] = max(open_until[order] for order in firsts)
    return found


def _worst_changeovers(problem: Problem) -> dict[str, int]:
    """Return the longest changeover into each state: the sequence a batch ends up in is not known yet."""
    table = problem.changeovers
    return {state: max((row[k] for row in table.seconds), default=0) for k, state in enumerate(table.states)}


def _into_window(windows: tuple[tuple[int, int], ...], begin: int, length: int) -> int:
    """Return the latest start at or before `begin` at which `length` fits a window; unchanged when none does."""
    k = bisect_right(windows, (begin, float("inf"))) - 1
    while k >= 0:
        opens, closes = windows[k]
        latest = min(begin, closes - length)
        if latest >= opens:
            return latest
        k -= 1
    return begin


def _into_attended(attended: tuple[tuple[int, int], ...], begin: int) -> int:
    """Return the latest attended moment at or before `begin`; unchanged when there is none."""
    k = bisect_right(attended, (begin, float("inf"))) - 1
    if k < 0:
        return begin
    return min(begin, attended[k][1] - 1)
