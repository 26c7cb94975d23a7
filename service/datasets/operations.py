"""Writes of datasets with optimistic locking, and lookups of datasets and their versions."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import pyarrow as pa

from models.columns import Override, apply_schema, infer_schema
from models.summary import Summary, summarize
from models.transactions import COMPUTED
from service.datasets import repository
from service.datasets.changes import PlacedChanges, read_changes
from service.datasets.dataset_schema import (
    TableContent,
    apply_overrides,
    content_of,
    read_columns,
    recount,
)
from service.datasets.rows import DatasetRow, DatasetUseRow, DatasetVersionRow, DerivedTableRow
from service.errors import (
    Conflict,
    DatasetDeleted,
    NotFound,
    TableBusy,
    TableGone,
    Unavailable,
)
from service.jobs import operations as jobs
from service.jobs.operations import JobResult, Progress
from service.jobs.rows import COMPACT, FOLD
from service.stores import Stores
from service.stores.database import JsonObject, Session, now

if TYPE_CHECKING:
    from service.stores.lookup import Lookup

CUSTOMER_ID = "customer_id"
LEDGER_VERSION = "ledger_version"
VERSIONS_BETWEEN_COMPACTIONS = 10
MIN_FOLD: Final = 10_000  # changes, and share of the customers, from which on they are folded
FOLD_SHARE: Final = 0.02
MAX_WAITING: Final = 10  # times as many changes may wait to be folded
CHANGES_KEPT: Final = timedelta(hours=1)  # after they were stored, for listings that began before

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

    `ledger` aggregates the transactions of the dataset according to `recipe`. `base` is the stored
    version that this one is derived from, together with the changes up to `seq`; None if it
    replaces everything. `number` is set by a fold, which adds changes and no write of its own.
    `keep` is called last, in the transaction that commits the version.
    """

    dataset: DatasetRow
    base: int | None
    seq: int = 0
    number: int | None = None
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
        seq=dataset.seq,
        table=table,
        content=content,
        recipe=dataset.recipe,
        keep=keep,
    )


def read_base(stores: Stores, at: DatasetAt) -> pa.Table:
    """Read the rows of the newest version, with the changes since, to derive the next one from.

    Raises TableBusy if a newer version has replaced it.
    """
    dataset, version = at
    changes = read_changes(stores.database, version, up_to=dataset.seq)
    path = table_path(dataset.tenant, dataset.id)
    with _busy_if_replaced(stores, at):
        return changes.merge_into(stores.tables.read(path, version.table_version))


def open_lookup(stores: Stores, at: DatasetAt) -> "Lookup":
    """Open the lookup file of the newest version; raises TableBusy if a newer one replaced it."""
    dataset, version = at
    with _busy_if_replaced(stores, at):
        return stores.tables.lookup(table_path(dataset.tenant, dataset.id), version.table_version)


@contextmanager
def _busy_if_replaced(stores: Stores, at: DatasetAt) -> Iterator[None]:
    """Raise TableBusy if a block finds the table of a version gone that is no longer newest."""
    dataset, version = at
    try:
        yield
    except TableGone as gone:
        if newest(stores, dataset.tenant, dataset.name)[1].version != version.version:
            raise TableBusy from gone
        raise


def read_batches(
    stores: Stores, at: DatasetAt, *, seq: int, start: int
) -> Iterator[pa.RecordBatch]:
    """Read a stored version with the changes up to a seq, in batches from the row `start` on."""
    dataset, version = at
    path = table_path(dataset.tenant, dataset.id)
    if seq <= version.seq:
        return stores.tables.batches(path, version.table_version, start=start)
    if version.seq < dataset.trimmed_seq:
        raise NotFound("The page is no longer available; list the customers again")

    def read() -> PlacedChanges:
        changes = read_changes(stores.database, version, up_to=seq)
        rows = stores.tables.lookup(path, version.table_version).find(
            changes.patch.column(0).to_pylist()
        )
        return PlacedChanges(changes=changes, rows=rows, n_stored=version.n_customers)

    placed: PlacedChanges = stores.changes.get((dataset.id, version.version, seq), read)
    stored = stores.tables.batches(path, version.table_version, start=start)
    return placed.merge_batches(stored, start=start)


def add_changes(
    session: Session, at: DatasetAt, written: Mapping[str, JsonObject], *, stored: Collection[str]
) -> tuple[DatasetRow, Collection[str]]:
    """Add the cells written to customers to the changes of a dataset.

    Raises TableBusy if the stored version `at` is no longer the newest. Of the customers, `stored`
    are those in that version. Returns the dataset as counted, and the customers known before.
    """
    dataset, version = at
    locked = repository.lock_dataset(session, dataset)
    if repository.get_newest_version(session, locked).version != version.version:
        raise TableBusy
    before = repository.find_changes(session, locked.id, written, after=version.seq)
    if locked.seq - version.seq >= MAX_WAITING * fold_threshold(locked):
        raise Unavailable("Too many changes wait to be stored; try again shortly")
    known = {*stored, *before}
    merged = {customer: before.get(customer, {}) | cells for customer, cells in written.items()}
    locked.version += 1
    repository.add_changes(session, locked, merged, after=locked.seq)
    locked.seq += len(merged)
    locked.n_customers += len(merged.keys() - known)
    locked.updated_at = now()
    _plan_fold_job(session, locked, version, n_added=len(merged))
    return locked, known


def fold_threshold(dataset: DatasetRow) -> int:
    """Return the number of changes after which they are folded into the stored table."""
    return max(MIN_FOLD, int(FOLD_SHARE * dataset.n_customers))


def _plan_fold_job(
    session: Session, locked: DatasetRow, version: DatasetVersionRow, *, n_added: int
) -> None:
    """Create a job that folds the changes each time their number passes the threshold."""
    waiting, threshold = locked.seq - version.seq, fold_threshold(locked)
    if waiting // threshold > (waiting - n_added) // threshold:
        payload = {"tenant": locked.tenant, "dataset": locked.name}
        jobs.plan_unless_queued(session, locked.tenant, FOLD, payload)


def fold_changes(
    stores: Stores,
    payload: JsonObject,
    attempt: int,  # noqa: ARG001 - the signature of all jobs
    progress: Progress,
) -> JobResult:
    """Run the fold job: store the changes of a dataset as a version."""
    progress("folding", 0.0)
    fold(stores, payload["tenant"], payload["dataset"])
    return JobResult(finish=lambda _: {}, undo=lambda: None)


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


def fold(stores: Stores, tenant: str, name: str, version: int | None = None) -> None:
    """Store the changes of a dataset as a version, so that jobs can refer to it by its number.

    Folds the changes up to a version number, by default all. Does nothing if there are none.
    """

    def act() -> None:
        with stores.database.reading() as session:
            at = dataset, newest = find_at(session, tenant, name, None)
            up_to = dataset.seq
            if version is not None:
                up_to = repository.last_seq(session, dataset.id, up_to_version=version) or 0
        if up_to > newest.seq:
            _write_once(stores, _plan_fold(stores, at, up_to))

    stores.tables.retried(act)


def _plan_fold(stores: Stores, at: DatasetAt, up_to: int) -> NextVersion:
    dataset, version = at
    changes = read_changes(stores.database, version, up_to=up_to)
    path = table_path(dataset.tenant, dataset.id)
    table = changes.merge_into(stores.tables.read(path, version.table_version))
    planned = build_next_version(at, table, recount(content_of(version), table))
    return replace(planned, seq=up_to, number=changes.version)


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
            _require_unchanged(session, locked, planned)
            locked.recipe = planned.recipe
            if planned.ledger is not None:
                locked.recipe = {**(planned.recipe or {}), LEDGER_VERSION: ledger.commit()}
            at = _add_version(session, stores, locked, table.commit(), planned)
            planned.keep(session, at)
    return at


def _require_unchanged(session: Session, locked: DatasetRow, planned: NextVersion) -> None:
    """Raise TableBusy if there is a newer version or, except for a fold, a newer change."""
    if planned.base is None:
        return
    is_newest = repository.get_newest_version(session, locked).version == planned.base
    if not is_newest or (planned.number is None and locked.seq != planned.seq):
        raise TableBusy


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
    session: Session, stores: Stores, locked: DatasetRow, table_version: int, planned: NextVersion
) -> DatasetAt:
    """Record a committed table version as a version of the dataset."""
    seq = planned.seq
    if planned.number is None:
        locked.version += 1
        seq, locked.n_customers, locked.updated_at = locked.seq, planned.table.num_rows, now()
    values = {
        **vars(planned.content),
        "version": planned.number or locked.version,
        "seq": seq,
        "table_version": table_version,
    }
    version = repository.add_version(session, locked, values)
    repository.trim_changes(session, locked, up_to=seq, before=now() - CHANGES_KEPT)
    _delete_old_versions(session, stores, locked, version)
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
    """Get a dataset and one of its stored versions, the newest by default."""
    dataset = repository.get_dataset(session, tenant, name)
    if version is None:
        return dataset, repository.get_newest_version(session, dataset)
    return dataset, repository.get_version(session, dataset, version)


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
        row = repository.get_newest_version(session, dataset)
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


def _delete_old_versions(
    session: Session, stores: Stores, dataset: DatasetRow, newest: DatasetVersionRow
) -> None:
    """Delete old versions that are not pinned.

    Every few versions, create the job that removes their files.
    """
    repository.delete_unused_versions(session, dataset.id, keep=stores.dataset_versions)
    if newest.table_version % VERSIONS_BETWEEN_COMPACTIONS == 0:
        jobs.create_job(
            session, dataset.tenant, COMPACT, {"tenant": dataset.tenant, "dataset_id": dataset.id}
        )
