"""Upserts and lookups of customers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from models.cells import integer_id
from service.assignments.operations import LoadedVersion
from service.assignments.stored_rows import StoredAssignment, assign_stored_rows
from service.customers.batch import (
    Batch,
    read_batch,
    require_same_columns,
    require_valid_rows,
)
from service.customers.row_writes import (
    Encode,
    Keep,
    RowsWrite,
    UpsertResult,
    build_results,
    commit_writes,
    open_dataset,
    require_writable,
)
from service.datasets import repository, stored_customers, stored_versions, version_writer
from service.datasets.dataset_schema import (
    CUSTOMER_ID,
    TableContent,
    infer_added_columns,
    recount,
    stored_schema,
)
from service.datasets.merge import merge_tables
from service.datasets.rows import DatasetRow
from service.datasets.stored_versions import DatasetAt
from service.datasets.version_writer import NextVersion
from service.errors import NotFound, ServiceError
from service.idempotency.operations import IdempotentRequest
from service.stores import Stores
from service.stores.database import Session
from service.web.formats import RawTable

MAX_CHANGES: Final = 10_000  # rows of a batch that is written as changes


def upsert_customers(  # noqa: PLR0913 - where, what, how
    stores: Stores,
    tenant: str,
    name: str,
    patch: RawTable,
    *,
    atomic: bool,
    once: IdempotentRequest,
    encode: Encode,
    version: LoadedVersion | None = None,
) -> bytes:
    """Insert new customers and update known ones, and return the encoded result.

    Fields that a row does not carry keep their stored values. An invalid row is rejected alone, or
    with the whole batch if `atomic`. The last of several rows for one customer wins. A small batch
    of known columns is added to the changes of the dataset; any other one is merged into the stored
    table.
    """
    if (answer := once.find_answer()) is not None:
        return answer

    def add_changes() -> bytes | None:
        target = open_dataset(stores, tenant, name)
        if not _is_small(patch, target.content):
            return None
        batch = read_batch(patch, target.content, known_ids=None)
        require_valid_rows(batch, atomic=atomic)
        require_same_columns(batch.typed, stored_schema(target.at.version))
        patches = batch.row_patches(target.content.customer_id)
        write = RowsWrite(patches=patches, sent=once.sent, version=version)
        [outcome] = commit_writes(stores, target, [write], encode)
        if isinstance(outcome, ServiceError):
            raise outcome
        return outcome

    return stores.tables.retry(add_changes) or once.respond(
        partial(_rewrite, stores, tenant, name, patch, atomic=atomic, version=version), encode
    )


def _rewrite(  # noqa: PLR0913 - where, what, how
    stores: Stores,
    tenant: str,
    name: str,
    patch: RawTable,
    keep: Keep,
    *,
    atomic: bool,
    version: LoadedVersion | None,
) -> UpsertResult:
    """Merge a batch into the stored table of a dataset.

    `keep` is called with the result, in the transaction that commits the write.
    """
    done: list[UpsertResult] = []

    def plan(at: DatasetAt) -> NextVersion:
        require_writable(at)
        current = version_writer.read_current(stores, at)
        content = current.content
        batch = read_batch(patch, content, known_ids=current.table[content.customer_id])
        require_valid_rows(batch, atomic=atomic)
        merged = _merge(current.table, batch, content)
        assignments = _assign_table(version, merged, content.customer_id)

        def keep_result(session: Session, counted: DatasetAt) -> None:
            row, _ = counted
            done[:] = [
                UpsertResult(
                    dataset=row.name,
                    dataset_version=row.version,
                    n_customers=row.n_customers,
                    customer_ids=batch.customer_ids,
                    results=build_results(batch.outcomes(), batch.customer_ids, merged.known),
                    faults=batch.faults,
                    warnings=merged.warnings,
                    version=version,
                    assignments=assignments,
                )
            ]
            keep(session, done[0])

        planned = version_writer.build_next_version(at, merged.table, merged.content, keep_result)
        return replace(planned, changed=merged.changed[content.customer_id].to_pylist())

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
                return at.dataset, row
        raise NotFound(f"The dataset {name} has no such customer")

    return stores.tables.retry(find)


def _find_row(stores: Stores, at: DatasetAt, customer_id: str) -> dict[str, object] | None:
    """Return the stored cells of a customer with the changes since, None without any."""
    dataset, version = at
    with stores.database.reading() as session:
        changes = repository.find_changes(session, dataset.id, [customer_id], after=version.seq)
    lookup = stored_customers.open_lookup(stores, at)
    [number] = lookup.find([customer_id])
    cells = changes.get(customer_id, {} if number >= 0 else None)
    if cells is None:
        return None
    empty = dict.fromkeys(stored_schema(version).names) | {version.customer_id: customer_id}
    return (lookup.row(number) if number >= 0 else empty) | cells


def _is_small(patch: RawTable, content: TableContent) -> bool:
    """Return whether a batch has few rows, and only known columns and no ids such as 17850.0."""
    known = {content.customer_id, *(column.name for column in content.columns)}
    if patch.table.num_rows > MAX_CHANGES:
        return False
    ids = [name for name in (content.customer_id, CUSTOMER_ID) if name in patch.table.column_names]
    if not ids or not known.issuperset({*patch.table.column_names} - {CUSTOMER_ID}):
        return False
    cells = patch.table[ids[0]].to_pylist()
    return not any(isinstance(cell, float) or integer_id(str(cell)) for cell in cells)


@dataclass(frozen=True, kw_only=True)
class _MergeResult:
    """Table with a batch merged into it; `known` are the ids that the table held before.

    `changed` are the rows of the customers of the batch.
    """

    table: pa.Table
    changed: pa.Table
    content: TableContent
    known: frozenset[str]
    warnings: Sequence[str]


def _merge(table: pa.Table, batch: Batch, content: TableContent) -> _MergeResult:
    patch, key = batch.patch(), content.customer_id
    require_same_columns(patch, table.schema)
    ids = patch[key].combine_chunks()
    known = table[key].filter(pc.is_in(table[key], value_set=ids))
    merged, described = infer_added_columns(
        merge_tables(table, patch, key=key, present=batch.present_in_patch()), content
    )
    added = [warning for warning in described.warnings if warning not in content.warnings]
    return _MergeResult(
        table=merged,
        changed=merged.filter(pc.is_in(merged[key], value_set=ids)),
        content=recount(described, merged),
        known=frozenset(known.to_pylist()),
        warnings=(*batch.warnings, *added),
    )


def _assign_table(
    version: LoadedVersion | None, merged: _MergeResult, key: str
) -> Mapping[str, StoredAssignment]:
    if version is None:
        return {}
    return assign_stored_rows(version, {row[key]: row for row in merged.changed.to_pylist()})
