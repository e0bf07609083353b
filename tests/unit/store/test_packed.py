"""What is packed comes out as it went in."""

import pytest

from batcher.store.packed import Packed


@pytest.mark.parametrize(
    "document", [{}, {"batches": [{"jobs": ["a", "b"], "fill": 0.5}]}, {"why": "Zoë, half \ud800"}]
)
def test_a_document_comes_out_as_it_was_packed(document: dict[str, object]) -> None:
    assert Packed.of(document).unpacked() == document
