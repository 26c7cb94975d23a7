"""Commands on model files and tables: `python -m service resign` and `sweep`."""

from typing import Annotated

import typer

from service.config import Settings


def resign() -> None:
    """Sign all model files with the first signing key.

    If this succeeds, the other keys can be removed.
    """
    from service.registry.key_rotation import count, sign_all
    from service.stores import open_stores

    stores = open_stores(Settings())
    try:
        signed = sign_all(stores)
    finally:
        stores.database.close()
    counts = count(signed)
    typer.echo(
        f"{counts['signed']} signed, {counts['unchanged']} unchanged, {counts['damaged']} damaged"
    )
    for version in signed:
        if version.outcome == "damaged":
            typer.echo(
                f"Not signed: tenant {version.tenant}, model {version.model}, version "
                f"{version.version}",
                err=True,
            )
    raise typer.Exit(1 if counts["damaged"] else 0)


def sweep(
    *,
    remove: Annotated[
        bool, typer.Option("--remove", help="Remove the files instead of only listing them.")
    ] = False,
) -> None:
    """List orphaned files: tables and model files without a database row, unchanged for an hour."""
    from service.registry.orphaned_files import find_orphaned_files, remove_orphaned_files
    from service.stores import open_stores

    stores = open_stores(Settings())
    try:
        orphans = find_orphaned_files(stores)
        if remove:
            remove_orphaned_files(stores, orphans)
    finally:
        stores.database.close()
    for orphan in orphans:
        typer.echo(f"{orphan.store}/{orphan.path}")
    typer.echo(f"{len(orphans)} orphaned files {'removed' if remove else 'found'}", err=True)
