"""The parts that each view is made of."""

from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import Request

from batcher.api.board.parts import Part
from batcher.api.board.verdict import verdict
from batcher.api.board.wall import by_turns
from batcher.api.health import Health
from batcher.domain.access import Scope
from batcher.services.board.batch_view import batch_view
from batcher.services.board.floor_view import floor_board
from batcher.services.board.order_view import order_view
from batcher.services.board.rules_view import rules_view
from batcher.services.board.timeline import SPANS, shift_keeping, timeline
from batcher.services.board.trouble import trouble
from batcher.services.context import Floor
from batcher.services.load_list import load_lists


@dataclass(frozen=True)
class TimeAsked:
    """Which stretch of time somebody wants to see."""

    hours: int
    shift: int

    def zoomed(self, hours: int) -> "TimeAsked":
        """Return what shows about the same moment more closely, or from further away."""
        return TimeAsked(hours, shift_keeping(self.hours, self.shift, hours))

    @property
    def query(self) -> str:
        """Return how a page is asked for it."""
        return f"?hours={self.hours}" + (f"&shift={self.shift}" if self.shift else "")


def time_asked(request: Request) -> TimeAsked:
    """Return what is asked of the timeline; what cannot be is as if it had not been."""
    hours, shift = (request.query_params.get(name, "") for name in ("hours", "shift"))
    wanted = int(hours) if hours.isdecimal() and len(hours) < 4 else 0
    moved = int(shift) if shift.removeprefix("-").isdecimal() and len(shift) < 5 else 0
    return TimeAsked(wanted if wanted in SPANS else 8, moved)


def ref_asked(request: Request) -> str:
    """Return what the last part of the path names."""
    return str(request.path_params["ref"])


@dataclass(frozen=True)
class BatchAsked:
    """Which batch somebody wants to see, and whether with what customers wrote."""

    ref: str
    texts: bool


def batch_asked(request: Request) -> BatchAsked:
    """Return the batch that the path names; texts are for those who may see orders."""
    return BatchAsked(ref_asked(request), Scope.ORDERS_READ in request.state.actor.scopes)


class Readers:
    """Reads what each view shows, and takes it apart."""

    def __init__(self, floor: Floor, health: Health) -> None:
        self._floor, self._health = floor, health

    def floor(self, _: None) -> Sequence[Part]:
        """Return the floor: what matters most, the next collections, a card for each station."""
        board = floor_board(self._floor)
        parts = [
            Part("verdict", "parts/verdict.html", verdict(board, self._health.stale_loops())),
            Part("shift", "parts/shift.html", board.shift),
            Part("numbers", "parts/numbers.html", (board.orders, board.at_risk, board.late)),
            Part("collections", "parts/collections.html", board.collections),
            Part("plan", "parts/plan.html", (board.plan, board.rules_hash, board.rules_since)),
        ]
        return parts + [Part(f"station-{card.id}", "parts/station.html", card) for card in board.stations]

    def timeline(self, asked: TimeAsked) -> Sequence[Part]:
        """Return the timeline: its axis, and a lane for each station."""
        seen = timeline(self._floor, asked.hours, asked.shift)
        axis = Part("axis", "parts/axis.html", (seen.window, seen.ticks, seen.collections))
        return [axis, *(Part(f"lane-{lane.station}", "parts/lane.html", lane) for lane in seen.lanes)]

    def wall(self, _: None) -> Sequence[Part]:
        """Return the floor as a screen across the hall shows it."""
        board = floor_board(self._floor)
        return [
            Part("wall-verdict", "parts/wall_verdict.html", (verdict(board, self._health.stale_loops()), board.shift)),
            Part("wall-collections", "parts/wall_collections.html", board.collections),
            Part("wall-stations", "parts/wall_stations.html", by_turns(board.stations)),
        ]

    def night(self, _: None) -> Sequence[Part]:
        """Return what to lay ready, a part for each station that is left alone."""
        return [Part(f"night-{each.station}", "parts/night.html", each) for each in load_lists(self._floor)]

    def rules(self, _: None) -> Sequence[Part]:
        """Return the rules in force."""
        return [Part("rules", "parts/rules.html", rules_view(self._floor))]

    def batch(self, asked: BatchAsked) -> Sequence[Part]:
        """Return one batch."""
        view = batch_view(self._floor, asked.ref, texts=asked.texts)
        return [Part("batch", "parts/batch.html", view)]

    def order(self, ref: str) -> Sequence[Part]:
        """Return one order."""
        return [Part("order", "parts/order.html", order_view(self._floor, ref))]

    def trouble(self, _: None) -> Sequence[Part]:
        """Return what needs a person, a part for each kind."""
        found = trouble(self._floor)
        return [
            Part("stations", "parts/trouble_stations.html", (found.down, found.up)),
            Part("blanks", "parts/trouble_blanks.html", (found.blanks, found.there)),
            Part("in-doubt", "parts/trouble_doubt.html", found.in_doubt),
            Part("late", "parts/trouble_late.html", (found.late, found.late_count)),
            Part("at-risk", "parts/trouble_risk.html", (found.at_risk, found.at_risk_count)),
            Part("held", "parts/trouble_held.html", (found.held, found.held_count, found.held_by_code)),
            Part("failed", "parts/trouble_failed.html", (found.failed, found.remakes)),
        ]
