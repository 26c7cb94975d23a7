"""The schema of the metadata: which step a database has reached, and the way from there to the newest."""

from functools import cache
from pathlib import Path
from typing import Final

from sqlalchemy import column, inspect, select, table
from sqlalchemy.engine import Connection

MIGRATIONS: Final = Path(__file__).parents[1] / "migrations"
REACHED: Final = "alembic_version"


def is_newest(connection: Connection) -> bool:
    """Tell whether the tables are there; a step that we do not know was made by a later release."""
    reached = _reached(connection)
    return reached is not None and reached not in steps()[:-1]


def upgrade(connection: Connection) -> bool:
    """Go to the newest step, in the transaction of this connection; True if there was no table before."""
    fresh = not inspect(connection).has_table(REACHED)
    if not is_newest(connection):
        _run_migrations(connection)
    return fresh


@cache
def steps() -> tuple[str, ...]:
    """Name the steps that this release knows, the newest last: what their files' names begin with."""
    return tuple(sorted(path.name.partition("_")[0] for path in MIGRATIONS.glob("versions/[0-9]*.py")))


def _reached(connection: Connection) -> str | None:
    if not inspect(connection).has_table(REACHED):
        return None
    step: str | None = connection.scalar(select(column("version_num")).select_from(table(REACHED)))
    return step


def _run_migrations(connection: Connection) -> None:
    from alembic import command  # noqa: PLC0415 - 10 MB and a quarter of a second, for the first start of a release
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
