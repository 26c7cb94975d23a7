"""Upserts and lookups of customers."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from models.cells import integer_id
from models.columns import CellError, read_rows
from service.customers.upsert import last_of_each, merge_tables
from service.datasets import operations as datasets
from service.datasets.dataset_schema import TableContent, content_of, infer_added_columns, recount
from service.datasets.operations import CUSTOMER_ID, DatasetAt, NextVersion
from service.errors import Conflict, FieldError, InvalidRequest, NotFound
from service.stores import Stores
from service.stores.database import Session
from service.web.formats import RawTable

Result = Literal["inserted", "updated", "superseded", "rejected"]
Faults = Mapping[int, Sequence[FieldError]]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class UpsertResult:
    """Result of an upsert, with one entry per row of the batch.

    `faults` are keyed by row, counting from 0. `warnings` are those of the body and of the columns
    that it adds.
    """

    at: DatasetAt
    customer_ids: Sequence[str | None]
    results: Sequence[Result]
    faults: Faults
    warnings: Sequence[str]


def upsert_customers(  # noqa: PLR0913 - where, what, how
    stores: Stores,
    tenant: str,
    name: str,
    patch: RawTable,
    *,
    atomic: bool,
    keep: Callable[[Session, UpsertResult], None] = lambda *_: None,
) -> UpsertResult:
    """Insert new customers and update known ones.

    Fields that a row does not carry keep their stored values.

    An invalid row is rejected alone, or with the whole batch if `atomic`. The last of several rows
    for one customer wins. `keep` is called with the result, in the transaction that commits the new
    version.
    """
    done: list[UpsertResult] = []

    def plan(at: DatasetAt) -> NextVersion:
        _require_customers(at)
        base = datasets.read_base(stores, at)
        batch = _read_batch(patch, content_of(at[1]), name, base[at[1].customer_id])
        _require_valid_rows(batch, atomic=atomic)
        merged = _merge(base, batch, content_of(at[1]))

        def keep_upserted(session: Session, counted: DatasetAt) -> None:
            done[:] = [_build_result(counted, merged)]
            keep(session, done[0])

        return datasets.build_next_version(at, merged.table, merged.content, keep_upserted)

    datasets.change_next(stores, tenant, name, plan)
    return done[0]


def find_customer(
    stores: Stores, tenant: str, name: str, customer_id: str
) -> tuple[DatasetAt, dict[str, object]]:
    """Return a customer's stored row, and the dataset version that it belongs to.

    17850.0 also finds 17850.
    """
    at = datasets.newest(stores, tenant, name)
    rows = _rows_of(stores, tenant, at, customer_id)
    if not rows.num_rows and (whole := integer_id(customer_id)):
        rows = _rows_of(stores, tenant, at, whole)
    if not rows.num_rows:
        raise NotFound(f"The dataset {name} has no such customer")
    return at, rows.to_pylist()[0]


@dataclass(frozen=True, kw_only=True)
class _Batch:
    """Parsed batch; `kept` marks the rows to merge: the last valid one of each customer."""

    typed: pa.Table
    present: Mapping[str, Mask]
    faults: Faults
    kept: Mask
    customer_ids: Sequence[str | None]
    warnings: Sequence[str]

    def patch(self) -> pa.Table:
        return self.typed.filter(pa.array(self.kept))

    def present_in_patch(self) -> dict[str, Mask]:
        return {name: mask[self.kept] for name, mask in self.present.items()}


@dataclass(frozen=True, kw_only=True)
class _MergeResult:
    """Table with a batch merged into it; `known` are the ids that the table held before."""

    batch: _Batch
    table: pa.Table
    content: TableContent
    known: frozenset[str]
    warnings: Sequence[str]


def _rows_of(stores: Stores, tenant: str, at: DatasetAt, customer_id: str) -> pa.Table:
    dataset, version = at
    path = datasets.table_path(tenant, dataset.id)
    return stores.tables.find(path, version.table_version, version.customer_id, customer_id)


def _require_customers(at: DatasetAt) -> None:
    dataset, _ = at
    if dataset.recipe is not None:
        name = dataset.name
        raise Conflict(
            f"{name} is built from transactions; post them to /v1/datasets/{name}/transactions"
        )


def _read_batch(
    patch: RawTable, content: TableContent, name: str, known_ids: pa.ChunkedArray
) -> _Batch:
    if content.generated_ids:
        raise Conflict(
            f"The dataset {name} has no customer id column; upload the whole table again"
        )
    key = content.customer_id
    raw = _rename_customer_id(patch.table, key)
    typed, errors = read_rows(raw, content.columns, customer_id=key, known_ids=known_ids)
    faults = _group_by_row(errors)
    valid = np.array([row not in faults for row in range(typed.num_rows)], np.bool_)
    kept = valid.copy()
    kept[valid] = ~last_of_each(typed.filter(pa.array(valid)), key)[1]
    present = {
        key if column == CUSTOMER_ID else column: mask
        for column, mask in (patch.present or {}).items()
    }
    return _Batch(
        typed=typed,
        present=present,
        faults=faults,
        kept=kept,
        customer_ids=typed[key].to_pylist(),
        warnings=patch.warnings,
    )


def _rename_customer_id(raw: pa.Table, key: str) -> pa.Table:
    """Rename column `customer_id` to the dataset's customer id column if the batch lacks that."""
    if key in raw.column_names:
        return raw
    if CUSTOMER_ID not in raw.column_names:
        raise InvalidRequest(f"The batch has no customer ids: the column {key!r} is missing")
    return raw.rename_columns(
        [key if column == CUSTOMER_ID else column for column in raw.column_names]
    )


def _group_by_row(errors: Sequence[CellError]) -> dict[int, list[FieldError]]:
    faults: dict[int, list[FieldError]] = defaultdict(list)
    for error in errors:
        faults[error.row - 1].append(
            FieldError(row=error.row, detail=f"{error.column}: {error.detail}")
        )
    return faults


def _require_valid_rows(batch: _Batch, *, atomic: bool) -> None:
    n_rows = len(batch.customer_ids)
    if batch.faults and (atomic or len(batch.faults) == n_rows):
        flat = [fault for row in sorted(batch.faults) for fault in batch.faults[row]]
        raise InvalidRequest(f"{len(batch.faults)} of {n_rows} rows are invalid", errors=flat)


def _merge(table: pa.Table, batch: _Batch, content: TableContent) -> _MergeResult:
    patch, key = batch.patch(), content.customer_id
    _require_same_columns(patch, table)
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


def _require_same_columns(patch: pa.Table, table: pa.Table) -> None:
    stored = {name.lower(): name for name in table.column_names}
    pairs = [(stored.get(name.lower(), name), name) for name in patch.column_names]
    faults = [
        f"{known!r} and {name!r} differ only in case" for known, name in pairs if known != name
    ]
    if faults:
        raise InvalidRequest(
            "The columns do not match those of the dataset",
            errors=[FieldError(detail=f) for f in faults],
        )
    changed = [
        name
        for name in patch.column_names
        if name in table.column_names and _columns_differ(patch, table, name)
    ]
    if changed:
        raise Conflict(
            f"The column {changed[0]!r} was changed by another request; send the batch again"
        )


def _columns_differ(one: pa.Table, other: pa.Table, name: str) -> bool:
    return bool(one.schema.field(name).type != other.schema.field(name).type)


def _build_result(at: DatasetAt, merged: _MergeResult) -> UpsertResult:
    batch = merged.batch
    rows = enumerate(batch.customer_ids)
    results = [
        _row_result(batch, row, known=customer_id in merged.known) for row, customer_id in rows
    ]
    return UpsertResult(
        at=at,
        customer_ids=batch.customer_ids,
        results=results,
        faults=batch.faults,
        warnings=merged.warnings,
    )


def _row_result(batch: _Batch, row: int, *, known: bool) -> Result:
    if row in batch.faults:
        return "rejected"
    if not batch.kept[row]:
        return "superseded"
    return "updated" if known else "inserted"
