from batcher.planning.problem import Station
from batcher.planning.timeline import Calendar


def calendar(magazine: int = 1) -> Calendar:
    windows = ((0, 1000), (2000, 3000))
    return Calendar.of(Station("s", windows, "a", 0, 0, attended=((0, 400), (2200, 3000)), magazine=magazine))


def test_windows_are_cut_where_the_operator_comes_and_goes() -> None:
    cut = calendar()
    assert list(zip(cut.starts, cut.ends, cut.attended, strict=True)) == [
        (0, 400, True),
        (400, 1000, False),
        (2000, 2200, False),
        (2200, 3000, True),
    ]


def test_a_batch_begun_with_an_operator_may_run_on_alone() -> None:
    assert calendar().earliest(399, 601, False, 0, 0) == (399, 0, 0)


def test_a_batch_too_long_for_a_window_waits_for_the_next() -> None:
    assert calendar().earliest(399, 602, False, 0, 0) == (2200, 3, 0)


def test_a_batch_that_may_begin_alone_takes_a_place_in_the_magazine() -> None:
    assert calendar().earliest(400, 100, True, 0, 0) == (400, 1, 1)


def test_a_full_magazine_sends_a_batch_to_the_next_gap() -> None:
    assert calendar().earliest(500, 100, True, 1, 1) == (2000, 2, 1)


def test_a_batch_that_needs_an_operator_waits_for_one() -> None:
    assert calendar(magazine=9).earliest(400, 100, False, 0, 0) == (2200, 3, 0)


def test_no_window_long_enough_is_told() -> None:
    assert calendar().earliest(2950, 51, False, 0, 0) is None
    assert calendar().earliest(0, 1001, False, 0, 0) is None


def test_a_station_without_shifts_is_always_attended() -> None:
    assert Calendar.of(Station("s", ((5, 10),), "a", 0, 0)).earliest(0, 5, False, 0, 0) == (5, 0, 0)


def test_the_first_end_asks_for_no_operator_but_for_a_window() -> None:
    assert calendar().first_end(400, 600) == 1000
    assert calendar().first_end(401, 600) == 2600
    assert calendar().first_end(0, 1001) is None
