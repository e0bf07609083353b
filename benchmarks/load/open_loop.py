"""
An open-loop generator: requests are due at fixed moments, whether or not those before were answered.

A latency counts from the moment a request was due, so that a server that stands still is charged for every request that
would have come meanwhile. It ends when all are answered, or when its time is up: what is open then counts as failed.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from benchmarks.load.http_client import Connection, Request

#: Requests that may be under way at once: with fewer the generator would wait for answers when some are late, and no
#: more be one whose requests come regardless; a floor has as many stations.
_CONNECTIONS = 256
#: Seconds after which nobody relies on a connection any more: the server hangs up on who is silent for five.
_STALE_S = 2.0


@dataclass
class Answers:
    """What came back."""

    offered_per_s: float
    latencies_s: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)  #: 0: no answer
    bodies: list[bytes] = field(default_factory=list)
    took_s: float = 0.0  #: from the first due moment to the last answer

    @property
    def per_s(self) -> float:
        """Return how many were answered well in a second."""
        return sum(n for status, n in self.statuses.items() if 200 <= status < 300) / self.took_s

    @property
    def failed(self) -> int:
        """Return how many were not answered well."""
        return sum(n for status, n in self.statuses.items() if not 200 <= status < 300)

    def percentile_ms(self, percent: float) -> float:
        """Return a latency that so many per cent of the requests stayed within."""
        ordered = sorted(self.latencies_s)
        return 1000 * ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))] if ordered else float("inf")


def send(url: str, requests: Sequence[Request], per_s: float, *, keep: bool = False) -> Answers:
    """
    Send requests at a steady pace and return what came back.

    Parameters
    ----------
    keep
        Keep the answers' bodies.
    """
    return asyncio.run(_Run(url, requests, per_s, keep=keep).all())


class _Run:
    def __init__(self, url: str, requests: Sequence[Request], per_s: float, *, keep: bool) -> None:
        self._url, self._requests, self._per_s, self._keep = url, requests, per_s, keep
        self._next = iter(range(len(requests)))
        self._answers = Answers(per_s)

    async def all(self) -> Answers:
        planned_s = len(self._requests) / self._per_s
        connections = [await Connection.open_to(self._url) for _ in range(_CONNECTIONS)]
        self._began = time.perf_counter() + 0.1
        senders = [asyncio.create_task(self._send(connection)) for connection in connections]
        _, late = await asyncio.wait(senders, timeout=3 * planned_s + 30)
        for sender in late:
            sender.cancel()
        await asyncio.gather(*senders, return_exceptions=True)
        self._answers.took_s = time.perf_counter() - self._began
        self._answers.statuses[0] += len(self._requests) - self._answers.statuses.total()
        return self._answers

    async def _send(self, connection: Connection) -> None:
        for number in self._next:
            due = self._began + number / self._per_s
            wait_s = due - time.perf_counter()
            await asyncio.sleep(wait_s)
            if wait_s > _STALE_S:
                await connection.close()
                connection = await Connection.open_to(self._url)
            try:
                status, body = await connection.ask(self._requests[number])
            except (OSError, EOFError):
                status, body = 0, b""
                await connection.close()
                connection = await Connection.open_to(self._url)
            self._answers.latencies_s.append(time.perf_counter() - due)
            self._answers.statuses[status] += 1
            if self._keep:
                self._answers.bodies.append(body)
        await connection.close()
