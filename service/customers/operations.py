"""What happens to the customers of a dataset: put in and changed in batches, looked up, erased."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

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
    """What became of each row of a batch, in its order; rows count from 0."""

    at: DatasetAt
    customer_ids: Sequence[str | None]
    results: Sequence[Result]
    faults: Faults


def upsert_customers(  # noqa: PLR0913 - where, what, how
    stores: Stores,
    tenant: str,
    name: str,
    patch: RawTable,
    *,
    atomic: bool,
    keep: Callable[[Session, UpsertResult], None] = lambda *_: None,
) -> UpsertResult:
    """Lay a batch over a dataset: what a row carries replaces, what it does not is kept, new customers are added.

    A bad row is rejected alone, or, if atomic, all are. Of several rows for one customer the last wins.
    """
    done: list[UpsertResult] = []

    def plan(at: DatasetAt) -> NextVersion:
        _require_customers(at)
        batch = _read(patch, content_of(at[1]), name)
        _require_good_rows(batch, atomic=atomic)
        laid = _merge(datasets.read_base(stores, at), batch, content_of(at[1]))

        def keep_upserted(session: Session, counted: DatasetAt) -> None:
            done[:] = [_upserted(counted, laid)]
            keep(session, done[0])

        return datasets.build_next_version(at, laid.table, laid.content, keep_upserted)

    datasets.change_next(stores, tenant, name, plan)
    return done[0]


def find_customer(stores: Stores, tenant: str, name: str, customer_id: str) -> tuple[DatasetAt, dict[str, object]]:
    """Get one customer's row as it is stored."""
    at = datasets.newest(stores, tenant, name)
    rows = _rows_of(stores, tenant, at, customer_id)
    if not rows.num_rows:
        raise NotFound(f"The dataset {name} has no such customer")
    return at, rows.to_pylist()[0]


@dataclass(frozen=True, kw_only=True)
class _Batch:
    """A patch as the dataset reads it; `kept` are the rows to lay over it: without fault, the last of each customer."""

    typed: pa.Table
    present: Mapping[str, Mask]
    faults: Faults
    kept: Mask
    customer_ids: Sequence[str | None]

    def patch(self) -> pa.Table:
        return self.typed.filter(pa.array(self.kept))

    def carried(self) -> dict[str, Mask]:
        return {name: mask[self.kept] for name, mask in self.present.items()}


@dataclass(frozen=True, kw_only=True)
class _Written:
    """What a batch has made of a table, and which customers that knew before."""

    batch: _Batch
    table: pa.Table
    content: TableContent
    known: frozenset[str]


def _require_customers(at: DatasetAt) -> None:
    dataset, _ = at
    if dataset.recipe is not None:
        name = dataset.name
        raise Conflict(f"{name} is made of transactions; post further ones to /v1/datasets/{name}/transactions")


def _read(patch: RawTable, content: TableContent, name: str) -> _Batch:
    if content.generated_ids:
        raise Conflict(f"The rows of {name} have no ids of their own; put the whole table again")
    key = content.customer_id
    raw = _under_own_header(patch.table, key)
    typed, errors = read_rows(raw, content.columns, customer_id=key)
    faults = _by_row(errors)
    good = np.array([row not in faults for row in range(typed.num_rows)], np.bool_)
    kept = good.copy()
    kept[good] = ~last_of_each(typed.filter(pa.array(good)), key)[1]
    present = {key if column == CUSTOMER_ID else column: mask for column, mask in (patch.present or {}).items()}
    return _Batch(typed=typed, present=present, faults=faults, kept=kept, customer_ids=typed[key].to_pylist())


def _under_own_header(raw: pa.Table, key: str) -> pa.Table:
    """Let a batch name its customers as the dataset does, or plainly by `customer_id`."""
    if key in raw.column_names:
        return raw
    if CUSTOMER_ID not in raw.column_names:
        raise InvalidRequest(f"The batch does not say who its customers are: there is no column {key!r}")
    return raw.rename_columns([key if column == CUSTOMER_ID else column for column in raw.column_names])


def _by_row(errors: Sequence[CellError]) -> dict[int, list[FieldError]]:
    faults: dict[int, list[FieldError]] = defaultdict(list)
    for error in errors:
        faults[error.row - 1].append(FieldError(row=error.row, detail=f"{error.column}: {error.detail}"))
    return faults


def _require_good_rows(batch: _Batch, *, atomic: bool) -> None:
    n_rows = len(batch.customer_ids)
    if batch.faults and (atomic or len(batch.faults) == n_rows):
        flat = [fault for row in sorted(batch.faults) for fault in batch.faults[row]]
        raise InvalidRequest(f"{len(batch.faults)} of {n_rows} rows cannot be taken", errors=flat)


def _merge(table: pa.Table, batch: _Batch, content: TableContent) -> _Written:
    patch, key = batch.patch(), content.customer_id
    _require_same_columns(patch, table)
    known = table[key].filter(pc.is_in(table[key], value_set=patch[key].combine_chunks()))
    laid, described = infer_added_columns(merge_tables(table, patch, key=key, present=batch.carried()), content)
    content = recount(described, laid)
    return _Written(batch=batch, table=laid, content=content, known=frozenset(known.to_pylist()))


def _require_same_columns(patch: pa.Table, table: pa.Table) -> None:
    stored = {name.lower(): name for name in table.column_names}
    alike = [(stored.get(name.lower(), name), name) for name in patch.column_names]
    faults = [f"{known!r} and {name!r} differ only in case" for known, name in alike if known != name]
    if faults:
        raise InvalidRequest("The columns are not those of the dataset", errors=[FieldError(detail=f) for f in faults])
    stale = [name for name in patch.column_names if name in table.column_names and _columns_differ(patch, table, name)]
    if stale:
        raise Conflict(f"The column {stale[0]!r} was changed meanwhile; send the batch again")


def _columns_differ(one: pa.Table, other: pa.Table, name: str) -> bool:
    return bool(one.schema.field(name).type != other.schema.field(name).type)


def _upserted(at: DatasetAt, laid: _Written) -> UpsertResult:
    batch = laid.batch
    results = _results(batch, laid.known)
    return UpsertResult(at=at, customer_ids=batch.customer_ids, results=results, faults=batch.faults)


def _results(batch: _Batch, known: frozenset[str]) -> list[Result]:
    return [_result(batch, row, known=customer_id in known) for row, customer_id in enumerate(batch.customer_ids)]


def _result(batch: _Batch, row: int, *, known: bool) -> Result:
    if row in batch.faults:
        return "rejected"
    if not batch.kept[row]:
        return "superseded"
    return "updated" if known else "inserted"


def _rows_of(stores: Stores, tenant: str, at: DatasetAt, customer_id: str) -> pa.Table:
    dataset, version = at
    path = datasets.table_path(tenant, dataset.id)
    return stores.tables.find(path, version.table_version, version.customer_id, customer_id)
