"""Writes of datasets with optimistic locking, and lookups of datasets and their versions."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace

import pyarrow as pa

from models.columns import Override, apply_schema, infer_schema
from models.summary import Summary, summarize
from models.transactions import COMPUTED
from service.datasets import repository
from service.datasets.dataset_schema import TableContent, apply_overrides, content_of, read_columns
from service.datasets.rows import DatasetRow, DatasetUseRow, DatasetVersionRow, DerivedTableRow
from service.errors import Conflict, DatasetDeleted, NotFound, TableBusy, TableGone
from service.jobs import operations as jobs
from service.jobs.rows import COMPACT
from service.stores import Stores
from service.stores.database import JsonObject, Session

CUSTOMER_ID = "customer_id"
LEDGER_VERSION = "ledger_version"
VERSIONS_BETWEEN_COMPACTIONS = 10

DatasetAt = tuple[DatasetRow, DatasetVersionRow]


@dataclass(frozen=True, kw_only=True)
class Declarations:
    """Declarations of a table's owner: the customer id column, and overrides of other columns.

    `warnings` are doubts about the body that the table was read from.
    """

    customer_id: str | None = None
    columns: Mapping[str, Override] = field(default_factory=dict)
    warnings: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class NextVersion:
    """Next version of a dataset, ready to be written.

    `ledger` aggregates the transactions of the dataset according to `recipe`. `base` is the version
    that this one is derived from, or None. `keep` is called last, in the transaction that commits
    the version.
    """

    dataset: DatasetRow
    base: int | None
    table: pa.Table
    content: TableContent
    recipe: JsonObject | None = None
    ledger: pa.Table | None = None
    keep: Callable[[Session, DatasetAt], None] = lambda *_: None


def replace_dataset(
    stores: Stores, tenant: str, name: str, raw: pa.Table, declared: Declarations
) -> DatasetAt:
    """Write a whole table as the next version of a dataset.

    Creates the dataset if its name is new.
    """
    table, content = describe_table(raw, declared)

    def plan() -> NextVersion:
        return NextVersion(
            dataset=reserve(stores, tenant, name), base=None, table=table, content=content
        )

    at = write_next(stores, plan)
    if stores.tables.exists(ledger_path(tenant, at[0].id)):
        _drop_idle_ledger(stores, at[0])
    return at


def describe_table(
    raw: pa.Table, declared: Declarations, warnings: Sequence[str] = ()
) -> tuple[pa.Table, TableContent]:
    """Infer the schema of a raw table and apply it; `warnings` precede those of the inference."""
    schema = infer_schema(raw, customer_id=declared.customer_id, overrides=declared.columns)
    table = apply_schema(raw, schema)
    content = TableContent(
        customer_id=table.column_names[0],
        generated_ids=schema.customer_id is None,
        n_customers=table.num_rows,
        columns=schema.columns,
        warnings=[*declared.warnings, *warnings, *schema.warnings],
    )
    return table, content


def reserve(stores: Stores, tenant: str, name: str) -> DatasetRow:
    """Get a dataset by its name, or create an empty one (version 0)."""
    with stores.database.writing() as session:
        return repository.reserve_dataset(session, tenant, name)


def change_columns(
    stores: Stores, tenant: str, name: str, overrides: Mapping[str, Override]
) -> DatasetAt:
    """Write a version with some columns reread from their stored cells by other declarations."""

    def plan(at: DatasetAt) -> NextVersion:
        declared = (
            overrides
            if at[0].recipe is None
            else computed_as_numeric(overrides, COMPUTED & overrides.keys())
        )
        table, content = apply_overrides(read_base(stores, at), content_of(at[1]), declared)
        return build_next_version(at, table, content)

    return change_next(stores, tenant, name, plan)


def build_next_version(
    at: DatasetAt,
    table: pa.Table,
    content: TableContent,
    keep: Callable[[Session, DatasetAt], None] = lambda *_: None,
) -> NextVersion:
    """Build the next version from a table that was derived from version `at`."""
    dataset, version = at
    return NextVersion(
        dataset=dataset,
        base=version.version,
        table=table,
        content=content,
        recipe=dataset.recipe,
        keep=keep,
    )


def read_base(stores: Stores, at: DatasetAt) -> pa.Table:
    """Read the rows of a version to derive the next one from.

    Raises TableBusy if a newer version has replaced it.
    """
    dataset, version = at
    try:
        return stores.tables.read(table_path(dataset.tenant, dataset.id), version.table_version)
    except TableGone as gone:
        if newest(stores, dataset.tenant, dataset.name)[1].version != version.version:
            raise TableBusy from gone
        raise


def read_ledger(stores: Stores, dataset: DatasetRow, recipe: JsonObject) -> pa.Table:
    """Read the ledger of a dataset; raises TableBusy if a newer one has replaced it."""
    try:
        return stores.tables.read(ledger_path(dataset.tenant, dataset.id), recipe[LEDGER_VERSION])
    except TableGone as gone:
        raise TableBusy from gone


def write_next(stores: Stores, plan: Callable[[], NextVersion]) -> DatasetAt:
    """Write the next version of a dataset.

    Calls `plan` again if another write was committed meanwhile.
    """
    return stores.tables.retried(lambda: _write_once(stores, plan()))


def change_next(
    stores: Stores, tenant: str, name: str, plan: Callable[[DatasetAt], NextVersion]
) -> DatasetAt:
    """Derive the next version of a dataset from its newest one, one writer at a time."""

    def change() -> DatasetAt:
        with stores.tables.turn(f"{tenant}/{name}"):
            return _write_once(stores, plan(newest(stores, tenant, name)))

    return stores.tables.retried(change)


def _write_once(stores: Stores, planned: NextVersion) -> DatasetAt:
    """Stage the files, then commit them under the dataset's row lock.

    Raises TableBusy if the base is no longer newest.

    A failure before the row is updated leaves the dataset unchanged: table versions without a row
    are never read.
    """
    dataset = planned.dataset
    with ExitStack() as staging:
        table = staging.enter_context(
            stores.tables.stage(table_path(dataset.tenant, dataset.id), planned.table)
        )
        if planned.ledger is not None:
            path = ledger_path(dataset.tenant, dataset.id)
            ledger = staging.enter_context(stores.tables.stage(path, planned.ledger))
        with _lock_for_write(stores, dataset) as (session, locked):
            if planned.base not in {None, locked.version}:
                raise TableBusy
            locked.recipe = planned.recipe
            if planned.ledger is not None:
                locked.recipe = {**(planned.recipe or {}), LEDGER_VERSION: ledger.commit()}
            at = _add_version(session, stores, locked, table.commit(), planned.content)
            planned.keep(session, at)
    return at


def computed_as_numeric(
    overrides: Mapping[str, Override], computed: Iterable[str]
) -> dict[str, Override]:
    """Declare computed columns numeric unless an override declares another kind."""
    declared = {name: overrides.get(name, Override()) for name in computed}
    return {
        **overrides,
        **{name: replace(each, kind=each.kind or "numeric") for name, each in declared.items()},
    }


@contextmanager
def _lock_for_write(stores: Stores, dataset: DatasetRow) -> Iterator[tuple[Session, DatasetRow]]:
    """Lock the dataset's row; drops the tables again if the dataset was deleted meanwhile."""
    try:
        with stores.database.writing() as session:
            yield session, repository.lock_dataset(session, dataset)
    except DatasetDeleted:
        for path in (
            table_path(dataset.tenant, dataset.id),
            ledger_path(dataset.tenant, dataset.id),
        ):
            stores.tables.drop(path)
        raise


def _add_version(
    session: Session, stores: Stores, locked: DatasetRow, table_version: int, content: TableContent
) -> DatasetAt:
    """Record a committed table version as the dataset's next version."""
    locked.version += 1
    version = repository.add_version(session, locked, table_version, {**vars(content)})
    _delete_old_versions(session, stores, locked)
    return locked, version


def _drop_idle_ledger(stores: Stores, dataset: DatasetRow) -> None:
    """Drop the ledger of a dataset that no longer has a recipe."""
    with stores.database.writing() as session:
        if repository.lock_dataset(session, dataset).recipe is None:
            stores.tables.drop(ledger_path(dataset.tenant, dataset.id))


def newest(stores: Stores, tenant: str, name: str) -> DatasetAt:
    """Get a dataset and its newest version."""
    with stores.database.reading() as session:
        return find_at(session, tenant, name, None)


def find_at(session: Session, tenant: str, name: str, version: int | None) -> DatasetAt:
    """Get a dataset and one of its versions, the newest by default."""
    dataset = repository.get_dataset(session, tenant, name)
    return dataset, repository.get_version(
        session, dataset, dataset.version if version is None else version
    )


def summarize_dataset(
    stores: Stores, tenant: str, name: str, *, version: int | None
) -> tuple[DatasetRow, DatasetVersionRow, Summary]:
    """Summarize a version of a dataset, the newest by default.

    Reads only numeric and categorical columns.
    """
    with stores.database.reading() as session:
        dataset, found = find_at(session, tenant, name, version)
    columns = read_columns(found)
    usable = [column.name for column in columns if column.kind in {"numeric", "categorical"}]
    table = stores.tables.read(
        table_path(tenant, dataset.id), found.table_version, [found.customer_id, *usable]
    )
    return dataset, found, summarize(table, columns, customer_id=found.customer_id)


def delete_dataset(stores: Stores, tenant: str, name: str, *, force: bool) -> None:
    """Delete a dataset, then its tables.

    Raises Conflict if models learned from it, unless forced.
    """
    with stores.database.writing() as session:
        dataset = repository.get_dataset(session, tenant, name)
        models = repository.list_users(session, dataset.id)
        if models and not force:
            raise Conflict(
                f"{len(models)} models learned from {name}; delete them first, or repeat with "
                "force=true"
            )
        derived = [row.path for row in repository.list_derived(session, dataset_id=dataset.id)]
        session.delete(dataset)
    for path in (*derived, ledger_path(tenant, dataset.id), table_path(tenant, dataset.id)):
        stores.tables.drop(path)


def ledger_path(tenant: str, dataset_id: str) -> str:
    """Return the path of the table that aggregates the transactions of a dataset."""
    return f"{tenant}/ledgers/{dataset_id}"


def derive(session: Session, dataset_id: str, path: str, owner: str) -> None:
    """Register a table derived from a dataset's customers, so that erasures reach it, too."""
    session.add(DerivedTableRow(path=path, dataset_id=dataset_id, owner=owner))


def delete_derived(session: Session, owner: str) -> list[str]:
    """Unregister the derived tables of an owner.

    Returns their paths, to be dropped after the commit.
    """
    rows = repository.list_derived(session, owner=owner)
    for row in rows:
        session.delete(row)
    return [row.path for row in rows]


def table_path(tenant: str, dataset_id: str) -> str:
    """Return the path of a dataset's table in the table store."""
    return f"{tenant}/{dataset_id}"


def get_version_by_id(session: Session, dataset_id: str, version: int) -> DatasetVersionRow:
    """Get a version of a dataset by the dataset's id."""
    row = repository.find_version(session, dataset_id, version)
    if row is None:
        raise NotFound(
            f"Version {version} of the dataset is gone: it was deleted, or a customer was erased "
            "from it"
        )
    return row


def get_version_or_newest(session: Session, dataset_id: str, version: int) -> DatasetVersionRow:
    """Get a version of a dataset, or the newest one if an erasure has deleted that version."""
    dataset = repository.find_by_id(session, dataset_id)
    row = repository.find_version(session, dataset_id, version)
    if row is None and dataset is not None:
        row = repository.find_version(session, dataset_id, dataset.version)
    return row or get_version_by_id(session, dataset_id, version)


def is_available(session: Session, dataset_id: str, version: int) -> bool:
    """Return whether a version of a dataset can still be read."""
    return repository.find_version(session, dataset_id, version) is not None


def pin_version(session: Session, dataset_id: str, version: int, user: str) -> None:
    """Pin a version of a dataset for a user of it, such as a model, so that it is not deleted."""
    session.merge(DatasetUseRow(dataset_id=dataset_id, version=version, user=user))


def unpin_version(session: Session, dataset_id: str, version: int, user: str) -> None:
    """Remove the pin of a user on a version of a dataset."""
    row = session.get(DatasetUseRow, (dataset_id, version, user))
    if row is not None:
        session.delete(row)


def _delete_old_versions(session: Session, stores: Stores, dataset: DatasetRow) -> None:
    """Delete old versions that are not pinned.

    Every few versions, create the job that removes their files.
    """
    repository.delete_unused_versions(
        session, dataset.id, before=dataset.version - stores.dataset_versions + 1
    )
    if dataset.version % VERSIONS_BETWEEN_COMPACTIONS == 0:
        jobs.create_job(
            session, dataset.tenant, COMPACT, {"tenant": dataset.tenant, "dataset_id": dataset.id}
        )
