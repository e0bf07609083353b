"""
A shop's system that may die at any moment: ``python -m tests.chaos.client JOURNAL ADDRESS CLOCK RATE SEED``.

What it is about to ask is in its journal before it asks, and what it was told after. Started again, it asks anew what
was not answered: it cannot know better. SIGTERM lets it ask for nothing new; it ends once everything is answered.
"""

import contextlib
import json
import random
import signal
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx

from batcher.domain.clock import Clock

#: What is ordered, and how many steps it takes.
SKUS = {
    "TIN-CAK-NATURAL-01": 1,
    "MUG-CER-WHITE-01": 2,
}
#: What a daemon answers that has dealt with an order, for good.
_ANSWERED = {200, 201, 202, 409, 422}
_REST_S = 0.2


class Journal:
    """What was asked and told, one JSON object a line; a line that a kill tore was never finished."""

    def __init__(self, path: Path) -> None:
        self.entries = read_journal(path)
        self._file = path.open("a")
        if path.stat().st_size and not path.read_bytes().endswith(b"\n"):
            self._file.write("\n")

    def note(self, what: str, order_id: str, **told: Any) -> None:
        entry = {"at": time.time(), "what": what, "order_id": order_id, **told}
        self.entries.append(entry)
        self._file.write(json.dumps(entry) + "\n")
        self._file.flush()


def read_journal(path: Path) -> list[dict[str, Any]]:
    """Return the whole lines of a journal."""
    found = []
    for line in path.read_text().splitlines() if path.exists() else ():
        with contextlib.suppress(ValueError):  # torn by a kill
            found.append(json.loads(line))
    return found


class Client:
    """Asks at a pace, one thing at a time."""

    def __init__(self, journal: Journal, address: Path, clock: Clock, rate: float, name: str) -> None:
        self._journal, self._address, self._clock, self._rate, self._name = journal, address, clock, rate, name
        self._stopping = False
        asked = {entry["order_id"]: entry["document"] for entry in journal.entries if entry["what"] == "asked"}
        answered = {entry["order_id"] for entry in journal.entries if entry["what"] == "answered"}
        self._open = [document for order_id, document in asked.items() if order_id not in answered]
        self._count = len(asked)
        self._chance = random.Random(f"{name} {self._count}")

    def stop(self) -> None:
        """Ask for nothing new."""
        self._stopping = True

    def run(self) -> None:
        """Ask until told to stop, and then until everything is answered."""
        for document in self._open:
            self._ask_until_answered(document)
        while not self._stopping:
            document = self._new()
            self._journal.note("asked", document["order_id"], document=document)
            self._ask_until_answered(document)
            time.sleep(self._chance.expovariate(self._rate))  # shoppers come when they like

    def _new(self) -> dict[str, Any]:
        self._count += 1
        chance = self._chance
        line = {
            "sku": chance.choice(sorted(SKUS)),
            "quantity": chance.choice((1, 1, 2, 3)),
            "text": f"for {self._count}",
        }
        return {
            "order_id": f"{self._name}-{self._count}",
            "placed_at": self._clock.now().isoformat(),
            "service": "economy",
            "lines": [line],
        }

    def _ask_until_answered(self, document: dict[str, Any]) -> None:
        while True:
            try:
                answer = httpx.post(self._url(), json=document, timeout=10, trust_env=False)
            except (httpx.HTTPError, OSError):
                time.sleep(_REST_S)  # a shop rests before it asks again
                continue
            if answer.status_code in _ANSWERED:
                told = answer.json()
                self._journal.note(
                    "answered", document["order_id"], status=answer.status_code,
                    outcome=told.get("outcome", told.get("code")), held=told.get("held_code"),
                )  # fmt: skip
                return
            time.sleep(_REST_S)  # here too

    def _url(self) -> str:
        return f"{self._address.read_text().strip()}/v1/orders"


def main(journal: str, address: str, clock: str, rate: str, seed: str) -> None:
    """Run a client until SIGTERM."""
    floor_at, anchor_at, speed = clock.split("@")
    floor_clock = Clock(float(speed), datetime.fromisoformat(floor_at), datetime.fromisoformat(anchor_at))
    path = Path(journal)
    client = Client(Journal(path), Path(address), floor_clock, float(rate), f"{path.stem}-{seed}")
    signal.signal(signal.SIGTERM, lambda *_: client.stop())
    client.run()


if __name__ == "__main__":
    main(*sys.argv[1:])
