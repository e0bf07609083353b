"""
One station in the model for CP-SAT: in which order its batches run, what changing over takes and costs, and when they
may begin. What is in a batch and how long it lasts is the model's.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from batcher.planning.index import Instance, StationView, Unit


@dataclass(frozen=True, slots=True)
class Stop:
    """A batch that may run on a station, if it is `on` it."""

    rep: Unit
    on: Any
    start: Any
    end: Any


class StationModel:
    """
    Constraints that let a station run one batch at a time, and what that costs.

    Where every changeover takes and costs the same there is no order to choose: batches only lie apart. Elsewhere
    they form a circuit, from the state at time 0 and back to it; that they lie apart, which follows, is said as well,
    since CP-SAT sees from it at once that too much is wanted in too little time.
    """

    def __init__(self, model: Any, instance: Instance, view: StationView, stops: Sequence[Stop]) -> None:
        self.model, self.instance, self.view, self.stops = model, instance, view, stops
        self.costs: list[Any] = []
        self.alone: list[list[Any]] = [[] for _ in view.calendar.starts]  #: what begins there with nobody about
        horizon = instance.problem.horizon
        begins = [model.NewIntVar(0, horizon, "") for _ in stops]  #: the changeover, or the batch if there is none
        unattended = [self._stretches(stop, begin) for stop, begin in zip(stops, begins, strict=True)]
        same = self._same_changeover()
        if same is None:
            self._apart([stop.start for stop in stops])
            self._circuit(begins, unattended)
        else:
            self._apart(begins)
            self._change_over(*same, begins, unattended)
        for begun in self.alone:
            if len(begun) > view.calendar.magazine:
                model.Add(sum(begun) <= view.calendar.magazine)

    def _same_changeover(self) -> tuple[int, int] | None:
        """Return seconds and money of the changeover before every batch, if they are always the same."""
        into = {self._state(stop) for stop in self.stops}
        ways = {
            (self.instance.change_seconds[came][state], self.view.change_money[came][state])
            for came in into | {self.view.state}
            for state in into
        }
        return ways.pop() if len(ways) == 1 else None

    def _state(self, stop: Stop) -> int:
        return self.instance.families[stop.rep.family].state

    def _apart(self, begins: Sequence[Any]) -> None:
        """Have batches that are on the station not overlap."""
        horizon = self.instance.problem.horizon
        self.model.AddNoOverlap(
            self.model.NewOptionalIntervalVar(begin, self.model.NewIntVar(0, horizon, ""), stop.end, stop.on, "")
            for stop, begin in zip(self.stops, begins, strict=True)
        )

    def _change_over(self, seconds: int, money: int, begins: list[Any], unattended: list[list[Any]]) -> None:
        """Have the same changeover before every batch."""
        for stop, begin, nobody in zip(self.stops, begins, unattended, strict=True):
            self.model.Add(stop.start == begin + seconds).OnlyEnforceIf(stop.on)
            self.costs.append(money * stop.on)
            if seconds and not self.view.setup_unattended:
                self.model.Add(sum(nobody) == 0)

    def _circuit(self, begins: list[Any], unattended: list[list[Any]]) -> None:
        """Have batches follow each other, each after the changeover from the one before."""
        model, view = self.model, self.view
        circuit = [(0, 0, model.NewBoolVar(""))]
        for node, stop in enumerate(self.stops, 1):
            circuit += [(node, node, stop.on.Not()), (node, 0, model.NewBoolVar(""))]
            begin, state, changes = begins[node - 1], self._state(stop), []
            for origin, before in enumerate((None, *self.stops)):
                if origin == node:
                    continue
                arc = model.NewBoolVar("")
                circuit.append((origin, node, arc))
                came = view.state if before is None else self._state(before)
                seconds = self.instance.change_seconds[came][state]
                model.Add(stop.start == begin + seconds).OnlyEnforceIf(arc)
                changes += [arc] if seconds else []
                if before is not None:
                    model.Add(begin >= before.end).OnlyEnforceIf(arc)
                self.costs.append(view.change_money[came][state] * arc)
            if unattended[node - 1] and not view.setup_unattended:
                model.Add(sum(unattended[node - 1]) + sum(changes) <= 1)
        model.AddCircuit(circuit)

    def _stretches(self, stop: Stop, begin: Any) -> list[Any]:
        """Have a batch begin in one stretch of the station's calendar; return the choices with nobody there."""
        model, calendar = self.model, self.view.calendar
        choice, unattended = [], []
        for k, begun in enumerate(self.alone):
            if not calendar.attended[k] and not self.instance.families[stop.rep.family].unattended:
                continue
            chosen = model.NewBoolVar("")
            choice.append(chosen)
            last = calendar.ends[k] - (calendar.ends[k] < calendar.closes[k])
            model.AddLinearConstraint(begin, calendar.starts[k], last).OnlyEnforceIf(chosen)
            model.Add(stop.end <= calendar.closes[k]).OnlyEnforceIf(chosen)
            if not calendar.attended[k]:
                begun.append(chosen)
                unattended.append(chosen)
        model.Add(sum(choice) == stop.on)
        return unattended
