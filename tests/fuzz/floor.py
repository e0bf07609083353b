"""A floor for random requests: it has an order, a plan and a ticket under way, so that most routes find something."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from batcher.services.context import Floor
from batcher.services.intake import take_orders
from batcher.services.releasing import release_due
from tests.builders_api import opened_floor, order
from tests.builders_floor import order_document, plan_at_once, send

_A_BATCH = 15


@contextmanager
def fuzzed_floor(state_dir: Path) -> Iterator[Floor]:
    """Open such a floor, which limits nobody's requests."""
    with opened_floor(state_dir) as opened:
        floor = replace(opened, settings=opened.settings.model_copy(update={"requests_per_s": 1e6}))
        take_orders(floor, [order("W-1"), order_document(quantity=_A_BATCH, order_id="W-2")], "api")
        plan_at_once(floor)  # there are no quotes without one
        assert release_due(floor)
        send(floor)
        yield floor
