"""What happens to datasets."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace

import pyarrow as pa

from models.columns import Override, apply_schema, infer_schema
from models.summary import Summary, summarize
from models.transactions import COMPUTED
from service.datasets import repository
from service.datasets.dataset_schema import TableContent, content_of, read_as, read_columns
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
    """What the owner of a table says of it: which column names the customer, and what others are."""

    customer_id: str | None = None
    columns: Mapping[str, Override] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class NextVersion:
    """A dataset as a write leaves it.

    `ledger` sums up the transactions that it is made of, by the `recipe`. `base` is the version that the write builds
    on, None if on none. `keep` is told last, in the transaction that counts the write.
    """

    dataset: DatasetRow
    base: int | None
    table: pa.Table
    content: TableContent
    recipe: JsonObject | None = None
    ledger: pa.Table | None = None
    keep: Callable[[Session, DatasetAt], None] = lambda *_: None


def replace_dataset(stores: Stores, tenant: str, name: str, raw: pa.Table, declared: Declarations) -> DatasetAt:
    """Write a whole table as the next version of a dataset; its name is reserved first."""
    table, content = described_table(raw, declared)

    def plan() -> NextVersion:
        return NextVersion(dataset=reserve(stores, tenant, name), base=None, table=table, content=content)

    at = write_next(stores, plan)
    if stores.tables.exists(ledger_path(tenant, at[0].id)):
        _drop_idle_ledger(stores, at[0])
    return at


def described_table(
    raw: pa.Table, declared: Declarations, warnings: Sequence[str] = ()
) -> tuple[pa.Table, TableContent]:
    """Read a table as what it is, and describe it; what else is to be warned of comes first."""
    described = infer_schema(raw, customer_id=declared.customer_id, overrides=declared.columns)
    table = apply_schema(raw, described)
    content = TableContent(
        customer_id=table.column_names[0],
        generated_ids=described.customer_id is None,
        n_customers=table.num_rows,
        columns=described.columns,
        warnings=[*warnings, *described.warnings],
    )
    return table, content


def reserve(stores: Stores, tenant: str, name: str) -> DatasetRow:
    """Get a dataset by its name, or reserve the name for one that is written next."""
    with stores.database.writing() as session:
        return repository.reserve_dataset(session, tenant, name)


def change_columns(stores: Stores, tenant: str, name: str, overrides: Mapping[str, Override]) -> DatasetAt:
    """Read some columns of a dataset as something else, from the cells as they are stored."""

    def plan(at: DatasetAt) -> NextVersion:
        declared = overrides if at[0].recipe is None else computed_as_numeric(overrides, COMPUTED & overrides.keys())
        table, content = read_as(read_base(stores, at), content_of(at[1]), declared)
        return following(at, table, content)

    return change_next(stores, tenant, name, plan)


def following(
    at: DatasetAt, table: pa.Table, content: TableContent, keep: Callable[[Session, DatasetAt], None] = lambda *_: None
) -> NextVersion:
    """Let a table follow a version that it was made from."""
    dataset, version = at
    return NextVersion(
        dataset=dataset, base=version.version, table=table, content=content, recipe=dataset.recipe, keep=keep
    )


def read_base(stores: Stores, at: DatasetAt) -> pa.Table:
    """Read the rows of the newest version to build on; TableBusy if they are gone as there is a newer one by now."""
    dataset, version = at
    try:
        return stores.tables.read(table_path(dataset.tenant, dataset.id), version.table_version)
    except TableGone as gone:
        if newest(stores, dataset.tenant, dataset.name)[1].version != version.version:
            raise TableBusy from gone
        raise


def read_ledger(stores: Stores, dataset: DatasetRow, recipe: JsonObject) -> pa.Table:
    """Read the ledger that a dataset's recipe names; TableBusy if there is a newer one by now."""
    try:
        return stores.tables.read(ledger_path(dataset.tenant, dataset.id), recipe[LEDGER_VERSION])
    except TableGone as gone:
        raise TableBusy from gone


def write_next(stores: Stores, plan: Callable[[], NextVersion]) -> DatasetAt:
    """Write the next version of a dataset, as it is planned; planned anew if another write was counted meanwhile."""
    return stores.tables.retried(lambda: _write_once(stores, plan()))


def change_next(stores: Stores, tenant: str, name: str, plan: Callable[[DatasetAt], NextVersion]) -> DatasetAt:
    """Write what is planned to follow the newest version of a dataset, when it is this writer's turn."""

    def change() -> DatasetAt:
        with stores.tables.turn(f"{tenant}/{name}"):
            return _write_once(stores, plan(newest(stores, tenant, name)))

    return stores.tables.retried(change)


def _write_once(stores: Stores, planned: NextVersion) -> DatasetAt:
    """Write files, then commit and count them while nobody else can; TableBusy if they are built on an old version.

    Whatever breaks off before the count leaves the dataset as it was: a version that is committed and not counted is
    never read, and nothing is built on it.
    """
    dataset = planned.dataset
    with ExitStack() as staging:
        table = staging.enter_context(stores.tables.stage(table_path(dataset.tenant, dataset.id), planned.table))
        if planned.ledger is not None:
            path = ledger_path(dataset.tenant, dataset.id)
            ledger = staging.enter_context(stores.tables.stage(path, planned.ledger))
        with _counting(stores, dataset) as (session, locked):
            if planned.base not in {None, locked.version}:
                raise TableBusy
            locked.recipe = planned.recipe
            if planned.ledger is not None:
                locked.recipe = {**(planned.recipe or {}), LEDGER_VERSION: ledger.commit()}
            at = _count(session, stores, locked, table.commit(), planned.content)
            planned.keep(session, at)
    return at


def computed_as_numeric(overrides: Mapping[str, Override], computed: Iterable[str]) -> dict[str, Override]:
    """Declare numeric what the service computed, whatever its cells look like, unless the owner says otherwise."""
    known = {name: overrides.get(name, Override()) for name in computed}
    return {**overrides, **{name: replace(each, kind=each.kind or "numeric") for name, each in known.items()}}


@contextmanager
def _counting(stores: Stores, dataset: DatasetRow) -> Iterator[tuple[Session, DatasetRow]]:
    """Lock a dataset to count a write; what was written to one that was deleted meanwhile is removed again."""
    try:
        with stores.database.writing() as session:
            yield session, repository.lock_dataset(session, dataset)
    except DatasetDeleted:
        for path in (table_path(dataset.tenant, dataset.id), ledger_path(dataset.tenant, dataset.id)):
            stores.tables.drop(path)
        raise


def _count(
    session: Session, stores: Stores, locked: DatasetRow, table_version: int, content: TableContent
) -> DatasetAt:
    """Count a version of the table as the dataset's next version."""
    locked.version += 1
    version = repository.add_version(session, locked, table_version, {**vars(content)})
    _delete_old_versions(session, stores, locked)
    return locked, version


def _drop_idle_ledger(stores: Stores, dataset: DatasetRow) -> None:
    """Remove the ledger of a dataset that is no longer made of transactions."""
    with stores.database.writing() as session:
        if repository.lock_dataset(session, dataset).recipe is None:
            stores.tables.drop(ledger_path(dataset.tenant, dataset.id))


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


def delete_derived(session: Session, owner: str) -> list[str]:
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


def pin_version(session: Session, dataset_id: str, version: int, user: str) -> None:
    """Note that somebody needs a version of a dataset."""
    session.merge(DatasetUseRow(dataset_id=dataset_id, version=version, user=user))


def unpin_version(session: Session, dataset_id: str, version: int, user: str) -> None:
    """Note that somebody does not need a version of a dataset any more."""
    row = session.get(DatasetUseRow, (dataset_id, version, user))
    if row is not None:
        session.delete(row)


def _delete_old_versions(session: Session, stores: Stores, dataset: DatasetRow) -> None:
    """Forget versions that are old and that nobody learned from; every few times, remove their files as a job."""
    repository.delete_unused_versions(session, dataset.id, before=dataset.version - stores.dataset_versions + 1)
    if dataset.version % VERSIONS_BETWEEN_COMPACTIONS == 0:
        jobs.create_job(session, dataset.tenant, COMPACT, {"tenant": dataset.tenant, "dataset_id": dataset.id})
