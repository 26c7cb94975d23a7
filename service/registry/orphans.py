"""Files that no row names: what is left where something broke off between a file and its row."""

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from service.datasets import erasure
from service.datasets import operations as datasets
from service.datasets import repository as datasets_repository
from service.errors import Conflict
from service.registry import operations, repository
from service.storage import Storage
from service.stores import Stores
from service.stores.database import Session

GRACE_SECONDS: Final = 3600.0

_ID: Final = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
# Whoever keeps files of their own beside ours keeps them.
_OURS: Final = {
    "tables": re.compile(rf"[^/]+/(?:{_ID}|ledgers/{_ID}|runs/{_ID}/\d+)/.+"),
    "artifacts": re.compile(rf"[^/]+/{_ID}/\d+/[^/]+/[^/]+"),
}


@dataclass(frozen=True, kw_only=True)
class OrphanedFile:
    """A file of the store of tables or of artifacts that no row names.

    `dataset` is the tenant and the id of the dataset in whose tables it lies, where there is one.
    """

    store: str
    path: str
    dataset: tuple[str, str] | None = None


def find_orphans(stores: Stores, *, grace: float = GRACE_SECONDS) -> list[OrphanedFile]:
    """List the files that no row names and that nobody has written to for a while.

    Rows are written before files, and no path is ever used again. So what is listed first, and named by no row that is
    read thereafter, belongs to nobody.
    """
    before = time.time() - grace
    found = {store: dict(files.changes()) for store, files in _stores(stores).items()}
    with stores.database.reading() as session:
        named = {*_tables(session), *_artifacts(session)}
        every = [(dataset.tenant, dataset.id) for dataset in datasets_repository.list_all(session)]
    if not named:
        raise Conflict("The database names no dataset and no model: it may not be the one that these files belong to")
    uncounted = {path: dataset for dataset in every for path in erasure.list_leftovers(stores, *dataset)}
    return [
        OrphanedFile(store=store, path=path, dataset=uncounted.get(path))
        for store, changes in found.items()
        for path, changed in sorted(changes.items())
        if changed < before
        and _OURS[store].fullmatch(path)
        and (named.isdisjoint(_above(path)) or (store == "tables" and path in uncounted))
    ]


def remove_orphans(stores: Stores, leftovers: list[OrphanedFile]) -> None:
    """Remove them for good."""
    for left in leftovers:
        if left.dataset is None:
            _stores(stores)[left.store].remove_file(left.path)
    for dataset in {left.dataset for left in leftovers if left.dataset is not None}:
        erasure.purge(stores, *dataset)  # others may be writing to its tables


def _stores(stores: Stores) -> dict[str, Storage]:
    return {"tables": stores.tables.files, "artifacts": stores.artifacts.files}


def _tables(session: Session) -> Iterator[str]:
    for dataset in datasets_repository.list_all(session):
        yield datasets.table_path(dataset.tenant, dataset.id)
        yield datasets.ledger_path(dataset.tenant, dataset.id)
    for derived in datasets_repository.list_derived(session):
        yield derived.path


def _artifacts(session: Session) -> Iterator[str]:
    for model, version in repository.list_ready(session):
        yield operations.artifact_ref(model, version).directory()
    for model, version in repository.list_fitting(session):
        yield operations.artifact_ref(model, version).parent()


def _above(path: str) -> Iterator[str]:
    parts = path.split("/")
    return ("/".join(parts[:depth]) for depth in range(1, len(parts)))
