"""
When units are done at the very earliest, and the lateness that no plan avoids.

Everything a unit would have to share its station with is left away: only its release, those it waits for, the
station's windows and operators and the first changeover into its state count.
"""

from batcher.planning.bounds_changeovers import runnable
from batcher.planning.index import Instance, ModeView, Unit


def earliest_ends(instance: Instance) -> list[int]:
    """Return when each unit is done at the very earliest; units that can never be planned at the unplanned end."""
    ends = [instance.unplanned_end] * len(instance.units)
    missing = [len(unit.before) for unit in instance.units]
    ready = [unit for unit in instance.units if not unit.before]
    first_end = _Stations(instance).first_end
    while ready:
        unit = ready.pop()
        begin = max([unit.release, *(ends[before] + lag for before, lag in unit.before)])
        if unit.modes:
            ends[unit.place] = min([instance.unplanned_end, *(first_end(unit, mode, begin) for mode in unit.modes)])
        for after in unit.after:
            missing[after] -= 1
            if not missing[after]:
                ready.append(instance.units[after])
    return ends


def unavoidable(instance: Instance, ends: list[int]) -> list[int]:
    """Return for each order the lateness (money times 3600) it pays in every plan, given its units' earliest ends."""
    return [order.lateness(max(ends[unit] for unit in order.units)) if order.units else 0 for order in instance.orders]


class _Stations:
    """How early a batch can end on each station that has nothing else to do."""

    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        self.states_of = runnable(instance)
        self.known: dict[tuple[int, int], tuple[int, int]] = {}

    def first_end(self, unit: Unit, mode: ModeView, ready: int) -> int:
        """Return the end of a unit alone in a mode when it may start at `ready`."""
        lasts = mode.seconds + unit.serial + unit.parallel
        family, calendar = self.instance.families[mode.family], self.instance.stations[mode.station].calendar
        quickest, longest = self._changeovers(mode.station, family.state)
        start = max(ready, min(calendar.starts, default=0) + quickest)
        # What begins is the changeover: that is when operators and magazines count, and releases do not.
        begun = calendar.earliest(start - longest, lasts, family.unattended, stretch=0, load=0)
        if begun is not None:
            start = max(start, begun[0])
            for opens, closes in zip(calendar.starts, calendar.closes, strict=True):
                if max(start, opens) + lasts <= closes:
                    return max(start, opens) + lasts
        return self.instance.unplanned_end

    def _changeovers(self, station: int, state: int) -> tuple[int, int]:
        """Return the least time from the first opening to a start in the state, and the longest changeover."""
        if (station, state) not in self.known:
            initial, seconds = self.instance.stations[station].state, self.instance.change_seconds
            into = {before: seconds[before][state] for before in self.states_of[station] | {initial}}
            quickest = min(time for before, time in into.items() if initial == state or before != state)
            self.known[station, state] = quickest, max(into.values())
        return self.known[station, state]
