"""What happens to datasets."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import pyarrow as pa

from models.exploration import (
    Override,
    describe_columns,
    typed_table,
)
from models.exploration.summary import Summary, summarize
from models.transactions import COMPUTED
from service.datasets import repository
from service.datasets.contents import Content, content_of, read_as, read_columns
from service.datasets.rows import DatasetRow, DatasetUseRow, DatasetVersionRow, DerivedTableRow
from service.errors import Conflict, DatasetDeleted, NotFound, TableBusy
from service.jobs import operations as jobs
from service.stores import Stores
from service.stores.database import JsonObject, Session
from service.stores.tables import ATTEMPTS

COMPACT = "compact"
CUSTOMER_ID = "customer_id"
LEDGER_VERSION = "ledger_version"
VERSIONS_BETWEEN_COMPACTIONS = 10

DatasetAt = tuple[DatasetRow, DatasetVersionRow]


@dataclass(frozen=True, kw_only=True)
class Declared:
    """What the owner of a table says of it: which column names the customer, and what others are."""

    customer_id: str | None = None
    columns: Mapping[str, Override] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Made:
    """How a table was made of transactions; `check` may refuse once the dataset is locked, `keep` is told last."""

    recipe: JsonObject | None = None
    warnings: Sequence[str] = ()
    check: Callable[[DatasetRow], None] = lambda _: None
    keep: Callable[[Session, DatasetAt], None] = lambda *_: None


def replace_dataset(  # noqa: PLR0913, PLR0917 - where, what, and what is said of it
    stores: Stores, tenant: str, name: str, raw: pa.Table, declared: Declared, made: Made
) -> DatasetAt:
    """Write a whole table as the next version of a dataset.

    The name is reserved first, the table written next, and the version counted last: whatever breaks off between leaves
    the dataset as it was.
    """
    described = describe_columns(raw, customer_id=declared.customer_id, overrides=declared.columns)
    table = typed_table(raw, described)
    content = Content(
        customer_id=table.column_names[0],
        generated_ids=described.customer_id is None,
        n_customers=table.num_rows,
        columns=described.columns,
        warnings=[*made.warnings, *described.warnings],
    )
    dataset = reserve(stores, tenant, name)
    table_version = stores.tables.replace(table_path(tenant, dataset.id), table)
    with recording(stores, dataset) as session:
        made.check(repository.lock_dataset(session, dataset))
        at = record_write(session, stores, dataset, table_version, content)
        at[0].recipe = made.recipe
        made.keep(session, at)
    if made.recipe is None:
        stores.tables.drop(ledger_path(tenant, dataset.id))
    return at


def reserve(stores: Stores, tenant: str, name: str) -> DatasetRow:
    """Get a dataset by its name, or reserve the name for one that is written next."""
    with stores.database.writing() as session:
        return repository.reserve_dataset(session, tenant, name)


def change_columns(stores: Stores, tenant: str, name: str, overrides: Mapping[str, Override]) -> DatasetAt:
    """Read some columns of a dataset as something else, from the cells as they are stored.

    Whoever wrote on top of it and is counted first knew nothing of it: then it is said once more, of that later table.
    """
    for _ in range(ATTEMPTS):
        if changed := _change_columns(stores, tenant, name, overrides):
            return changed
    raise TableBusy


def _change_columns(stores: Stores, tenant: str, name: str, overrides: Mapping[str, Override]) -> DatasetAt | None:
    """Change columns once; None if somebody else was counted first."""
    dataset, _ = newest(stores, tenant, name)
    if dataset.recipe is not None:
        overrides = computed_as_numeric(overrides, COMPUTED & overrides.keys())
    changed: list[Content] = []

    def change(table: pa.Table) -> pa.Table:
        _, version = newest(stores, tenant, name)
        read, content = read_as(table, content_of(version), overrides)
        changed[:] = [content]
        return read

    table_version = stores.tables.modify(table_path(tenant, dataset.id), change)
    with recording(stores, dataset) as session:
        if _find_later(session, repository.lock_dataset(session, dataset), table_version):
            return None
        return record_write(session, stores, dataset, table_version, changed[0])


def computed_as_numeric(overrides: Mapping[str, Override], computed: Iterable[str]) -> dict[str, Override]:
    """Declare numeric what the service computed, whatever its cells look like, unless the owner says otherwise."""
    known = {name: overrides.get(name, Override()) for name in computed}
    return {**overrides, **{name: replace(each, kind=each.kind or "numeric") for name, each in known.items()}}


@contextmanager
def recording(stores: Stores, dataset: DatasetRow) -> Iterator[Session]:
    """Open a session to count a write in; what was written to a dataset that was deleted meanwhile is removed again."""
    try:
        with stores.database.writing() as session:
            yield session
    except DatasetDeleted:
        for path in (table_path(dataset.tenant, dataset.id), ledger_path(dataset.tenant, dataset.id)):
            stores.tables.drop(path)
        raise


def record_write(
    session: Session, stores: Stores, dataset: DatasetRow, table_version: int, content: Content
) -> DatasetAt:
    """Count a write that the table store has accepted as the dataset's next version.

    Somebody else may have written on top of it and been counted first: then both versions are that later table.
    """
    locked = repository.lock_dataset(session, dataset)
    if later := _find_later(session, locked, table_version):
        table_version, content = later.table_version, content_of(later)
    locked.version += 1
    version = repository.add_version(session, locked, table_version, {**vars(content)})
    _let_go_of_old_versions(session, stores, locked)
    return locked, version


def _find_later(session: Session, locked: DatasetRow, table_version: int) -> DatasetVersionRow | None:
    """Find the newest version that is counted, if its table was written after this one."""
    newest_one = repository.find_version(session, locked.id, locked.version)
    return newest_one if newest_one is not None and newest_one.table_version > table_version else None


def newest(stores: Stores, tenant: str, name: str) -> DatasetAt:
    """Get a dataset and its newest version."""
    with stores.database.reading() as session:
        return find_at(session, tenant, name, None)


def find_at(session: Session, tenant: str, name: str, version: int | None) -> DatasetAt:
    """Get a dataset at a version, or at the newest."""
    dataset = repository.get_dataset(session, tenant, name)
    return dataset, repository.get_version(session, dataset, dataset.version if version is None else version)


def summarize_dataset(
    stores: Stores, tenant: str, name: str, *, version: int | None
) -> tuple[DatasetRow, DatasetVersionRow, Summary]:
    """Summarize a version of a dataset, the newest if none is named; reads only the columns that a fit may use."""
    with stores.database.reading() as session:
        dataset, found = find_at(session, tenant, name, version)
    columns = read_columns(found)
    wanted = [column.name for column in columns if column.kind in {"numeric", "categorical"}]
    table = stores.tables.read(table_path(tenant, dataset.id), found.table_version, [found.customer_id, *wanted])
    return dataset, found, summarize(table, columns, customer_id=found.customer_id)


def delete_dataset(stores: Stores, tenant: str, name: str, *, force: bool) -> None:
    """Delete a dataset, then its table; refused while a model learned from it, unless forced."""
    with stores.database.writing() as session:
        dataset = repository.get_dataset(session, tenant, name)
        users = repository.list_users(session, dataset.id)
        if users and not force:
            raise Conflict(f"{len(users)} models learned from {name}; delete them first, or repeat with force=true")
        derived = [row.path for row in repository.list_derived(session, dataset_id=dataset.id)]
        session.delete(dataset)
    for path in (*derived, ledger_path(tenant, dataset.id), table_path(tenant, dataset.id)):
        stores.tables.drop(path)


def ledger_path(tenant: str, dataset_id: str) -> str:
    """Name the table that sums up the transactions of a dataset."""
    return f"{tenant}/ledgers/{dataset_id}"


def derive(session: Session, dataset_id: str, path: str, owner: str) -> None:
    """Note that a table is made from a dataset's customers: their erasure reaches it."""
    session.add(DerivedTableRow(path=path, dataset_id=dataset_id, owner=owner))


def let_go_of_derived(session: Session, owner: str) -> list[str]:
    """Forget the tables that were made for an owner; returns their paths, to be dropped when that is committed."""
    rows = repository.list_derived(session, owner=owner)
    for row in rows:
        session.delete(row)
    return [row.path for row in rows]


def table_path(tenant: str, dataset_id: str) -> str:
    """Name the table of a dataset in the table store."""
    return f"{tenant}/{dataset_id}"


def get_version_by_id(session: Session, dataset_id: str, version: int) -> DatasetVersionRow:
    """Get a version of a dataset, whatever the dataset is called now."""
    row = repository.find_version(session, dataset_id, version)
    if row is None:
        raise NotFound(f"Version {version} of the dataset is gone: it was deleted, or a customer was erased from it")
    return row


def get_version_or_newest(session: Session, dataset_id: str, version: int) -> DatasetVersionRow:
    """Get a version of a dataset, or, where an erasure took it, the newest one."""
    dataset = repository.find_by_id(session, dataset_id)
    row = repository.find_version(session, dataset_id, version)
    if row is None and dataset is not None:
        row = repository.find_version(session, dataset_id, dataset.version)
    return row or get_version_by_id(session, dataset_id, version)


def is_available(session: Session, dataset_id: str, version: int) -> bool:
    """Tell whether a version of a dataset can still be read."""
    return repository.find_version(session, dataset_id, version) is not None


def use(session: Session, dataset_id: str, version: int, user: str) -> None:
    """Note that somebody needs a version of a dataset."""
    session.merge(DatasetUseRow(dataset_id=dataset_id, version=version, user=user))


def release(session: Session, dataset_id: str, version: int, user: str) -> None:
    """Note that somebody does not need a version of a dataset any more."""
    row = session.get(DatasetUseRow, (dataset_id, version, user))
    if row is not None:
        session.delete(row)


def _let_go_of_old_versions(session: Session, stores: Stores, dataset: DatasetRow) -> None:
    """Forget versions that are old and that nobody learned from; every few times, remove their files as a job."""
    repository.delete_unused_versions(session, dataset.id, before=dataset.version - stores.dataset_versions + 1)
    if dataset.version % VERSIONS_BETWEEN_COMPACTIONS == 0:
        jobs.plan_job(session, dataset.tenant, COMPACT, {"tenant": dataset.tenant, "dataset_id": dataset.id})
