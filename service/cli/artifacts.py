"""Model files on the command line: `python -m service resign` and `sweep`."""

from typing import Annotated

import typer

from service.config import Settings


def resign() -> None:
    """Sign every model file with the first of the signing keys; once this has ended well, the others can go."""
    from service.registry.key_rotation import count, resign_all
    from service.stores import open_stores

    stores = open_stores(Settings())
    try:
        signed = resign_all(stores)
    finally:
        stores.database.close()
    counted = count(signed)
    typer.echo(f"{counted['signed']} signed anew, {counted['unchanged']} were so before, {counted['damaged']} damaged")
    for one in signed:
        if one.outcome == "damaged":
            typer.echo(f"Not signed: tenant {one.tenant}, model {one.model}, version {one.version}", err=True)
    raise typer.Exit(1 if counted["damaged"] else 0)


def sweep(
    *, remove: Annotated[bool, typer.Option("--remove", help="Remove them, instead of naming them.")] = False
) -> None:
    """Name the files of tables and models that no row names, an hour after their last change."""
    from service.registry.orphans import find_orphans, remove_orphans
    from service.stores import open_stores

    stores = open_stores(Settings())
    try:
        leftovers = find_orphans(stores)
        if remove:
            remove_orphans(stores, leftovers)
    finally:
        stores.database.close()
    for left in leftovers:
        typer.echo(f"{left.store}/{left.path}")
    typer.echo(f"{len(leftovers)} files that no row names{' were removed' if remove else ''}", err=True)
