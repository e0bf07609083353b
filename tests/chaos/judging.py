"""
What came of it: the clients' journals and the machines' own logs, against each other and against the database.

The judge is the crash harness's; here its history is put together from what the processes have written.
"""

import json
from collections.abc import Iterable
from typing import Any

from batcher.cli.station import machine_folders
from batcher.domain.states import OrderState
from batcher.rules.schema import load_rules
from batcher.simulate.checker import FloorCheck, check_floor
from batcher.simulate.machine_folders import MachineFolders
from batcher.simulate.machine_log import Event, read_log
from batcher.store import orders
from batcher.store.session import Store
from batcher.store.whole import Whole, read_whole
from tests.chaos.client import SKUS, read_journal
from tests.chaos.floor import Floor
from tests.crash.checker import Verdict, judge_states
from tests.crash.world import History

_KEPT = {"created", "replayed"}


def judged(floor: Floor) -> tuple[Verdict, FloorCheck]:
    """Judge a floor that has been drained."""
    rules = load_rules(floor.rules)
    machines = [machine_folders(floor.state, station) for station in rules.stations.values()]
    store = Store.open(floor.database_url, exclusive=False)
    with store.read() as session:
        whole = read_whole(session)
    store.close()
    history = History()
    for path in floor.journals:
        _tell_orders(history, read_journal(path))
    for machine in machines:
        _tell_made(history, machine, _last_steps(whole))
    states = {order.order_id: str(order.state) for order in whole.orders}
    return judge_states(history, states), check_floor(whole, rules, machines, finished=True)


def open_orders(floor: Floor) -> int:
    """Return how many orders are still to be made."""
    store = Store.open(floor.database_url, exclusive=False)
    try:
        with store.read() as session:
            counts = orders.orders_by_state(session)
    finally:
        store.close()
    return counts.get(OrderState.WAITING, 0) + counts.get(OrderState.IN_PRODUCTION, 0)


def _tell_orders(history: History, entries: Iterable[dict[str, Any]]) -> None:
    for entry in entries:
        order_id = entry["order_id"]
        if entry["what"] == "asked":
            history.note("asked", order_id, op="intake", document=entry["document"])
        else:
            # a held order, or one that was refused, is for a person: nothing would come of it by itself
            kept = entry["outcome"] in _KEPT and not entry["held"]
            history.note("answered", order_id, op="intake", outcome=entry["outcome"] if kept else "not kept")


def _tell_made(history: History, machine: MachineFolders, last: set[str]) -> None:
    """Tell which pieces a machine has made; a piece counts for its order after its last step only."""
    ended = [entry for entry in read_log(machine.log) if entry.event in (Event.DONE, Event.FAILED)]
    for entry in ended:
        kept = [folder / f"{entry.ticket_id}.json" for folder in (machine.made, machine.taken)]
        ticket = json.loads(next(path for path in kept if path.exists()).read_bytes())
        pieces = [
            (item["job_id"], item["item_id"], item["order_id"], _outcome(entry.items, item, last))
            for item in ticket["items"]
        ]
        history.note("made", entry.ticket_id, pieces=pieces)
    for path in machine.refused.iterdir():
        history.note("partial", path.name)


def _outcome(outcomes: Any, item: dict[str, Any], last: set[str]) -> str:
    outcome = str(outcomes.get(item["item_id"], "done"))
    return "on its way" if outcome == "done" and item["job_id"] not in last else outcome


def _last_steps(whole: Whole) -> set[str]:
    steps = {job.id for job in whole.jobs if job.step == job.steps}
    assert max(SKUS.values()) == max((job.steps for job in whole.jobs), default=max(SKUS.values()))
    return steps
