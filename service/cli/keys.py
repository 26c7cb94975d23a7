"""Keys on the command line: `python -m service keys …`."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from service.config import Settings
from service.principals import DEFAULT_TENANT, Scope

if TYPE_CHECKING:
    from service.auth.rows import KeyRow
    from service.stores.database import Database

keys = typer.Typer(name="keys", help="Who may call the service.", no_args_is_help=True)


@keys.command()
def create(
    name: Annotated[str, typer.Option(help="Who will use it: small letters, digits, - and _.")],
    tenant: Annotated[str, typer.Option(help="Whose datasets and models it opens.")] = DEFAULT_TENANT,
    scope: Annotated[Scope, typer.Option(help="What it allows; each scope includes those before it.")] = "write",
    days: Annotated[float | None, typer.Option(min=0, help="After how many days it expires.")] = None,
) -> None:
    """Make a key and print it, once; make the next before you revoke the last, and nobody is locked out between."""
    from service.auth.operations import create_key

    lifetime = None if days is None else timedelta(days=days)
    with _database() as database:
        key, row = create_key(database, tenant=tenant, name=name, scope=scope, lifetime=lifetime)
    typer.echo(f"{_format_key(row)}. This is the only time that it is shown:", err=True)
    typer.echo(key)


@keys.command("list")
def show(tenant: Annotated[str | None, typer.Option(help="Of one tenant alone.")] = None) -> None:
    """List the keys: never the keys themselves, of which only hashes are kept."""
    from service.auth.repository import list_keys

    with _database() as database, database.reading() as session:
        for row in list_keys(session, tenant):
            typer.echo(_format_key(row))


@keys.command()
def revoke(key: Annotated[str, typer.Argument(help="Its id, as `keys list` shows it.")]) -> None:
    """Revoke a key: within a second no process takes it any more."""
    from service.auth.operations import revoke_key

    with _database() as database:
        typer.echo(_format_key(revoke_key(database, key)))


@keys.command()
def generate() -> None:
    """Print a key that nobody knows yet, for SEGMENTATION_BOOTSTRAP_KEY or its file."""
    from service.auth.api_keys import generate_key

    typer.echo(generate_key())


@contextmanager
def _database() -> Iterator["Database"]:
    """Open the database with the newest schema."""
    from service.stores.database import Database

    database = Database(Settings().database_address())
    try:
        database.migrate()
        yield database
    finally:
        database.close()


def _format_key(row: "KeyRow") -> str:
    from service.auth.operations import state_of

    expires = f"expires={row.expires_at:%Y-%m-%dT%H:%MZ}" if row.expires_at else "expires=never"
    return f"{row.id} {state_of(row)} tenant={row.tenant} name={row.name} scope={row.scope} {expires}"
