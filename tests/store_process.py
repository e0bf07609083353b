"""
Processes that race for the store and die in the middle of its work, each a fork of one that has only imported.

Started by tests as ``python -m tests.store_process MODE DIRECTORY [N]``; prints one JSON document.
"""

import json
import os
import signal
import sys
import traceback
from collections.abc import Callable
from functools import partial
from itertools import count
from pathlib import Path

from sqlalchemy import Engine, event

from batcher.errors import StoreLockedError
from batcher.store import batches, migrate, orders
from batcher.store.session import Session, Store
from tests.builders_store import NOW, add, first_steps, fresh_store, open_orders, release_jobs, run_through, sqlite_url

DIED = -signal.SIGKILL


def main() -> None:
    mode, directory = sys.argv[1], Path(sys.argv[2])
    match mode:
        case "race":
            result: object = race(directory, int(sys.argv[3]))
        case "kill":
            result = {name: kill_everywhere(directory / name, work) for name, work in WORKS.items()}
        case "kill_upgrade":
            result = kill_upgrade_everywhere(directory)
        case _:
            raise SystemExit(2)
    print(json.dumps(result))


def fork(work: Callable[[], int]) -> int:
    """Run work in a child and return its pid; the child ends with what the work returns."""
    pid = os.fork()
    if pid:
        return pid
    try:
        code = work()
    except BaseException:  # noqa: BLE001 - a child must never go on as a second parent
        traceback.print_exc()
        code = 99
    os._exit(code)


def ended(pid: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def race(directory: Path, contestants: int) -> dict[str, int]:
    """Let processes open one store at once; the winner keeps it until all others have tried."""
    migrate.upgrade(sqlite_url(directory))
    start_read, start_write = os.pipe()
    tried_read, tried_write = os.pipe()
    end_read, end_write = os.pipe()

    def contest() -> int:
        os.close(start_write)
        os.close(end_write)
        os.read(start_read, 1)
        try:
            store = Store.open(sqlite_url(directory), exclusive=True)
        except StoreLockedError:
            os.write(tried_write, b".")
            return 75
        os.write(tried_write, b".")
        os.read(end_read, 1)
        store.close()
        return 0

    pids = [fork(contest) for _ in range(contestants)]
    os.close(start_write)
    for _ in pids:
        os.read(tried_read, 1)
    holder = Store.locked_by(sqlite_url(directory))
    os.close(end_write)
    codes = [ended(pid) for pid in pids]
    return {"won": codes.count(0), "refused": codes.count(75), "holder": int(holder in pids)}


def die_at_statement(number: int) -> None:
    """Kill this process before its n-th statement from now, or at the commit that would have followed."""
    statements = count(1)

    def check(*_: object) -> None:
        if next(statements) == number:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(Engine, "before_cursor_execute", check)
    event.listen(Engine, "commit", check)


def take_in(s: Session) -> None:
    add(s, "new", pieces=3)


def release(s: Session) -> None:
    (order,) = orders.find_orders(s, "A-1")
    release_jobs(s, [job.id for job in first_steps(s, order.key)])


def finish(s: Session) -> None:
    (order,) = orders.find_orders(s, "A-2")
    (ticket,) = batches.live_tickets(s)
    outcomes = {item.id: "failed" if n else "done" for n, item in enumerate(orders.items_of(s, order.key))}
    batches.finish_ticket(s, ticket.id, outcomes, rests={}, now=NOW)


WORKS: dict[str, Callable[[Session], None]] = {"take_in": take_in, "release": release, "finish": finish}


def contents(store: Store) -> str:
    """Return everything that matters, as text that two equal databases share."""
    with store.read() as s:
        states = [[order.order_id, order.state, len(orders.items_of(s, order.key))] for order in open_orders(s)]
        tickets = sorted(ticket.state for ticket in batches.tickets(s))
        return json.dumps([sorted(states), tickets, len(orders.open_work(s))])


def prepare(directory: Path) -> int:
    directory.mkdir(parents=True)
    store = fresh_store(directory)
    with store.write() as s:
        add(s, "A-1", pieces=3)
        release_jobs(s, [job.id for job in first_steps(s, add(s, "A-2", pieces=3))])
        (ticket,) = batches.live_tickets(s)
        run_through(s, ticket.id)
    store.close()
    return 0


def kill_everywhere(directory: Path, work: Callable[[Session], None]) -> dict[str, object]:
    """Kill a unit of work before each of its statements in turn; return what was found on disk after each death."""
    found: list[tuple[str, list[str]]] = []
    for number in count(1):
        place = directory / str(number)
        assert ended(fork(partial(prepare, place))) == 0
        code = ended(fork(partial(_work_until, place, work, number)))
        state = directory / f"{number}.json"
        assert ended(fork(partial(_look, place, state))) == 0
        found.append(tuple(json.loads(state.read_text())))
        if code != DIED:
            return {"code": code, "deaths": number - 1, "states": [one for one, _ in found], "problems": found[-1][1]}
        assert found[-1][1] == []
    raise AssertionError


def _work_until(place: Path, work: Callable[[Session], None], number: int) -> int:
    store = Store.open(sqlite_url(place), exclusive=True)
    die_at_statement(number)
    with store.write() as s:
        work(s)
    return 0


def _look(place: Path, state: Path) -> int:
    store = Store.open(sqlite_url(place), exclusive=True)
    found = contents(store)
    store.close()
    state.write_text(json.dumps([found, migrate.check(sqlite_url(place))]))
    return 0


def kill_upgrade_everywhere(directory: Path) -> dict[str, object]:
    """Kill the making of the schema before each statement in turn, always on the same file."""
    revisions: list[str | None] = []

    def until(number: int) -> int:
        die_at_statement(number)
        migrate.upgrade(sqlite_url(directory))
        return 0

    for number in count(1):
        code = ended(fork(partial(until, number)))
        revisions.append(migrate.current(sqlite_url(directory)))
        if code != DIED or revisions[-1] is not None:
            break
    migrate.upgrade(sqlite_url(directory))
    return {"deaths": len(revisions) - 1, "revisions": revisions, "problems": migrate.check(sqlite_url(directory))}


if __name__ == "__main__":
    main()
