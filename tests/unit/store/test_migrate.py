"""The schema: made by the migrations exactly as the tables say, copied, and checked."""

import re
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, create_engine, text

from batcher.errors import StoreError, StoreLockedError
from batcher.store import migrate, orders, plans
from batcher.store.engine import make_engine
from batcher.store.schema import HEAD
from batcher.store.session import Store
from batcher.store.tables import metadata
from tests.builders_store import add, first_steps, fresh_store, release_jobs, sqlite_url


def test_the_newest_migration_is_the_schema_this_version_works_with() -> None:
    assert migrate.head() == HEAD


def test_the_migrations_make_what_the_tables_say(url: str) -> None:
    migrate.upgrade(url)
    assert migrate.current(url) == HEAD
    engine = make_engine(url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
    engine.dispose()


def test_the_migrations_make_the_same_checks_and_indexes_too(tmp_path: Path) -> None:
    migrate.upgrade(sqlite_url(tmp_path))
    direct = create_engine(f"sqlite:///{tmp_path / 'direct.db'}")
    metadata.create_all(direct)
    migrated = make_engine(sqlite_url(tmp_path))
    with direct.connect() as one, migrated.connect() as other:
        assert _clauses(one) == _clauses(other)
    direct.dispose()
    migrated.dispose()


def test_upgrading_twice_changes_nothing(url: str) -> None:
    assert migrate.current(url) is None
    migrate.upgrade(url)
    migrate.upgrade(url)
    assert migrate.check(url) == []


def test_plans_are_packed_when_a_database_is_brought_up_to_date(url: str) -> None:
    engine = create_engine(url)
    with engine.begin() as connection:
        command.upgrade(migrate._config(connection), "0013")
        connection.execute(
            text(
                "INSERT INTO plans VALUES ('P1', '2026-11-23 10:00:00', 'r', 'feasible', 12.5, NULL, 13.0, 0.5, 7,"
                """ '{"batches": [], "at": "Zoë"}', 'h')"""
            )
        )
    engine.dispose()
    migrate.upgrade(url)
    store = Store.open(url, exclusive=False)
    with store.read() as s:
        plan = plans.latest_plan(s)
    store.close()
    assert plan is not None
    assert (plan.id, plan.bound, plan.jobs) == ("P1", None, 7)
    assert plan.created_at.isoformat() == "2026-11-23T10:00:00+00:00"
    assert plan.document.unpacked() == {"batches": [], "at": "Zoë"}


def test_a_database_in_use_by_a_daemon_is_not_upgraded(tmp_path: Path) -> None:
    store = fresh_store(tmp_path)
    with store.write() as s:
        s.execute(text("DROP TABLE alembic_version"))
    with pytest.raises(StoreLockedError):
        migrate.upgrade(sqlite_url(tmp_path))
    store.close()


def test_a_backup_is_a_whole_database_as_of_one_moment(tmp_path: Path) -> None:
    store = fresh_store(tmp_path)
    with store.write() as s:
        key = add(s)
    target = tmp_path / "copies" / "batcher.db"
    target.parent.mkdir()
    migrate.backup(sqlite_url(tmp_path), target)
    with store.write() as s:
        orders.cancel_order(s, key, orders.get_order(s, key).received_at)
    store.close()
    assert [path.name for path in target.parent.iterdir()] == ["batcher.db"]
    copy = Store.open(sqlite_url(target.parent), exclusive=True)
    with copy.read() as s:
        assert orders.get_order(s, key).state == "waiting"
    copy.close()
    assert migrate.check(sqlite_url(target.parent)) == []


def test_a_backup_never_overwrites_anything(tmp_path: Path) -> None:
    fresh_store(tmp_path).close()
    target = tmp_path / "precious"
    target.write_text("mine")
    with pytest.raises(StoreError, match="exists"):
        migrate.backup(sqlite_url(tmp_path), target)
    assert target.read_text() == "mine"
    with pytest.raises(StoreError, match="no folder"):
        migrate.backup(sqlite_url(tmp_path), tmp_path / "nowhere" / "copy.db")
    with pytest.raises(StoreError, match="no database"):
        migrate.backup(sqlite_url(tmp_path / "nowhere"), tmp_path / "copy.db")


def test_postgresql_is_backed_up_with_its_own_tool(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="pg_dump"):
        migrate.backup("postgresql://localhost/batcher", tmp_path / "copy")


def test_a_database_without_a_schema_is_told_by_check(tmp_path: Path) -> None:
    assert migrate.check(sqlite_url(tmp_path)) == [f"the schema is missing, this version works with {HEAD}"]


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        ("UPDATE jobs SET state = 'released' WHERE state = 'waiting'", "is released, and on no live ticket"),
        ("UPDATE ticket_items SET live = 0", "is live, and holds no pieces"),
        ("UPDATE jobs SET state = 'done'", "is on a live ticket, and not released"),
        ("UPDATE tickets SET state = 'done'", "has ended, and still holds pieces"),
        ("UPDATE batches SET state = 'done'", "do not agree that it has ended"),
        ("DELETE FROM outbox", "not in the outbox"),
        ("UPDATE orders SET state = 'complete', completed_at = received_at", "is complete, and has open pieces"),
        ("UPDATE items SET state = 'packed', packed_at = '2026-11-23'", "is not complete"),
        ("UPDATE items SET state = 'scrapped'", "has no remake"),
        ("UPDATE items SET state = 'made'", "a step of it is not done"),
        ("UPDATE orders SET state = 'cancelled'", "is cancelled, and a job of it waits"),
        ("UPDATE orders SET pieces = 7", "has not as many pieces as were ordered"),
        ("UPDATE jobs SET order_key = 'nobody' WHERE state = 'waiting'", "names a row of orders that is not there"),
        (
            "DROP INDEX ux_ticket_items_live_item; DROP INDEX ux_ticket_items_live;"
            " INSERT INTO ticket_items SELECT ticket_id, item_id || '-2', item_id, slot, x_mm, y_mm, rotated,"
            " check_code, live, outcome FROM ticket_items LIMIT 1",
            "is on two live tickets",
        ),
    ],
)
def test_check_finds_what_must_never_be(tmp_path: Path, damage: str, told: str) -> None:
    store = fresh_store(tmp_path)
    with store.write() as s:
        key = add(s, pieces=2)
        release_jobs(s, [job.id for job in first_steps(s, key)])
    store.close()
    engine = create_engine(sqlite_url(tmp_path))
    with engine.begin() as connection:
        for statement in damage.split(";"):
            connection.execute(text(statement))
    engine.dispose()
    assert any(told in problem for problem in migrate.check(sqlite_url(tmp_path)))


def _clauses(connection: Connection) -> dict[str, set[str]]:
    """Return what each table and index says, in any order of its clauses."""
    rows = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL"))
    said = {name: " ".join(sql.split()) for name, sql in rows if name != "alembic_version"}
    return {name: {part.strip(" ()") for part in re.split(r", (?=[A-Z\"a-z])", sql)} for name, sql in said.items()}
