"""What a daemon refuses to start with."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from batcher.daemon.main import open_floor
from batcher.daemon.notify import take_notifier
from batcher.errors import RulesError
from batcher.store import stations
from batcher.store.session import Store
from tests.builders_api import NOW, opened_floor, order, send_ticket
from tests.builders_floor import take


def test_rules_that_lack_a_station_with_tickets_in_hand_are_refused_and_the_lock_is_let_go(tmp_path: Path) -> None:
    with opened_floor(tmp_path) as floor:
        with floor.store.write() as session:
            stations.ensure_stations(session, ["uv-9"], NOW)
        take(floor, order())
        send_ticket(floor, "uv-9", "uv-print")
        settings = floor.settings
    with pytest.raises(RulesError) as refused:
        open_floor(settings, settings.floor_clock(datetime.now(UTC)), take_notifier())
    (fault,) = refused.value.faults
    assert (fault.where, fault.code) == ("station uv-9", "strands_work")
    assert "live tickets: 1" in fault.message
    assert Store.locked_by(settings.store_url) is None
