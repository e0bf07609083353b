"""
The simulated floor's days: orders come, plans are made, batches go out, machines make them, until all is packed.

The daemon's own services in the daemon's own order, but from event to event instead of second by second: a plan is
made when something has changed since the last, never sooner after it than the pace allows, and what is due is released
at the moment it is due.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from time import perf_counter

from batcher.dispatch.outbox import send_pending
from batcher.domain.batches import StationReport
from batcher.domain.clock import SteppedClock
from batcher.rules.ruleset import RuleSet
from batcher.services.actions import set_station
from batcher.services.context import Floor
from batcher.services.plan_in_force import PlanInForce
from batcher.services.queue import read_snapshot
from batcher.services.releasing import release_due
from batcher.services.reports import apply_reports
from batcher.simulate.agenda import Agenda
from batcher.simulate.demand import Arrival
from batcher.simulate.entrance import Entrance, StraightIn
from batcher.simulate.policies import FloorPolicy
from batcher.simulate.scenario import Scenario, breakdowns, with_late_operators
from batcher.simulate.sim_floor import MemoryDoor
from batcher.simulate.sim_machine import PieceNumbers, Run, SimMachine
from batcher.store import orders
from batcher.store.whole import Whole, read_whole

#: Told how far a run is, 0..1.
Progress = Callable[[float], None]

#: A floor that is not through so long after its last order has lost something.
_GIVE_UP = timedelta(days=14)
_PACKING = timedelta(hours=1)  #: between two looks at what is packed; the moment of packing is exact all the same


@dataclass(frozen=True)
class Pace:
    """
    How soon a plan may follow the one before, in seconds.

    Parameters
    ----------
    least
        Always.
    per_job
        More for each job that waits: large queues change less by one order more, and take longer to plan.
    patience
        So many times as long while no batch could begin anyway: what came is planned before the next one does.
    """

    least: float = 300.0
    per_job: float = 0.6
    patience: float = 3.0

    def after(self, jobs: int) -> timedelta:
        """Return the shortest time from a plan of so many jobs to the next."""
        return timedelta(seconds=self.least + self.per_job * jobs)


DEFAULT_PACE = Pace()


@dataclass
class Trail:
    """What a run leaves behind; moments are the floor's."""

    began_at: datetime
    ended_at: datetime
    whole: Whole = field(default_factory=lambda: Whole([], [], [], []))
    runs: list[Run] = field(default_factory=list)
    plans: list[PlanInForce] = field(default_factory=list)
    planning_s: float = 0.0


class Simulation:
    """
    One run.

    Parameters
    ----------
    floor
        An empty one, whose clock is `clock`.
    arrivals
        Oldest first, at least one.
    policy
        What makes its plans and begins its batches.
    entrance
        How orders come in; none: straight in.
    """

    def __init__(
        self,
        floor: Floor,
        clock: SteppedClock,
        arrivals: Sequence[Arrival],
        scenario: Scenario,
        policy: FloorPolicy,
        pace: Pace = DEFAULT_PACE,
        progress: Progress | None = None,
        entrance: Entrance | None = None,
    ) -> None:
        self._floor, self._clock, self._policy = floor, clock, policy
        self._arrivals, self._pace, self._progress = arrivals, pace, progress
        self._entrance: Entrance = StraightIn(floor) if entrance is None else entrance
        self._agenda = Agenda()
        self._start, self._last = arrivals[0].at, arrivals[-1].at
        self._told: list[StationReport] = []
        self._open: set[str] = set()
        self._stale = False  #: something has changed since the plan
        self._planned_at: datetime | None = None
        self._next_plan_at: datetime | None = None  #: on the agenda
        self._going_on = _processes_with_next(floor.rules.current)
        self._look: set[str] = set()  #: stations at which something may be released now
        self._plan_number = 0
        self._trail = Trail(self._start, self._start)
        self._machines = self._make_machines(scenario)
        self._doors = {name: MemoryDoor(machine.take, clock.now) for name, machine in self._machines.items()}

    def run(self) -> Trail:
        """Play it to its end."""
        for arrival in self._arrivals:
            self._agenda.put(arrival.at, partial(self._arrive, arrival))
        self._agenda.put(self._start + _PACKING, self._pack)
        self._turn()
        give_up_at = self._last + _GIVE_UP
        while (now := self._agenda.next_at()) is not None and now <= give_up_at:
            self._clock.set(now)
            self._agenda.do_due(now)
            self._settle(now)
            if now > self._last and not self._open and not self._entrance.waiting:
                break
        self._trail.ended_at = self._clock.now()
        with self._floor.store.read() as session:
            self._trail.whole = read_whole(session)
        self._trail.runs = [run for machine in self._machines.values() for run in machine.runs]
        return self._trail

    def _arrive(self, arrival: Arrival) -> None:
        self._entrance.come(arrival)
        self._stale = True

    def _turn(self) -> None:
        self._entrance.turn()
        if self._entrance.every is not None:
            self._agenda.put(self._clock.now() + self._entrance.every, self._turn)

    def _make_machines(self, scenario: Scenario) -> dict[str, SimMachine]:
        rules, pieces = self._floor.rules.current, PieceNumbers()
        first, last = self._start.date() - timedelta(days=1), (self._last + _GIVE_UP).date()
        machines = {}
        for station in rules.stations.values():
            real = with_late_operators(station, scenario, first, last)
            machines[station.id] = SimMachine(
                real, rules.processes[station.process], scenario, pieces, self._told.append
            )
            for down_at, up_at in breakdowns(scenario, station.id, self._start, self._last + timedelta(days=7)):
                self._plan_breakdown(station.id, scenario, down_at, up_at)
            if station.attended is not None:
                for opens, _ in station.attended.intervals(self._start, self._last + _GIVE_UP):
                    self._agenda.put(opens, partial(self._look_at, station.id))
        return machines

    def _look_at(self, station: str) -> None:
        self._look.add(station)

    def _plan_breakdown(self, station: str, scenario: Scenario, down_at: datetime, up_at: datetime) -> None:
        def say(*, up: bool) -> None:
            set_station(self._floor, station, up=up, reason="broken down", who="simulation")

        self._agenda.put(down_at, lambda: self._break_down(station, down_at, up_at))
        told_at = down_at + timedelta(seconds=scenario.told_after_s)
        if told_at < up_at:
            self._agenda.put(told_at, lambda: say(up=False))
            self._agenda.put(up_at, lambda: say(up=True))

    def _break_down(self, station: str, now: datetime, until: datetime) -> None:
        self._machines[station].stand_still(now, until)
        self._follow(station)

    def _follow(self, station: str) -> None:
        """Put a machine's next doing on the agenda; one that was put there before finds nothing to do."""
        at = self._machines[station].next_at()
        if at is not None:
            self._agenda.put(max(at, self._clock.now()), lambda: self._advance(station))

    def _advance(self, station: str) -> None:
        machine, now = self._machines[station], self._clock.now()
        due = machine.next_at()
        if due is not None and due <= now:
            machine.advance(now)
            self._follow(station)

    def _settle(self, now: datetime) -> None:
        """Do what a turn of the daemon's loops does, as far as there is anything to do."""
        self._hear()
        self._plan_if_due(now)
        while self._look:
            looked_at, self._look = self._look, set()
            if not release_due(self._floor, policy=self._policy.decide, only=looked_at):
                return
            for sent in send_pending(self._floor.store, self._doors, now):
                self._follow(sent.station)
            self._agenda.do_due(now)
            self._hear()

    def _hear(self) -> None:
        """Apply what machines have told."""
        if not self._told:
            return
        told, self._told[:] = list(self._told), []
        apply_reports(self._floor, told)
        for report in told:
            if report.kind in ("done", "failed"):
                self._look.add(report.station)
                self._stale |= self._floor.rules.current.stations[report.station].process in self._going_on

    def _plan_if_due(self, now: datetime) -> None:
        if self._floor.replan.is_set():
            self._stale = True
        if self._policy.eager and self._look:
            self._plan(now)
        elif self._stale:
            plan = self._floor.plans.current
            due_at = now
            if self._planned_at is not None and plan is not None:
                least = self._pace.after(len(plan.jobs))
                due_at = self._planned_at + (least if self._look else self._pace.patience * least)
            if now >= due_at:
                self._plan(now)
            elif self._next_plan_at != due_at:
                self._next_plan_at = due_at
                self._agenda.put(due_at, lambda: None)

    def _take_in(self, now: datetime) -> None:
        self._open |= set(self._entrance.take_in())
        if self._progress is not None:
            self._progress(
                min(1.0, (now - self._start) / (self._last - self._start)) if self._last > self._start else 1.0
            )

    def _plan(self, now: datetime) -> None:
        began = perf_counter()
        self._take_in(now)
        self._floor.replan.clear()
        rules = self._floor.rules.current
        plan = self._policy.plan(rules, read_snapshot(self._floor, rules))
        self._floor.plans.current = plan
        self._planned_at, self._stale = now, False
        self._plan_number += 1
        self._look |= set(rules.stations)
        self._wake_for(plan)
        self._trail.plans.append(plan)
        self._trail.planning_s += perf_counter() - began

    def _wake_for(self, plan: PlanInForce) -> None:
        """Look again when a batch of this plan becomes due, ready or closed, unless there is another plan by then."""
        lead = timedelta(seconds=int(self._floor.settings.dispatch_s) + 1)
        number, now = self._plan_number, self._clock.now()
        moments: dict[datetime, set[str]] = {}
        for batch in plan.open_batches():
            due_at = plan.snapshot.at + timedelta(seconds=plan.latest_begin[batch.id]) - lead
            ready_at = plan.snapshot.at + timedelta(seconds=max(plan.jobs[job].release for job in batch.jobs))
            bounds = plan.bounds(batch)
            for at in (due_at, ready_at, bounds.wait_until, bounds.next_closing(now)):
                if at is not None and at > now:
                    moments.setdefault(at, set()).add(batch.station)
        if self._policy.eager:  # it lays no piece into a batch before that can be started
            for job in plan.result.plan.unplanned:
                ready_at = plan.snapshot.at + timedelta(seconds=plan.jobs[job].release)
                if ready_at > now:
                    moments.setdefault(ready_at, set())
        for at, stations in moments.items():
            self._agenda.put(at, partial(self._wake, number, stations))

    def _wake(self, number: int, stations: set[str]) -> None:
        if number == self._plan_number:
            self._look |= stations
            self._stale |= not stations

    def _pack(self) -> None:
        now = self._clock.now()
        with self._floor.store.write() as session:
            self._open -= set(orders.pack_items(session, now, self._floor.rules.current.site.pack_s))
        self._agenda.put(now + _PACKING, self._pack)


def _processes_with_next(rules: RuleSet) -> set[str]:
    """Return the processes whose pieces go on to another: what ends there, the plan in force does not know."""
    return {step.process for product in rules.products.values() for step in product.route[:-1]}
