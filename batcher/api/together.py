"""
Requests that come while a commit is under way are done together in the next one.

A commit waits for the disk once, however much is in it: so many small requests cost little more than one. Each is
answered after the commit that it is in.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from anyio import CapacityLimiter, to_thread

from batcher.errors import StoreError

Asked = TypeVar("Asked")
Answer = TypeVar("Answer")

#: Orders, or reports, done in one go: a write lasts well under a second.
_MOST = 500


def _one(_: object) -> int:
    return 1


class Together(Generic[Asked, Answer]):
    """
    Does in one go what several requests ask for at the same time; used from one event loop.

    Parameters
    ----------
    do
        Does all that is asked, or nothing, in a thread, and gives each its answer. When it fails for another reason
        than the database, each is tried alone, so that one that cannot be done fails by itself.
    size
        How many orders, or reports, a request asks for.
    """

    def __init__(self, do: Callable[[Sequence[Asked]], Sequence[Answer]], size: Callable[[Asked], int] = _one) -> None:
        self._do, self._size = do, size
        self._waiting: list[tuple[Asked, asyncio.Future[Answer]]] = []
        self._turns: asyncio.Task[None] | None = None

    async def ask(self, asked: Asked) -> Answer:
        """Return the answer once it is committed, or raise why it was not."""
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((asked, answer))
        if self._turns is None or self._turns.done():
            self._turns = asyncio.create_task(self._take_turns())
        return await answer

    async def _take_turns(self) -> None:
        one_at_a_time = CapacityLimiter(1)
        while self._waiting:
            turn = self._next()
            outcomes = await to_thread.run_sync(self._outcomes, [asked for asked, _ in turn], limiter=one_at_a_time)
            for (_, answer), outcome in zip(turn, outcomes, strict=True):
                if answer.done():  # whoever asked has gone
                    continue
                if isinstance(outcome, Exception):
                    answer.set_exception(outcome)
                else:
                    answer.set_result(outcome)

    def _next(self) -> list[tuple[Asked, asyncio.Future[Answer]]]:
        """Return the requests of the next go: the first, and as many after it as there is room for."""
        count, left = 0, _MOST
        for asked, _ in self._waiting:
            left -= self._size(asked)
            if left < 0 and count:
                break
            count += 1
        turn, self._waiting = self._waiting[:count], self._waiting[count:]
        return turn

    def _outcomes(self, asked: Sequence[Asked]) -> Sequence[Answer | Exception]:
        try:
            return self._do(asked)
        except StoreError as error:
            return [error] * len(asked)
        except Exception as error:  # noqa: BLE001 - whose it is, is found out below; whoever asked is told
            if len(asked) == 1:
                return [error]
            return [outcome for one in asked for outcome in self._outcomes([one])]
