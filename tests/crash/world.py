"""
What surrounds the daemon: clients who send and cancel orders, stations that make what they find in their folders.

They know only what is published, share no code with the daemon, and live on while it dies. Each writes down what it did
and saw, in the order in which it happened.
"""

import hashlib
import json
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

#: What is ordered, and the process of its last step.
SKUS = {"TIN-1": "print", "MUG-1": "press"}


@dataclass
class History:
    """Everything that was seen from outside, in order: what happened, to what, and what was told."""

    entries: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)

    def note(self, what: str, ident: str, **told: Any) -> None:
        self.entries.append((what, ident, told))


class Client:
    """Sends one request at a time; one that was not answered is sent again, as its writer cannot know better."""

    def __init__(self, chance: random.Random, history: History) -> None:
        self._chance, self._history = chance, history
        self._todo: list[dict[str, Any]] = []
        self._count = 0
        self._asked = False

    def plan_orders(self, count: int, placed_at: datetime) -> None:
        """Want some more orders, a few of which will be cancelled."""
        for _ in range(count):
            document = self.new_document(placed_at)
            self._todo.append({"op": "intake", "order_id": document["order_id"], "document": document})
            if self._chance.random() < 0.2:
                self._todo.append({"op": "cancel", "order_id": document["order_id"]})

    def plan_reload(self, write_rules: Callable[[], None]) -> None:
        """Want the rules to be other ones, later."""
        self._todo.append({"op": "reload", "order_id": "", "write": write_rules})

    def new_document(self, placed_at: datetime) -> dict[str, Any]:
        """Return an order that was not there before."""
        self._count += 1
        order_id, chance = f"C-{self._count}", self._chance
        line = {"sku": chance.choice(sorted(SKUS)), "quantity": chance.randint(1, 3), "text": f"for {order_id}"}
        return {"order_id": order_id, "placed_at": placed_at.isoformat(), "service": "economy", "lines": [line]}

    @property
    def ended(self) -> bool:
        return not self._todo

    def next_request(self) -> bytes | None:
        """Return the next line to send; none while an answer is awaited, or at the end."""
        if self._asked or not self._todo:
            return None
        self._asked = True
        request = dict(self._todo[0])
        write = request.pop("write", None)
        if write is not None:
            write()
        self._history.note("asked", request["order_id"], **request)
        return json.dumps(request).encode() + b"\n"

    def hear(self, answer: bytes) -> None:
        request, told = self._todo[0], json.loads(answer)
        self._history.note("answered", request["order_id"], op=request["op"], **told)
        self._asked = False
        if told["outcome"] != "failed":
            self._todo.pop(0)

    def forget(self) -> None:
        """Learn that the daemon has died: what was asked is not known to be done."""
        self._asked = False


class FileWriter:
    """Drops order files into a folder; one that is away again was taken in."""

    def __init__(self, folder: Path, client: Client, history: History) -> None:
        self._folder, self._client, self._history = folder, client, history
        self._todo: list[dict[str, Any]] = []
        self._lying: dict[str, Path] = {}

    @property
    def ended(self) -> bool:
        return not self._todo and not self._lying

    def plan_files(self, count: int, placed_at: datetime) -> None:
        """Want some more orders, each in a file of its own."""
        self._todo += [self._client.new_document(placed_at) for _ in range(count)]

    def step(self) -> None:
        if self._todo and self._folder.is_dir():
            document = self._todo.pop()
            self._history.note("asked", document["order_id"], op="intake", document=document)
            path = self._folder / f"{document['order_id']}.json"
            part = path.with_suffix(".part")
            part.write_text(json.dumps([document]))
            part.rename(path)
            self._lying[document["order_id"]] = path
        for order_id, path in [*self._lying.items()]:
            if not path.exists():
                assert (path.parent / "done" / path.name).exists(), f"{path.name} was refused"
                self._history.note("answered", order_id, op="intake", outcome="created")
                del self._lying[order_id]


def pieces_made(ticket: Mapping[str, Any], outcomes: Mapping[str, str]) -> list[tuple[str, str, str, str]]:
    """Return job, piece, order and what came of it; a good piece counts as done after its last step only."""
    found = []
    for item in ticket["items"]:
        outcome = outcomes[item["item_id"]]
        ends = SKUS[item["sku"]] == ticket["process"] or outcome != "done"
        found.append((item["job_id"], item["item_id"], item["order_id"], outcome if ends else "on its way"))
    return found


class Station:
    """Makes every ticket that comes, some pieces wrongly, and tells so once, twice or late."""

    def __init__(self, home: Path, name: str, chance: random.Random, history: History) -> None:
        self._name, self._chance, self._history = name, chance, history
        self._hot, self._reports = home / "stations" / name / "in", home / "stations" / name / "out"
        self._due: list[tuple[int, str, dict[str, Any]]] = []
        self._steps = 0

    def step(self) -> None:
        self._steps += 1
        if self._chance.random() < 0.7 and self._hot.is_dir():
            for path in sorted(self._hot.glob("*.json")):
                self._make(path)
        for entry in [entry for entry in self._due if entry[0] <= self._steps]:
            self._due.remove(entry)
            self._tell(entry[1], entry[2])

    def _make(self, path: Path) -> None:
        content = path.read_bytes()
        path.unlink()
        ticket = _whole(content)
        if ticket is None:
            self._history.note("partial", path.name)
            return
        outcomes = {i["item_id"]: "failed" if self._chance.random() < 0.1 else "done" for i in ticket["items"]}
        pieces = pieces_made(ticket, outcomes)
        self._history.note("made", ticket["ticket_id"], station=self._name, pieces=pieces)
        for number, kind in enumerate(self._chance.choice((("done",), ("accepted", "running", "done")))):
            report = {
                "format": "batcher-report/1", "report_id": f"{ticket['ticket_id']}-{kind}", "station": self._name,
                "ticket_id": ticket["ticket_id"], "kind": kind, "at": "2026-11-23T10:00:00Z",
                "items": outcomes if kind == "done" else {}, "reason": "smudged" if kind == "done" else "",
            }  # fmt: skip
            due = self._steps + 1 + number + self._chance.randint(0, 3)
            self._due += [(due, f"{report['report_id']}.json", report)]
            if self._chance.random() < 0.2:  # told twice: the second time late
                self._due += [(due + 5, f"{report['report_id']}.again.json", report)]

    def _tell(self, name: str, report: dict[str, Any]) -> None:
        part = self._reports / f".{name}.part"
        part.write_text(json.dumps(report))
        part.rename(self._reports / name)


def _whole(content: bytes) -> dict[str, Any] | None:
    try:
        ticket: dict[str, Any] = json.loads(content)
    except ValueError:
        return None
    claimed = ticket.pop("sha256", "")
    told = json.dumps(ticket, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    return ticket if hashlib.sha256(told).hexdigest() == claimed else None
