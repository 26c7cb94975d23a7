"""Datasets: replaced, described, reread, summarized and deleted."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import pyarrow as pa

from models.columns import Override, apply_schema, infer_schema
from models.summary import Summary, summarize
from models.transactions import COMPUTED
from service.datasets import repository
from service.datasets.dataset_schema import (
    TableContent,
    apply_overrides,
    read_columns,
)
from service.datasets.rows import DatasetRow, DatasetVersionRow, DerivedTableRow
from service.datasets.stored_customers import read_customers
from service.datasets.stored_versions import DatasetAt, find_at, ledger_path, table_path
from service.datasets.version_writer import (
    NextVersion,
    build_next_version,
    change_next,
    read_current,
    write_next,
)
from service.errors import (
    Conflict,
)
from service.stores import Stores
from service.stores.database import Session


@dataclass(frozen=True, kw_only=True)
class Declarations:
    """Declarations of a table's owner: the customer id column, and overrides of other columns.

    `warnings` are doubts about the body that the table was read from.
    """

    customer_id: str | None = None
    columns: Mapping[str, Override] = field(default_factory=dict)
    warnings: Sequence[str] = ()


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
    if stores.tables.exists(ledger_path(tenant, at.dataset.id)):
        _drop_unused_ledger(stores, at.dataset)
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
            if at.dataset.recipe is None
            else computed_as_numeric(overrides, COMPUTED & overrides.keys())
        )
        current = read_current(stores, at)
        table, content = apply_overrides(current.table, current.content, declared)
        return build_next_version(at, table, content)

    return change_next(stores, tenant, name, plan)


def computed_as_numeric(
    overrides: Mapping[str, Override], computed: Iterable[str]
) -> dict[str, Override]:
    """Declare computed columns numeric unless an override declares another kind."""
    declared = {name: overrides.get(name, Override()) for name in computed}
    return {
        **overrides,
        **{name: replace(each, kind=each.kind or "numeric") for name, each in declared.items()},
    }


def _drop_unused_ledger(stores: Stores, dataset: DatasetRow) -> None:
    """Drop the ledger of a dataset that no longer has a recipe."""
    with stores.database.writing() as session:
        if repository.lock_dataset(session, dataset).recipe is None:
            stores.tables.drop(ledger_path(dataset.tenant, dataset.id))


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
    table = read_customers(stores, tenant, found, [found.customer_id, *usable])
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


def derive(session: Session, version: DatasetVersionRow, path: str, owner: str) -> None:
    """Register a table derived from a dataset version, so that erasures reach it, too."""
    session.merge(
        DerivedTableRow(path=path, dataset_id=version.dataset_id, owner=owner, seq=version.seq)
    )


def delete_derived(session: Session, owner: str) -> list[str]:
    """Unregister the derived tables of an owner.

    Returns their paths, to be dropped after the commit.
    """
    rows = repository.list_derived(session, owner=owner)
    for row in rows:
        session.delete(row)
    return [row.path for row in rows]
