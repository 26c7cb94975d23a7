"""Orphaned files: files without a row in the database, left behind by interrupted writes."""

import re
import time
from collections.abc import Container, Iterator
from dataclasses import dataclass
from typing import Final

from service.datasets import erasure, stored_versions
from service.datasets import repository as datasets_repository
from service.errors import Conflict
from service.registry import operations, repository
from service.storage import Storage
from service.stores import Stores, lookup
from service.stores.database import Session

GRACE_SECONDS: Final = 3600.0  # a younger file may belong to a write that has not committed

_ID: Final = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
# Only files that match are removed; foreign files in the same storage are kept.
_PATH_PATTERNS: Final = {
    "tables": re.compile(rf"[^/]+/(?:{_ID}|ledgers/{_ID}|runs/{_ID}/\d+)/.+"),
    "artifacts": re.compile(rf"[^/]+/{_ID}/\d+/[^/]+/[^/]+"),
}


@dataclass(frozen=True, kw_only=True)
class OrphanedFile:
    """File in the table or artifact store that no row refers to.

    `dataset` is the tenant and the id of the dataset if the file belongs to a table that is still
    in use.
    """

    store: str
    path: str
    dataset: tuple[str, str] | None = None


def find_orphaned_files(stores: Stores, *, grace: float = GRACE_SECONDS) -> list[OrphanedFile]:
    """List the files that no row refers to and that have not changed during the grace period.

    Files are listed before rows are read. Since rows are written before files, and paths are never
    reused, a listed file without a row is an orphan.
    """
    cutoff = time.time() - grace
    listed = {store: dict(files.changes()) for store, files in _storages(stores).items()}
    with stores.database.reading() as session:
        used = {*_table_paths(session), *_artifact_paths(session)}
        dataset_ids = [
            (dataset.tenant, dataset.id) for dataset in datasets_repository.list_all(session)
        ]
    if not used:
        raise Conflict(
            "The database has no dataset and no model; check that it belongs to these files"
        )
    leftovers = {
        path: dataset
        for dataset in dataset_ids
        for path in erasure.list_unused_files(stores, *dataset)
    }
    return [
        OrphanedFile(store=store, path=path, dataset=leftovers.get(path))
        for store, changes in listed.items()
        for path, changed in sorted(changes.items())
        if changed < cutoff
        and _PATH_PATTERNS[store].fullmatch(path)
        and (used.isdisjoint(_parents(path)) or (store == "tables" and _is_left(path, leftovers)))
    ]


def remove_orphaned_files(stores: Stores, orphans: list[OrphanedFile]) -> None:
    """Remove orphaned files.

    Those in tables that are in use are purged, as other processes may write to them.
    """
    for orphan in orphans:
        if orphan.dataset is None:
            _storages(stores)[orphan.store].remove_file(orphan.path)
    for dataset in {orphan.dataset for orphan in orphans if orphan.dataset is not None}:
        erasure.purge(stores, *dataset)


def _is_left(path: str, unused: Container[str]) -> bool:
    """Return whether an old file of a table in use is unused, or was never completely written."""
    return path in unused or lookup.is_partial(path)


def _storages(stores: Stores) -> dict[str, Storage]:
    return {"tables": stores.tables.files, "artifacts": stores.artifacts.files}


def _table_paths(session: Session) -> Iterator[str]:
    for dataset in datasets_repository.list_all(session):
        yield stored_versions.table_path(dataset.tenant, dataset.id)
        yield stored_versions.ledger_path(dataset.tenant, dataset.id)
    for derived in datasets_repository.list_derived(session):
        yield derived.path


def _artifact_paths(session: Session) -> Iterator[str]:
    for model, version in repository.list_ready(session):
        yield operations.artifact_ref(model, version).directory()
    for model, version in repository.list_fitting(session):
        yield operations.artifact_ref(model, version).parent()


def _parents(path: str) -> Iterator[str]:
    parts = path.split("/")
    return ("/".join(parts[:depth]) for depth in range(1, len(parts)))
