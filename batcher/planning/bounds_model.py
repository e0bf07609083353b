"""
The model, in whole numbers for CP-SAT, of what every plan does in each stretch of time.

How many units of each lot end in a stretch; how many batches of a family end there on each station, and how long they
last at least; which states the station comes into for them. What a plan does before a moment fits into the time that
stations are open before it. All else is left away: every plan is a solution, at no more than the plan's cost.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from batcher.planning.bounds_batches import Stock, fewest, room
from batcher.planning.bounds_changeovers import cheapest_entry
from batcher.planning.bounds_lots import Grid, Lot, lots
from batcher.planning.index import NO_LIMIT, ModeView

#: (column, factor)
Terms = list[tuple[Any, int]]
#: The units of lots that end in one stretch.
_Ending = list[tuple[Lot, Any]]


class Model:
    """
    The columns and rows; `constant` is what solutions cost beyond the objective, both money times 3600.

    Parameters
    ----------
    grid
        Where time is cut.
    stocks
        Units that can be planned, by family.
    states_of
        The states each station may be in because some unit runs on it.
    near
        Sets of states that may be cheap to change between and dear to come into.
    """

    def __init__(
        self,
        grid: Grid,
        stocks: Mapping[int, Stock],
        states_of: Sequence[frozenset[int]],
        near: Sequence[frozenset[int]],
    ) -> None:
        from ortools.sat.python import cp_model  # takes seconds to import

        self._cp, self.model = cp_model, cp_model.CpModel()
        self._grid, self._instance, self._near = grid, grid.ends.instance, near
        self._stretches = range(1, len(grid.moments))
        self._costs: Terms = []
        self._paid: dict[int, Any] = {}  #: what each joint order pays
        self._runs = {  # whether a station has batches in a state in a stretch
            (station, state, t): self._column(1)
            for station, states in enumerate(states_of)
            for state in sorted(states)
            for t in self._stretches
        }
        self._busy: defaultdict[tuple[int, int], Terms] = defaultdict(list)  #: seconds by (station, stretch)
        self.constant = sum(
            self._instance.orders[order].lateness(self._instance.unplanned_end) for order in grid.ends.lost
        )
        for family, stock in stocks.items():
            self._family(self._instance.families[family].state, stock)
        for station, states in enumerate(states_of):
            changes = self._changes(station, states)
            self._time(station, changes)
        self.model.minimize(self._sum(self._costs))

    def _column(self, most: int, cost: int = 0) -> Any:
        column = self.model.new_int_var(0, most, "")
        if cost:
            self._costs.append((column, cost))
        return column

    def _row(self, terms: Terms, least: int = 0) -> None:
        self.model.add_linear_constraint(self._sum(terms), least, self._cp.INT_MAX)

    def _sum(self, terms: Terms) -> Any:
        return self._cp.LinearExpr.weighted_sum([column for column, _ in terms], [factor for _, factor in terms])

    def _family(self, state: int, stock: Stock) -> None:
        """Have every unit end in some stretch, in a batch there, or be left out."""
        rate = min(mode.rate for mode in stock.modes)
        ending: defaultdict[int, _Ending] = defaultdict(list)
        batches: Terms = []
        for lot in lots(self._grid, stock):
            *owed, left_out = lot.like.owed
            rounded_away = [rate * (unit.serial - lot.like.serial) for unit in lot.units]
            self.constant += sum(rounded_away)
            columns = [self._column(lot.count, money) for money in owed]
            columns.append(self._column(lot.count, left_out - max(rounded_away)))
            self.model.add_linear_constraint(self._sum([(column, 1) for column in columns]), lot.count, lot.count)
            self._joint(lot, columns)
            for t, column in zip(lot.stretches, columns, strict=False):
                ending[t].append((lot, column))
            batches.append((columns[-1], 1))  # one that is left out spares a batch at most
        for t in self._stretches:
            batches += [(column, 1) for column in self._batches(state, stock, ending[t], t).values()]
        self._row(batches, fewest(stock))

    def _joint(self, lot: Lot, columns: Sequence[Any]) -> None:
        """Have orders that wait for several units pay for the latest."""
        unit = lot.units[0]
        for order in self._grid.joint(unit):
            late = self._grid.late(unit, order)
            if order not in self._paid:
                self._paid[order] = self._column(late[-1], 1)
            owed = [(column, -money) for column, money in zip(columns, late, strict=True) if money]
            self._row([(self._paid[order], 1), *owed])

    def _batches(self, state: int, stock: Stock, ending: _Ending, t: int) -> dict[int, Any]:
        """Have batches enough, and long enough, for the units that end in a stretch; return them by station."""
        first: dict[int, Any] = {}
        shorter, below = first, 0
        modes = [mode for mode in stock.modes if any(lot.like.stations >> mode.station & 1 for lot, _ in ending)]
        count = sum(lot.count for lot, _ in ending)
        for step in sorted({lot.like.parallel for lot, _ in ending}):
            lasting: dict[int, Any] = {}  # how many batches last so long in parallel
            for mode in modes:
                begun = stock.per_batch[stock.modes.index(mode)] if not first else 0
                column = lasting[mode.station] = self._column(count, begun + mode.rate * (step - below))
                self._busy[mode.station, t].append((column, step - below + (mode.seconds if not first else 0)))
                if first:
                    self._row([(shorter[mode.station], 1), (column, -1)])
            self._room(stock, modes, lasting, [(lot, column) for lot, column in ending if lot.like.parallel >= step])
            for lot, column in ending:
                if lot.like.parallel == step:
                    on = [(batch, lot.count) for station, batch in lasting.items() if lot.like.stations >> station & 1]
                    self._row([*on, (column, -1)])
            first = first or lasting
            shorter, below = lasting, step
        for station, column in first.items():
            self._row([(self._runs[station, state, t], count), (column, -1)])
        self._serial(modes, first, ending, t)
        return first

    def _room(self, stock: Stock, modes: Sequence[ModeView], batches: Mapping[int, Any], ending: _Ending) -> None:
        if stock.mixed or any(room(mode) >= NO_LIMIT for mode in modes):
            return
        whole = sum(lot.like.taken * lot.count for lot, _ in ending)
        rooms = [(batches[mode.station], min(room(mode), whole)) for mode in modes]
        self._row([*rooms, *((column, -lot.like.taken) for lot, column in ending)])

    def _serial(self, modes: Sequence[ModeView], batches: Mapping[int, Any], ending: _Ending, t: int) -> None:
        """Have stations with a batch run for the serial times of all that ends in a stretch."""
        whole = sum(lot.like.serial * lot.count for lot, _ in ending)
        if not whole:
            return
        running = []
        for mode in modes:
            column = self._column(whole, mode.rate)
            self._row([(batches[mode.station], whole), (column, -1)])
            self._busy[mode.station, t].append((column, 1))
            running.append((column, 1))
        self._row([*running, *((column, -lot.like.serial) for lot, column in ending)])

    def _changes(self, station: int, states: frozenset[int]) -> list[dict[tuple[int, int], Any]]:
        """Have a station stand in a state that it runs, or come into it; return its changeovers by stretch."""
        view = self._instance.stations[station]
        most = len(self._instance.units)
        free = {state: cheapest_entry(view, states, state) for state in states}  # every batch pays it already
        stands = [{view.state: self._column(1)}]
        changes: list[dict[tuple[int, int], Any]] = [{}]
        for t in self._stretches:
            here = {
                (before, state): self._column(most, view.change_money[before][state] - free[state])
                for state in sorted(states)
                for before in sorted({view.state, *states} - {state})
            }
            stands.append({state: self._column(1) for state in sorted({view.state, *states})})
            changes.append(here)
            for state, stood in stands[t].items():
                before = [(stands[t - 1][state], 1)] if state in stands[t - 1] else []
                come = [(column, 1) for (_, after), column in here.items() if after == state]
                gone = [(column, -1) for (left, _), column in here.items() if left == state]
                self._row([*before, *come, *gone, (stood, -1)])
            for state in sorted(states):
                self._entries(self._runs[station, state, t], state, stands[:t], changes)
        return changes

    def _entries(
        self,
        run: Any,
        state: int,
        stands: Sequence[Mapping[int, Any]],
        changes: Sequence[Mapping[tuple[int, int], Any]],
    ) -> None:
        """Have a run's states, and sets near it, be stood in at each moment before or come into since."""
        for near in [frozenset([state]), *(found for found in self._near if state in found)]:
            since: Terms = []
            for stood, change in zip(reversed(stands), reversed(changes), strict=False):
                since += [(column, 1) for (a, b), column in change.items() if b in near and a not in near]
                self._row([*since, *((column, 1) for s, column in stood.items() if s in near), (run, -1)])

    def _time(self, station: int, changes: Sequence[Mapping[tuple[int, int], Any]]) -> None:
        """Have all that ends up to a moment take no longer than the station is open before it."""
        busy: Terms = []
        for t in self._stretches:
            seconds = self._instance.change_seconds
            busy += [(column, -lasts) for column, lasts in self._busy[station, t] if lasts]
            busy += [(column, -seconds[a][b]) for (a, b), column in changes[t].items() if seconds[a][b]]
            windows = self._instance.problem.stations[station].windows
            open_s = sum(max(0, min(closes, self._grid.moments[t]) - opens) for opens, closes in windows)
            if busy:
                self._row(busy, -open_s)
