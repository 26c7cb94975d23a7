"""Steps before serving: the schema's migration, the bootstrap key, and the check for a key."""

from contextlib import closing
from typing import Final

import typer

from service.auth.operations import create_bootstrap_key, has_keys
from service.config import Settings
from service.stores.database import Database, DatabaseUnavailable, wait_until_available
from service.system.sockets import LOOPBACK_HOSTS

NO_KEY_MESSAGE: Final = (
    "without an API key, the service listens on loopback addresses only: "
    f"{', '.join(LOOPBACK_HOSTS)}. Create a key first: python -m service keys create --help"
)


def require_a_key(settings: Settings) -> None:
    """Raise BadParameter if no API key was ever created, as a non-loopback address needs one."""
    if settings.first_key():
        return
    migrate(settings)
    with closing(Database(settings.database_address())) as database:
        if not has_keys(database):
            raise typer.BadParameter(NO_KEY_MESSAGE, param_hint="--host")


def prepare_database(settings: Settings) -> bool:
    """Migrate the schema and create the bootstrap key. Return True on the first start."""
    is_first_start = migrate(settings)
    if first := settings.first_key():
        with closing(Database(settings.database_address())) as database:
            create_bootstrap_key(database, first)
    return is_first_start


def migrate(settings: Settings) -> bool:
    """Migrate the schema, after waiting for a database that is still starting.

    Return True on the first start.
    """
    with closing(Database(settings.database_address())) as database:
        try:
            return wait_until_available(database.migrate)
        except DatabaseUnavailable as error:
            typer.echo("The database cannot be reached; check SEGMENTATION_DATABASE_URL", err=True)
            raise typer.Exit(1) from error
