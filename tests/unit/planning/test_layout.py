from hypothesis import given
from hypothesis import strategies as st

from batcher.planning.layout import Packer, Rectangle, fits_alone, place
from batcher.planning.plan import Placement
from batcher.planning.problem import SheetSize


def covered(rectangle: Rectangle, at: Placement) -> tuple[int, int, int, int]:
    width, height = (rectangle.height, rectangle.width) if at.rotated else (rectangle.width, rectangle.height)
    return at.x, at.y, at.x + width, at.y + height


@given(
    sides=st.lists(st.tuples(st.integers(1, 60), st.integers(1, 60), st.booleans()), min_size=1, max_size=12),
    gap=st.integers(0, 7),
)
def test_a_layout_keeps_to_the_sheet_the_gap_and_the_grain(sides: list[tuple[int, int, bool]], gap: int) -> None:
    sheet = SheetSize(100, 120, gap)
    rectangles = [Rectangle(width, height, rotate, f"j{k}") for k, (width, height, rotate) in enumerate(sides)]
    found = place(Packer(sheet), rectangles)
    if found is None:
        return
    boxes = [covered(rectangle, found[rectangle.job]) for rectangle in rectangles]
    for k, (left, bottom, right, top) in enumerate(boxes):
        assert left >= 0 and bottom >= 0 and right <= 100 and top <= 120  # noqa: PT018 - one box
        assert rectangles[k].rotate or not found[rectangles[k].job].rotated
        for other in boxes[k + 1 :]:
            apart_x = other[0] >= right + gap or left >= other[2] + gap
            apart_y = other[1] >= top + gap or bottom >= other[3] + gap
            assert apart_x or apart_y


def test_equal_prints_fill_a_sheet_to_the_last_place() -> None:
    prints = [Rectangle(100, 50, False, f"j{k}") for k in range(16)]
    assert place(Packer(SheetSize(200, 400)), prints) is not None
    assert place(Packer(SheetSize(200, 399)), prints) is None


def test_the_gap_is_kept_between_prints_and_not_at_the_border() -> None:
    prints = [Rectangle(100, 100, True, f"j{k}") for k in range(4)]
    assert fits_alone(SheetSize(205, 205, 5), prints)
    assert not fits_alone(SheetSize(204, 205, 5), prints)


def test_a_print_is_turned_only_when_it_may_be() -> None:
    assert fits_alone(SheetSize(100, 50), [Rectangle(50, 100, True, "j")])
    assert not fits_alone(SheetSize(100, 50), [Rectangle(50, 100, False, "j")])


def test_an_answer_is_remembered_for_other_jobs_of_the_same_shapes() -> None:
    packer = Packer(SheetSize(300, 300))
    place(packer, [Rectangle(10, 20, True, "a"), Rectangle(30, 40, True, "b")])
    known = dict(packer.known)
    place(packer, [Rectangle(40, 30, True, "c"), Rectangle(20, 10, True, "d")])
    assert packer.known == known


def test_large_prints_of_two_sizes_fill_a_sheet_that_leaves_little_over() -> None:
    large = [Rectangle(350, 280, True, f"large {k}") for k in range(4)]
    small = [Rectangle(250, 300, True, f"small {k}") for k in range(2)]
    assert fits_alone(SheetSize(600, 1000, 5), large + small)  # nine tenths of the film


def test_a_sheet_laid_sideways_takes_the_same_prints() -> None:
    prints = [Rectangle(300, 120, False, f"j{k}") for k in range(8)]
    turned = [Rectangle(120, 300, False, f"j{k}") for k in range(8)]
    assert fits_alone(SheetSize(600, 1000, 5), prints)
    assert fits_alone(SheetSize(1000, 600, 5), turned)


def test_the_same_prints_always_lie_the_same_way() -> None:
    prints = [Rectangle(40 + 7 * k, 90 - 5 * k, k % 3 > 0, f"j{k}") for k in range(6)]
    once, again = (place(Packer(SheetSize(200, 220, 2)), prints) for _ in range(2))
    assert once is not None
    assert once == again


def test_prints_that_only_fit_side_by_side_standing_are_laid_so() -> None:
    packer = Packer(SheetSize(580, 1000, 5))
    bags = [Rectangle(280, 300, True, str(k)) for k in range(6)]
    assert place(packer, bags) is not None  # two columns of three, all upright; one turned bag leaves room for four
