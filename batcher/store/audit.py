"""What must hold inside a database, each as one query that finds what breaks it."""

from sqlalchemy import Connection, text

#: Most examples told of one kind.
_TOLD = 5
#: What is wrong, and the query for what it is wrong with.
_INVARIANTS = (
    (
        "piece {} is on two live tickets",
        "SELECT item_id FROM ticket_items WHERE live GROUP BY item_id HAVING count(*) > 1",
    ),
    (
        "job {} is released, and on no live ticket",
        "SELECT id FROM jobs WHERE state = 'released'"
        " AND NOT EXISTS (SELECT 1 FROM ticket_items WHERE job_id = jobs.id AND live)",
    ),
    (
        "job {} is on a live ticket, and not released",
        "SELECT job_id FROM ticket_items JOIN jobs ON jobs.id = job_id WHERE live AND jobs.state <> 'released'",
    ),
    (
        "ticket {} has ended, and still holds pieces",
        "SELECT DISTINCT ticket_id FROM ticket_items JOIN tickets ON tickets.id = ticket_id"
        " WHERE live AND tickets.state IN ('done', 'failed', 'cancelled')",
    ),
    (
        "ticket {} is live, and holds no pieces",
        "SELECT id FROM tickets WHERE state NOT IN ('done', 'failed', 'cancelled')"
        " AND NOT EXISTS (SELECT 1 FROM ticket_items WHERE ticket_id = tickets.id AND live)",
    ),
    (
        "ticket {} is still to be sent, and not in the outbox",
        "SELECT id FROM tickets WHERE state IN ('released', 'sending')"
        " AND NOT EXISTS (SELECT 1 FROM outbox WHERE ticket_id = tickets.id AND done_at IS NULL)",
    ),
    (
        "ticket {} and its batch do not agree that it has ended",
        "SELECT tickets.id FROM tickets JOIN batches ON batches.id = batch_id"
        " WHERE (tickets.state IN ('done', 'failed', 'cancelled')) = (batches.state IN ('released', 'running'))",
    ),
    (
        "order {} is complete, and has open pieces",
        "SELECT key FROM orders WHERE state = 'complete' AND EXISTS (SELECT 1 FROM items"
        " WHERE order_key = orders.key AND state NOT IN ('packed', 'scrapped', 'cancelled'))",
    ),
    (
        "order {} has all its pieces packed, and is not complete",
        "SELECT key FROM orders WHERE state IN ('waiting', 'in_production') AND NOT EXISTS (SELECT 1 FROM items"
        " WHERE order_key = orders.key AND state NOT IN ('packed', 'scrapped', 'cancelled'))",
    ),
    (
        "order {} is cancelled, and a job of it waits",
        "SELECT DISTINCT key FROM orders JOIN jobs ON order_key = key"
        " WHERE orders.state = 'cancelled' AND jobs.state = 'waiting'",
    ),
    (
        "piece {} was scrapped, and has no remake",
        "SELECT items.id FROM items JOIN orders ON key = order_key WHERE items.state = 'scrapped'"
        " AND NOT EXISTS (SELECT 1 FROM items AS remakes WHERE remakes.remake_of = items.id)",
    ),
    (
        "piece {} is made, and a step of it is not done",
        "SELECT DISTINCT items.id FROM items JOIN jobs ON item_id = items.id"
        " WHERE items.state IN ('made', 'packed') AND jobs.state <> 'done'",
    ),
    (
        "order {} has not as many pieces as were ordered",
        "SELECT key FROM orders WHERE state IN ('waiting', 'in_production', 'complete') AND pieces <>"
        " (SELECT count(*) FROM items WHERE order_key = orders.key AND remake_of IS NULL)",
    ),
)


def problems(connection: Connection) -> list[str]:
    """Return what is wrong, in plain words; empty when all holds."""
    found = _file_problems(connection) if connection.dialect.name == "sqlite" else []
    for message, query in _INVARIANTS:
        broken = [str(ident) for ident in connection.execute(text(query)).scalars()]
        found += [message.format(ident) for ident in broken[:_TOLD]]
        if len(broken) > _TOLD:
            found.append(f"… and {len(broken) - _TOLD} more like it")
    return found


def _file_problems(connection: Connection) -> list[str]:
    told = [str(line) for line in connection.exec_driver_sql("PRAGMA integrity_check").scalars()]
    broken = [f"the file is damaged: {line}" for line in told if line != "ok"]
    for table, row_id, parent, _ in connection.exec_driver_sql("PRAGMA foreign_key_check"):
        broken.append(f"row {row_id} of {table} names a row of {parent} that is not there")
    return broken
