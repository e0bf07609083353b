"""Which schema a database has, and which one this version works with; changing it is `migrate`'s work."""

from sqlalchemy import Connection, inspect, text

#: The revision of the newest file in `migrations/versions`; revisions are numbered, so that they compare.
HEAD = "0014"


def revision_of(connection: Connection) -> str | None:
    """Return the schema revision of a database; none when it has none yet."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
    return None if found is None else str(found)
