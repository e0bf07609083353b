"""The floor in one line."""

from collections.abc import Sequence
from dataclasses import dataclass

from batcher.api.health import Stale
from batcher.domain.states import OrderState
from batcher.services.board.floor_view import FloorBoard
from batcher.services.board.stations import Doing


@dataclass(frozen=True)
class Verdict:
    """How bad it is (good, warning or bad), and why."""

    grade: str
    text: str


def verdict(board: FloorBoard, stale: Sequence[Stale]) -> Verdict:
    """Return what matters most right now."""
    if stale:
        return Verdict("bad", "; ".join(map(str, stale)))
    if board.safe_mode:
        return Verdict("bad", f"Nothing is sent: {board.safe_mode}")
    if board.plan_is_old and board.open_orders:
        return Verdict("bad", "Planning stands still: there is no new plan for more than ten minutes")
    down = board.count(Doing.DOWN)
    counted = [
        (board.late, "late"),
        (board.at_risk, "at risk"),
        (sum(card.in_doubt for card in board.stations), "in doubt"),
        (down, "station down" if down == 1 else "stations down"),
        (board.blanks_missed, "blank out" if board.blanks_missed == 1 else "blanks out"),
        (board.orders.get(OrderState.HELD, 0), "held"),
    ]
    told = " · ".join(f"{count:,} {what}" for count, what in counted if count)
    if board.late:
        return Verdict("bad", told)
    return Verdict("warning", told) if told else Verdict("good", _all_well(board.open_orders))


def _all_well(open_orders: int) -> str:
    if not open_orders:
        return "Nothing to do"
    return "1 open order, on course" if open_orders == 1 else f"All {open_orders:,} open orders on course"
