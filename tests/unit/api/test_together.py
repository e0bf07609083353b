"""Requests that come while a commit is under way share the next one, and none answers for another's fault."""

import asyncio
import threading
from collections.abc import Sequence

import pytest

from batcher.api.together import Together
from batcher.errors import StoreUnavailableError


class Commits:
    """Doubles numbers in one go; the first go waits until it may end."""

    def __init__(self) -> None:
        self.has_begun, self.may_end = threading.Event(), threading.Event()
        self.turns: list[list[int]] = []

    def __call__(self, asked: Sequence[int]) -> list[int]:
        self.turns.append(list(asked))
        self.has_begun.set()
        self.may_end.wait()
        if 13 in asked:
            raise ValueError(13)
        if 0 in asked:
            raise StoreUnavailableError("away")
        return [2 * number for number in asked]


async def _ask(commits: Commits, numbers: Sequence[int]) -> list[int | BaseException]:
    together = Together(commits)
    first = asyncio.create_task(together.ask(numbers[0]))
    await asyncio.to_thread(commits.has_begun.wait)
    others = [asyncio.create_task(together.ask(number)) for number in numbers[1:]]
    await asyncio.sleep(0)
    commits.may_end.set()
    return await asyncio.gather(first, *others, return_exceptions=True)


def test_what_comes_during_a_commit_is_in_the_next_and_each_gets_its_own_answer() -> None:
    commits = Commits()
    assert asyncio.run(_ask(commits, [1, 2, 3, 4])) == [2, 4, 6, 8]
    assert commits.turns == [[1], [2, 3, 4]]


def test_one_that_cannot_be_done_fails_by_itself() -> None:
    first, second, bad, third = asyncio.run(_ask(Commits(), [1, 2, 13, 3]))
    assert (first, second, third) == (2, 4, 6)
    assert isinstance(bad, ValueError)


def test_a_database_that_is_away_is_asked_once_for_all() -> None:
    commits = Commits()
    first, *others = asyncio.run(_ask(commits, [1, 2, 0, 3]))
    assert first == 2
    assert all(isinstance(answer, StoreUnavailableError) for answer in others)
    assert commits.turns == [[1], [2, 0, 3]]


def test_who_has_gone_holds_up_nobody() -> None:
    async def one_goes() -> list[int | BaseException]:
        commits = Commits()
        together = Together(commits)
        tasks = [asyncio.create_task(together.ask(number)) for number in (1, 2, 3)]
        await asyncio.to_thread(commits.has_begun.wait)
        tasks[1].cancel()
        commits.may_end.set()
        return await asyncio.gather(*tasks, return_exceptions=True)

    first, gone, last = asyncio.run(one_goes())
    assert (first, last) == (2, 6)
    assert isinstance(gone, asyncio.CancelledError)


@pytest.mark.parametrize("rounds", [1, 3])
def test_it_begins_anew_when_nobody_has_asked_for_a_while(rounds: int) -> None:
    async def ask_in_turn() -> list[int]:
        commits = Commits()
        commits.may_end.set()
        together = Together(commits)
        return [await together.ask(number) for number in range(1, rounds + 1)]

    assert asyncio.run(ask_in_turn()) == [2 * number for number in range(1, rounds + 1)]
