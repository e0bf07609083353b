"""Sheets and labels as a printer makes them: read back by a decoder, laid out to scale, the same every time."""

import pytest

from batcher.dispatch.printing.glyphs import cut, drawable, lines, width
from batcher.dispatch.printing.labels import labels_pdf
from batcher.dispatch.printing.sheet import sheet_pdf
from batcher.dispatch.ticket import TicketSheet
from tests.builders_paper import TICKET_ID, codes, item, printed, sizes_mm, texts

FILM = TicketSheet(width_mm=580, height_mm=1000)
LABEL = (62.0, 29.0)


def test_a_scanner_reads_the_ticket_from_its_sheet_in_both_codes() -> None:
    pdf = sheet_pdf(printed(item(1), item(2)), "a4")
    assert codes(pdf) == {("QRCode", TICKET_ID), ("Code128", TICKET_ID)}


@pytest.mark.parametrize("size", [LABEL, (40.0, 20.0), (100.0, 50.0)])
def test_a_scanner_reads_piece_and_check_code_from_every_label(size: tuple[float, float]) -> None:
    pdf = labels_pdf(printed(item(1), item(2)), size)
    for page in (0, 1):
        assert codes(pdf, page) == {("QRCode", item(page + 1).item_id), ("Code128", "BCDF")}


def test_a_sheet_says_what_the_station_needs() -> None:
    (page,) = texts(sheet_pdf(printed(item(1, "Ada & Χρήστος ♥")), "a4"))
    for told in ("uv-1", "no 7", "tin-jig", "change over first (7 min)", "Ada & Χρήστος ♥", "5433-001", "BCDF",
                 "1 piece in 1 of 15 slots", "Mon 23 Nov 09:00"):  # fmt: skip
        assert told in page


def test_labels_hold_nothing_personal() -> None:
    for page in texts(labels_pdf(printed(item(1, "Zsófia"), item(2, "Миша")), LABEL)):
        assert "Zsófia" not in page
        assert "Миша" not in page


def test_the_same_ticket_is_the_same_file() -> None:
    batch = printed(item(1), item(2, "Миша 2026"))
    assert sheet_pdf(batch, "a4") == sheet_pdf(batch, "a4")
    assert labels_pdf(batch, LABEL) == labels_pdf(batch, LABEL)


def test_pages_have_the_size_that_is_set() -> None:
    batch = printed(item(1))
    assert sizes_mm(sheet_pdf(batch, "a4")) == [(210.0, 297.0)]
    assert sizes_mm(sheet_pdf(batch, "letter")) == [(215.9, 279.4)]
    assert sizes_mm(labels_pdf(batch, LABEL)) == [LABEL]


def test_a_label_that_is_too_small_for_its_codes_is_refused() -> None:
    with pytest.raises(ValueError, match="40 x 20 mm"):
        labels_pdf(printed(item(1)), (30.0, 15.0))


def test_every_piece_of_a_large_sheet_is_on_a_page_once_and_pages_are_counted() -> None:
    pieces = [item(n, f"name {n:03}", at=(n % 2 * 290, n // 2 * 12), rotated=n % 3 == 0) for n in range(1, 121)]
    pages = texts(sheet_pdf(printed(*pieces, sheet=FILM), "a4"))
    whole = "\n".join(pages)
    assert all(whole.count(f"name {n:03}") == 1 for n in range(1, 121))
    assert [f"page {n} of {len(pages)}" in page for n, page in enumerate(pages, 1)] == [True] * len(pages)
    assert all(TICKET_ID in page for page in pages)


def test_a_bed_holds_pieces_of_several_slots() -> None:
    (page,) = texts(sheet_pdf(printed(item(1), item(2), slots=3), "a4"))
    assert "2 pieces in 6 of 15 slots" in page


@pytest.mark.parametrize(
    ("text", "drawn"),
    [
        ("Zsófia", "Zsófia"),
        ("Zso\u0301fia", "Zsófia"),  # composed: our font has it in one
        ("Ελένη Ђорђе Արամ თამარ", "Ελένη Ђорђе Արամ თამარ"),
        ("love \u2764\ufe0f", "love \u2764"),
        ("hi 😀!", "hi [U+1F600]!"),
        ("李小", "[U+674E U+5C0F]"),
        ("שרה", "[U+05E9 U+05E8 U+05D4]"),  # from right to left: not drawn rather than drawn backwards
        ("two\nlines", "two lines"),
    ],
)
def test_what_the_font_cannot_draw_is_told_and_never_drawn_wrongly(text: str, drawn: str) -> None:
    found = drawable(text)
    assert found.text == drawn
    assert found.whole is ("[U+" not in drawn)


def test_a_sheet_warns_where_a_text_is_not_drawn_whole() -> None:
    (page,) = texts(sheet_pdf(printed(item(1, "李小龍")), "a4"))
    assert "! [U+674E U+5C0F U+9F8D]" in page
    assert "compare the piece with the ticket on a screen" in page
    (other,) = texts(sheet_pdf(printed(item(1, "Ada")), "a4"))
    assert "compare the piece" not in other


def test_the_longest_text_stays_within_its_column_whole() -> None:
    text = "W" * 120 + " and some more words behind it that are short"
    broken = lines(text, 8.5, 100)
    assert all(width(line, 8.5) <= 100 for line in broken)
    assert "".join(broken).replace(" ", "") == text.replace(" ", "")


def test_a_line_that_does_not_fit_ends_in_an_ellipsis() -> None:
    assert cut("short", 8, 100) == "short"
    assert cut("a very long line that does not fit", 8, 60).endswith("…")
    assert width(cut("a very long line that does not fit", 8, 60), 8) <= 60
