"""Alembic migrations of the metadata's schema."""

from functools import cache
from pathlib import Path
from typing import Final

from sqlalchemy import column, inspect, select, table
from sqlalchemy.engine import Connection

MIGRATIONS: Final = Path(__file__).parents[1] / "migrations"
VERSION_TABLE: Final = "alembic_version"


def is_newest(connection: Connection) -> bool:
    """Return whether no migration is pending.

    An unknown revision belongs to a later release and counts as newest.
    """
    if not inspect(connection).has_table(VERSION_TABLE):
        return False
    current = connection.scalar(select(column("version_num")).select_from(table(VERSION_TABLE)))
    return current is not None and current not in revisions()[:-1]


def upgrade(connection: Connection) -> bool:
    """Upgrade to the newest revision in the connection's transaction.

    Return True if the database was empty.
    """
    is_empty = not inspect(connection).has_table(VERSION_TABLE)
    if not is_newest(connection):
        from alembic import command  # noqa: PLC0415 - 10 MB and 0.25 s, only needed after an upgrade
        from alembic.config import Config  # noqa: PLC0415

        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    return is_empty


@cache
def revisions() -> tuple[str, ...]:
    """List the revisions of this release, newest last, by the prefixes of their file names."""
    return tuple(
        sorted(path.name.partition("_")[0] for path in MIGRATIONS.glob("versions/[0-9]*.py"))
    )
