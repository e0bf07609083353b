"""A page that is open while the daemon's PostgreSQL goes away tells so, and goes on by itself."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import expect, sync_playwright

from batcher.simulate.processes import FloorProcesses, stop
from tests.browser.served import launch, looking
from tests.builders_api import RULES
from tests.postgres_server import PostgresServer

#: A daemon waits for a server that is away, and asks it ever more rarely.
_SOON_MS = 120_000


@pytest.mark.proof
def test_an_open_page_tells_that_the_database_is_gone_and_goes_on_when_it_is_back(
    tmp_path: Path, own_postgres_server: PostgresServer
) -> None:
    how = FloorProcesses(
        state_dir=tmp_path, rules=RULES, floor_at=datetime(2026, 11, 23, 9, tzinfo=UTC), anchor_at=datetime.now(UTC),
        speed=60, solver_workers=1, database_url=own_postgres_server.url,
    )  # fmt: skip
    daemon = how.start_daemon()
    try:
        with sync_playwright() as playwright, looking(launch(playwright), how.url()) as look:
            page = look.open("/")
            lost = page.locator("#lost")
            expect(lost).to_be_hidden()

            own_postgres_server.stop()
            expect(lost).to_be_visible(timeout=_SOON_MS)
            expect(lost).to_contain_text("database")
            asked = page.request.get(f"{how.url()}/trouble")
            assert (asked.status, "database" in asked.text()) == (503, True)

            own_postgres_server.start()
            expect(lost).to_be_hidden(timeout=_SOON_MS)
            assert page.request.get(f"{how.url()}/trouble").status == 200
            assert look.complaints == []
    finally:
        stop(daemon)
