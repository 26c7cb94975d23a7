"""Commands on API keys: `python -m service keys …`."""

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

keys = typer.Typer(name="keys", help="Create, list and revoke API keys.", no_args_is_help=True)


@keys.command()
def create(
    name: Annotated[
        str,
        typer.Option(
            help="Name of the key, such as its user: lower-case letters, digits, - and _."
        ),
    ],
    tenant: Annotated[
        str, typer.Option(help="Tenant whose datasets and models it gives access to.")
    ] = DEFAULT_TENANT,
    scope: Annotated[
        Scope, typer.Option(help="Scope of the key; each scope includes the previous ones.")
    ] = "write",
    days: Annotated[
        float | None, typer.Option(min=0, help="Days until the key expires; default: never.")
    ] = None,
) -> None:
    """Create a key and print it, once.

    To rotate keys, create the new key before you revoke the old one.
    """
    from service.auth.operations import create_key

    lifetime = None if days is None else timedelta(days=days)
    with _database() as database:
        key, row = create_key(database, tenant=tenant, name=name, scope=scope, lifetime=lifetime)
    typer.echo(f"{_format_key(row)}. The key is shown only once:", err=True)
    typer.echo(key)


@keys.command("list")
def show(
    tenant: Annotated[str | None, typer.Option(help="List only this tenant's keys.")] = None,
) -> None:
    """List the keys with id, state and scope.

    The keys themselves cannot be shown: only hashes are stored.
    """
    from service.auth.repository import list_keys

    with _database() as database, database.reading() as session:
        for row in list_keys(session, tenant):
            typer.echo(_format_key(row))


@keys.command()
def revoke(
    key: Annotated[str, typer.Argument(help="Id of the key, as shown by `keys list`.")],
) -> None:
    """Revoke a key. Every process rejects it within a second."""
    from service.auth.operations import revoke_key

    with _database() as database:
        typer.echo(_format_key(revoke_key(database, key)))


@keys.command()
def generate() -> None:
    """Generate a key for SEGMENTATION_BOOTSTRAP_KEY or its file; print it, store nothing."""
    from service.auth.api_keys import generate_key

    typer.echo(generate_key())


@contextmanager
def _database() -> Iterator["Database"]:
    """Open the database within a block, with the newest schema."""
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
    return (
        f"{row.id} {state_of(row)} tenant={row.tenant} name={row.name} scope={row.scope} {expires}"
    )
