"""Answers that are remembered: the same question is asked once, and what is kept has bounds."""

import itertools
import pickle
from functools import partial

import pytest

from batcher.rules import remembered
from batcher.rules.remembered import Remembered


def test_an_answer_is_found_once() -> None:
    known, numbers = Remembered(), itertools.count(1)

    assert [known.answer("a", lambda: next(numbers)) for _ in range(3)] == [1, 1, 1]


def test_what_fails_is_tried_again() -> None:
    known = Remembered()
    try:
        known.answer("a", lambda: 1 // 0)
    except ZeroDivisionError:
        assert known.answer("a", lambda: 2) == 2


def test_no_more_is_kept_than_its_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remembered, "_MOST", 10)
    known = Remembered()

    for number in range(100):
        assert known.answer(number, partial(int, number)) == number

    assert len(known._answers) <= 10


def test_another_process_finds_out_for_itself() -> None:
    known = Remembered()
    known.answer("a", lambda: 1)

    assert pickle.loads(pickle.dumps(known)).answer("a", lambda: 2) == 2
