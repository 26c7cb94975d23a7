"""Upserts and lookups of customers."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import pyarrow as pa
import pyarrow.compute as pc

from models.cells import integer_id
from service.customers.batch import (
    Batch,
    Faults,
    read_batch,
    require_same_columns,
    require_valid_rows,
)
from service.datasets import change_log, repository, stored_versions, version_writer
from service.datasets.dataset_schema import (
    CUSTOMER_ID,
    TableContent,
    content_of,
    infer_added_columns,
    recount,
    stored_schema,
)
from service.datasets.merge import merge_tables
from service.datasets.rows import DatasetRow
from service.datasets.stored_versions import DatasetAt
from service.datasets.version_writer import NextVersion
from service.errors import Conflict, NotFound
from service.stores import Stores
from service.stores.database import Session
from service.web.formats import RawTable

Result = Literal["inserted", "updated", "superseded", "rejected"]
MAX_CHANGES: Final = 10_000  # rows of a batch that is written as changes


@dataclass(frozen=True, kw_only=True)
class UpsertResult:
    """Result of an upsert, with one entry per row of the batch.

    `faults` are keyed by row, counting from 0. `warnings` are those of the body and of the columns
    that it adds.
    """

    dataset: str
    dataset_version: int
    n_customers: int
    customer_ids: Sequence[str | None]
    results: Sequence[Result]
    faults: Faults
    warnings: Sequence[str]


Keep = Callable[[Session, UpsertResult], None]


def upsert_customers(  # noqa: PLR0913 - where, what, how
    stores: Stores,
    tenant: str,
    name: str,
    patch: RawTable,
    *,
    atomic: bool,
    keep: Keep = lambda *_: None,
) -> UpsertResult:
    """Insert new customers and update known ones.

    Fields that a row does not carry keep their stored values.

    An invalid row is rejected alone, or with the whole batch if `atomic`. The last of several rows
    for one customer wins. `keep` is called with the result, in the transaction that commits the
    write. A small batch of known columns is added to the changes of the dataset; any other one is
    merged into the stored table.
    """

    def write_changes() -> UpsertResult | None:
        with stores.tables.write_lock(f"{tenant}/{name}"):
            at = stored_versions.newest(stores, tenant, name)
            _require_customers(at)
            if not _is_small(patch, content_of(at[1])):
                return None
            return _write_changes(stores, at, patch, atomic=atomic, keep=keep)

    written = stores.tables.retry(write_changes)
    return written or _rewrite(stores, tenant, name, patch, atomic=atomic, keep=keep)


def _write_changes(
    stores: Stores, at: DatasetAt, patch: RawTable, *, atomic: bool, keep: Keep
) -> UpsertResult:
    """Add a batch to the changes of a dataset; raises TableBusy if its stored version changes."""
    dataset, version = at
    content = content_of(version)
    batch = read_batch(patch, content, dataset.name, known_ids=None)
    require_valid_rows(batch, atomic=atomic)
    require_same_columns(batch.typed, stored_schema(version))
    written = batch.cells(content.customer_id)
    rows = change_log.open_lookup(stores, at).find(list(written))
    stored = {customer for customer, row in zip(written, rows, strict=True) if row >= 0}

    with stores.database.writing() as session:
        counted, known = change_log.add_changes(session, at, written, stored=stored)
        result = _build_result(counted, batch, known, batch.warnings)
        keep(session, result)
    return result


def _rewrite(  # noqa: PLR0913 - where, what, how
    stores: Stores, tenant: str, name: str, patch: RawTable, *, atomic: bool, keep: Keep
) -> UpsertResult:
    """Merge a batch into the stored table of a dataset."""
    done: list[UpsertResult] = []

    def plan(at: DatasetAt) -> NextVersion:
        base = version_writer.read_base(stores, at)
        content = content_of(at[1])
        batch = read_batch(patch, content, name, known_ids=base[content.customer_id])
        require_valid_rows(batch, atomic=atomic)
        merged = _merge(base, batch, content)

        def keep_result(session: Session, counted: DatasetAt) -> None:
            done[:] = [_build_result(counted[0], batch, merged.known, merged.warnings)]
            keep(session, done[0])

        return version_writer.build_next_version(at, merged.table, merged.content, keep_result)

    version_writer.change_next(stores, tenant, name, plan)
    return done[0]


def find_customer(
    stores: Stores, tenant: str, name: str, customer_id: str
) -> tuple[DatasetRow, dict[str, object]]:
    """Return a customer's current row, and its dataset.

    17850.0 also finds 17850.
    """

    def find() -> tuple[DatasetRow, dict[str, object]]:
        at = stored_versions.newest(stores, tenant, name)
        for each in filter(None, (customer_id, integer_id(customer_id))):
            if row := _find_row(stores, at, each):
                return at[0], row
        raise NotFound(f"The dataset {name} has no such customer")

    return stores.tables.retry(find)


def _find_row(stores: Stores, at: DatasetAt, customer_id: str) -> dict[str, object] | None:
    """Return the stored cells of a customer with the changes since, None without any."""
    dataset, version = at
    with stores.database.reading() as session:
        changes = repository.find_changes(session, dataset.id, [customer_id], after=version.seq)
    lookup = change_log.open_lookup(stores, at)
    [number] = lookup.find([customer_id])
    if number < 0 and customer_id not in changes:
        return None
    empty = dict.fromkeys(stored_schema(version).names) | {version.customer_id: customer_id}
    return (lookup.row(number) if number >= 0 else empty) | changes.get(customer_id, {})


def _is_small(patch: RawTable, content: TableContent) -> bool:
    """Return whether a batch has few rows, and only known columns and no ids such as 17850.0."""
    known = {content.customer_id, *(column.name for column in content.columns)}
    if patch.table.num_rows > MAX_CHANGES or content.generated_ids:
        return False
    ids = [name for name in (content.customer_id, CUSTOMER_ID) if name in patch.table.column_names]
    if not ids or not known.issuperset({*patch.table.column_names} - {CUSTOMER_ID}):
        return False
    cells = patch.table[ids[0]].to_pylist()
    return not any(isinstance(cell, float) or integer_id(str(cell)) for cell in cells)


@dataclass(frozen=True, kw_only=True)
class _MergeResult:
    """Table with a batch merged into it; `known` are the ids that the table held before."""

    batch: Batch
    table: pa.Table
    content: TableContent
    known: frozenset[str]
    warnings: Sequence[str]


def _require_customers(at: DatasetAt) -> None:
    dataset, _ = at
    if dataset.recipe is not None:
        name = dataset.name
        raise Conflict(
            f"{name} is built from transactions; post them to /v1/datasets/{name}/transactions"
        )


def _merge(table: pa.Table, batch: Batch, content: TableContent) -> _MergeResult:
    patch, key = batch.patch(), content.customer_id
    require_same_columns(patch, table.schema)
    known = table[key].filter(pc.is_in(table[key], value_set=patch[key].combine_chunks()))
    merged, described = infer_added_columns(
        merge_tables(table, patch, key=key, present=batch.present_in_patch()), content
    )
    added = [warning for warning in described.warnings if warning not in content.warnings]
    return _MergeResult(
        batch=batch,
        table=merged,
        content=recount(described, merged),
        known=frozenset(known.to_pylist()),
        warnings=(*batch.warnings, *added),
    )


def _build_result(
    counted: DatasetRow, batch: Batch, known: Collection[str], warnings: Sequence[str]
) -> UpsertResult:
    results = [
        _row_result(batch, row, known=customer_id in known)
        for row, customer_id in enumerate(batch.customer_ids)
    ]
    return UpsertResult(
        dataset=counted.name,
        dataset_version=counted.version,
        n_customers=counted.n_customers,
        customer_ids=batch.customer_ids,
        results=results,
        faults=batch.faults,
        warnings=warnings,
    )


def _row_result(batch: Batch, row: int, *, known: bool) -> Result:
    if row in batch.faults:
        return "rejected"
    if not batch.kept[row]:
        return "superseded"
    return "updated" if known else "inserted"
