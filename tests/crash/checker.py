"""
The judge: what clients were told and stations saw, against each other and against the database.

It shares no code with the daemon. The database is asked only after the others, as one witness more.
"""

import sqlite3
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.crash.world import History


@dataclass(frozen=True)
class Verdict:
    """What was found; every list but `recovered` must be empty."""

    lost: list[str]
    duplicated: list[str]
    unexpected: list[str]
    partial: list[str]
    contradicted: list[str]  #: made after it was told to be cancelled, and not named for recall
    disagreed: list[str]  #: the database says another thing than clients and stations
    recovered: list[str]  #: asked, not answered, and done all the same: as it may be

    @property
    def faults(self) -> list[str]:
        kinds = ("lost", "duplicated", "unexpected", "partial", "contradicted", "disagreed")
        return [f"{kind}: {one}" for kind in kinds for one in getattr(self, kind)]


def judge(history: History, database: Path) -> Verdict:
    """Judge a floor on a SQLite file that has been drained."""
    return judge_states(history, _states(database))


def judge_states(history: History, states: Mapping[str, str]) -> Verdict:
    """Judge a floor that has been drained, so that whatever should be made has had its time, by its orders' states."""
    asked, accepted, recalls = _told(history)
    published = Counter(ident for what, ident, _ in history.entries if what == "made")
    made, good = Counter[str](), Counter[str]()
    for what, _, told in history.entries:
        if what == "made":
            for job, _, order, outcome in told["pieces"]:
                made[job] += 1
                good[order] += outcome == "done"
    wanted = {order: asked[order] for order in accepted if order not in recalls}
    return Verdict(
        lost=[f"{order}: {good[order]} of {n}" for order, n in wanted.items() if good[order] < n]
        + [f"{order}: not in the database" for order in accepted if order not in states],
        duplicated=[f"ticket {one} came {n} times" for one, n in published.items() if n > 1]
        + [f"job {job} was made {n} times" for job, n in made.items() if n > 1]
        + [f"{order}: {good[order]} of {n}" for order, n in asked.items() if good[order] > n],
        unexpected=[order for order in good if order not in asked],
        partial=[ident for what, ident, _ in history.entries if what == "partial"],
        contradicted=_contradictions(history),
        disagreed=[f"{order} is {states.get(order)}" for order in wanted if states.get(order) != "complete"]
        + [f"{order} is {states.get(order)}" for order in recalls if states.get(order) != "cancelled"],
        recovered=sorted(set(states) - set(accepted)),
    )


def _told(history: History) -> tuple[dict[str, int], list[str], dict[str, list[str]]]:
    """Return how many pieces were asked for, which orders were acknowledged, and what cancelling each had to recall."""
    asked: dict[str, int] = {}
    accepted: list[str] = []
    recalls: dict[str, list[str]] = {}
    for what, order, told in history.entries:
        if what == "asked" and told["op"] == "intake":
            asked[order] = sum(line["quantity"] for line in told["document"]["lines"])
        elif what == "answered" and told["outcome"] in ("created", "replayed"):
            accepted.append(order)
        elif what == "answered" and told["outcome"] == "cancelled":
            recalls[order] = told["recall"]
    return asked, accepted, recalls


def _contradictions(history: History) -> list[str]:
    cancelled: dict[str, list[str]] = {}
    found = []
    for what, ident, told in history.entries:
        if what == "answered" and told["outcome"] == "cancelled":
            cancelled[ident] = told["recall"]
        elif what == "made":
            pieces: list[tuple[str, str, str, Any]] = told["pieces"]
            found += [f"{item} of {order}" for _, item, order, _ in pieces if item not in cancelled.get(order, [item])]
    return found


def _states(database: Path) -> dict[str, str]:
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    try:
        return dict(connection.execute("SELECT order_id, state FROM orders"))
    finally:
        connection.close()
