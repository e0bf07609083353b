"""A short chaos: the long one is ``make chaos MINUTES=30``."""

from pathlib import Path

import pytest

from tests.chaos.run import run_chaos
from tests.postgres_server import server_binaries


@pytest.mark.proof
@pytest.mark.timeout(600)
@pytest.mark.skipif(server_binaries() is None, reason="no PostgreSQL in /usr/lib/postgresql")
def test_nothing_is_lost_or_made_twice_while_daemons_stations_clients_and_the_server_die(tmp_path: Path) -> None:
    outcome = run_chaos(tmp_path / "floor", 20, seed=1)
    assert outcome.unsound == []
    assert outcome.check.complete > 0
