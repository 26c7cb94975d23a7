"""What happens to datasets."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import pyarrow as pa
import pyarrow.compute as pc

from models.exploration import (
    Column,
    Override,
    UnknownColumn,
    describe_columns,
    recount,
    typed_table,
)
from models.exploration.summary import Summary, summarize
from service.datasets import repository
from service.datasets.repository import DatasetDeleted
from service.datasets.rows import DatasetRow, DatasetUseRow, DatasetVersionRow, DerivedTableRow
from service.errors import Conflict, NotFound
from service.jobs import operations as jobs
from service.jobs.operations import Outcome, Progress
from service.jobs.rows import JobRow
from service.stores import Stores
from service.stores.database import JsonObject, Session

COMPACT = "compact"
ERASE = "erase"
CUSTOMER_ID = "customer_id"
LEDGER_VERSION = "ledger_version"
VERSIONS_BETWEEN_COMPACTIONS = 10

DatasetAt = tuple[DatasetRow, DatasetVersionRow]


@dataclass(frozen=True, kw_only=True)
class Content:
    """What a write leaves in a dataset."""

    customer_id: str
    generated_ids: bool
    n_customers: int
    columns: Sequence[Column]
    warnings: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class Declared:
    """What the owner of a table says of it: which column names the customer, and what others are."""

    customer_id: str | None = None
    columns: Mapping[str, Override] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Made:
    """How a table was made of transactions; `check` may refuse when the dataset is locked."""

    recipe: JsonObject | None = None
    warnings: Sequence[str] = ()
    check: Callable[[DatasetRow], None] = lambda _: None


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
    return at


def reserve(stores: Stores, tenant: str, name: str) -> DatasetRow:
    """Get a dataset by its name, or reserve the name for one that is written next."""
    with stores.database.writing() as session:
        return repository.reserve_dataset(session, tenant, name)


def change_columns(stores: Stores, tenant: str, name: str, overrides: Mapping[str, Override]) -> DatasetAt:
    """Read some columns of a dataset as something else, from the cells as they are stored."""
    dataset, _ = newest(stores, tenant, name)
    changed: list[Content] = []

    def change(table: pa.Table) -> pa.Table:
        _, version = newest(stores, tenant, name)
        read, content = _read_as(table, content_of(version), overrides)
        changed[:] = [content]
        return read

    table_version = stores.tables.modify(table_path(tenant, dataset.id), change)
    with recording(stores, dataset) as session:
        return record_write(session, stores, dataset, table_version, changed[0])


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
    before = repository.find_version(session, locked.id, locked.version)
    if before is not None and before.table_version > table_version:
        table_version, content = before.table_version, content_of(before)
    locked.version += 1
    version = repository.add_version(session, locked, table_version, {**vars(content)})
    _let_go_of_old_versions(session, stores, locked)
    return locked, version


def newest(stores: Stores, tenant: str, name: str) -> DatasetAt:
    """Get a dataset and its newest version."""
    with stores.database.reading() as session:
        return find_at(session, tenant, name, None)


def find_at(session: Session, tenant: str, name: str, version: int | None) -> DatasetAt:
    """Get a dataset at a version, or at the newest."""
    dataset = repository.get_dataset(session, tenant, name)
    return dataset, repository.get_version(session, dataset, dataset.version if version is None else version)


def content_of(version: DatasetVersionRow) -> Content:
    """Read what a version holds."""
    return Content(
        customer_id=version.customer_id,
        generated_ids=version.generated_ids,
        n_customers=version.n_customers,
        columns=read_columns(version),
        warnings=version.warnings,
    )


def read_columns(version: DatasetVersionRow) -> list[Column]:
    """Read how the columns of a version are read."""
    return [read_column(column) for column in version.columns]


def read_column(plain: JsonObject) -> Column:
    """Read how one column is read."""
    return Column(**{**plain, "missing_markers": tuple(plain.get("missing_markers", ()))})


def stored_schema(version: DatasetVersionRow) -> pa.Schema:
    """Tell the columns of a version as the table store has them."""
    types = {column.name: _stored_type(column) for column in read_columns(version)}
    return pa.schema({version.customer_id: pa.string(), **types})


def settled(table: pa.Table, content: Content) -> tuple[pa.Table, Content]:
    """Describe the columns that nobody has described yet: an upsert adds them, or somebody else has just written."""
    if content.customer_id not in table.column_names:
        raise Conflict("The dataset was replaced meanwhile; try again")
    fitting = {column.name for column in content.columns if _is_stored(column, table)} | {content.customer_id}
    strange = {name: Override() for name in table.column_names if name not in fitting}
    return _described_anew(table, content, strange) if strange else (table, content)


def recounted(content: Content, table: pa.Table) -> Content:
    """Count anew what a table holds after its rows have changed."""
    there = [column for column in content.columns if column.name in table.column_names]
    columns = recount(table, there, customer_id=content.customer_id)
    return replace(content, n_customers=table.num_rows, columns=columns)


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


def purge_table(stores: Stores, payload: JsonObject, attempt: int, progress: Progress) -> Outcome:  # noqa: ARG001 - the interface of what a worker does
    """Remove from the disk what no version of a dataset needs any more, as a job."""
    progress("purging", 0.0)
    for path, versions in _tables_of(stores, payload["tenant"], payload["dataset_id"]).items():
        if stores.tables.exists(path):
            stores.tables.purge(path, keep=versions)
    return Outcome(finish=lambda _: {}, undo=lambda: None)


def erase_customer(stores: Stores, tenant: str, name: str, customer_id: str) -> JobRow:
    """Make a customer unreadable at once, and write down the job that removes what is left on the disk.

    Older versions of the dataset go with it, as they hold the customer, too. So do the customer's rows in the tables
    that were made from the dataset.
    """
    dataset, _ = newest(stores, tenant, name)
    path = table_path(tenant, dataset.id)
    if not _holds(stores, dataset, customer_id):
        raise NotFound(f"The dataset {name} has no such customer")
    _forget_in_derived(stores, dataset, customer_id)  # before: whatever breaks off here can be asked for again
    kept: list[Content] = []

    def drop(table: pa.Table) -> pa.Table:
        _, version = newest(stores, tenant, name)
        read, content = settled(table, content_of(version))
        left = _without(read, content.customer_id, customer_id)
        kept[:] = [recounted(content, left)]
        return left

    table_version = stores.tables.modify(path, drop)
    with recording(stores, dataset) as session:
        locked, _ = record_write(session, stores, dataset, table_version, kept[0])
        if locked.recipe is not None:
            ledger_version = _forget(stores, ledger_path(tenant, dataset.id), customer_id)
            locked.recipe = {**locked.recipe, LEDGER_VERSION: ledger_version}
        repository.delete_versions(session, dataset.id, before=locked.version)
        job = jobs.plan_job(session, tenant, ERASE, {"tenant": tenant, "dataset_id": dataset.id})
    _forget_in_derived(stores, dataset, customer_id)  # and after: a run may have finished in between
    return job


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


def _forget(stores: Stores, path: str, customer_id: str) -> int:
    return stores.tables.modify(path, lambda table: _without(table, CUSTOMER_ID, customer_id))


def _without(table: pa.Table, column: str, customer_id: str) -> pa.Table:
    return table.filter(pc.not_equal(table[column], customer_id))


def _holds(stores: Stores, dataset: DatasetRow, customer_id: str) -> bool:
    """Tell whether any version of a dataset that can be read holds a customer, the newest first."""
    with stores.database.reading() as session:
        versions = repository.list_versions(session, dataset.id)
    path = table_path(dataset.tenant, dataset.id)
    return any(
        stores.tables.find(path, version.table_version, version.customer_id, customer_id).num_rows
        for version in versions
    )


def _forget_in_derived(stores: Stores, dataset: DatasetRow, customer_id: str) -> None:
    with stores.database.reading() as session:
        derived = [row.path for row in repository.list_derived(session, dataset_id=dataset.id)]
    for path in filter(stores.tables.exists, derived):
        _forget(stores, path, customer_id)


def _tables_of(stores: Stores, tenant: str, dataset_id: str) -> dict[str, list[int]]:
    """Name the tables that hold a dataset's customers, each with the versions that are still needed."""
    with stores.database.reading() as session:
        dataset = repository.find_by_id(session, dataset_id)
        recipe = (dataset and dataset.recipe) or {}
        return {
            table_path(tenant, dataset_id): repository.list_table_versions(session, dataset_id),
            ledger_path(tenant, dataset_id): [recipe[LEDGER_VERSION]] if recipe else [],
            **{row.path: [] for row in repository.list_derived(session, dataset_id=dataset_id)},
        }


def _stored_type(column: Column) -> pa.DataType:
    return pa.float64() if column.kind == "numeric" else pa.string()


def _is_stored(column: Column, table: pa.Table) -> bool:
    return column.name in table.column_names and table.schema.field(column.name).type == _stored_type(column)


def _read_as(table: pa.Table, content: Content, overrides: Mapping[str, Override]) -> tuple[pa.Table, Content]:
    """Take columns for what they are declared; how later batches write numbers stays, as stored ones do not show it."""
    table, before = settled(table, content)
    known = {column.name: column for column in before.columns}
    unknown = [name for name in overrides if name not in known]
    if unknown:
        raise UnknownColumn(f"There is no column {unknown[0]!r}")
    read, after = _described_anew(table, before, overrides)
    return read, replace(after, columns=[_as_written(column, known[column.name]) for column in after.columns])


def _as_written(column: Column, before: Column) -> Column:
    if not column.kind == before.kind == "numeric":
        return column
    return replace(column, numerals=before.numerals, newest=before.newest)


def _described_anew(table: pa.Table, content: Content, overrides: Mapping[str, Override]) -> tuple[pa.Table, Content]:
    """Find out anew what some columns are, by their cells as they are stored and by what is declared of them."""
    touched = table.select(list(dict.fromkeys([content.customer_id, *overrides])))
    described = describe_columns(touched, customer_id=content.customer_id, overrides=overrides)
    read = typed_table(touched, described)
    columns = {column.name: column for column in content.columns if column.name in table.column_names}
    columns |= {column.name: column for column in described.columns if column.name in overrides}
    stale = tuple(f"{name!r} " for name in overrides)
    warnings = [*(warning for warning in content.warnings if not warning.startswith(stale)), *described.warnings]
    laid = {name: read[name] if name in overrides else table[name] for name in table.column_names}
    return pa.table(laid), replace(content, columns=list(columns.values()), warnings=warnings)


def _let_go_of_old_versions(session: Session, stores: Stores, dataset: DatasetRow) -> None:
    """Forget versions that are old and that nobody learned from; every few times, remove their files as a job."""
    repository.delete_unused_versions(session, dataset.id, before=dataset.version - stores.dataset_versions + 1)
    if dataset.version % VERSIONS_BETWEEN_COMPACTIONS == 0:
        jobs.plan_job(session, dataset.tenant, COMPACT, {"tenant": dataset.tenant, "dataset_id": dataset.id})
