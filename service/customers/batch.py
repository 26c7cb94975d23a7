"""Batches of customers, parsed by the schema of their dataset, and the errors of their rows."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pyarrow as pa

from models.columns import CellError, read_rows
from service.datasets.dataset_schema import CUSTOMER_ID, TableContent
from service.datasets.merge import Mask, last_of_each
from service.errors import Conflict, FieldError, InvalidRequest
from service.stores.database import JsonObject
from service.web.formats import RawTable

Faults = Mapping[int, Sequence[FieldError]]
Outcome = Literal["written", "superseded", "rejected"]


@dataclass(frozen=True, kw_only=True)
class RowPatches:
    """The cells that a batch writes, by customer, and the outcome of each of its rows.

    `faults` are keyed by row, counting from 0.
    """

    cells: Mapping[str, JsonObject]
    customer_ids: Sequence[str | None]
    outcomes: Sequence[Outcome]
    faults: Faults
    warnings: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class Batch:
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

    def row_patches(self, key: str) -> RowPatches:
        """Return the cells that each customer's row carries."""
        present = self.present_in_patch()
        cells = {}
        for place, row in enumerate(self.patch().to_pylist()):
            customer = row.pop(key)
            carried = row.keys() if not present else [n for n in row if present[n][place]]
            cells[customer] = {name: row[name] for name in carried}
        return RowPatches(
            cells=cells,
            customer_ids=self.customer_ids,
            outcomes=self.outcomes(),
            faults=self.faults,
            warnings=self.warnings,
        )

    def outcomes(self) -> list[Outcome]:
        return [
            "rejected" if row in self.faults else "written" if kept else "superseded"
            for row, kept in enumerate(self.kept.tolist())
        ]
        return {name: mask[self.kept] for name, mask in self.present.items()}


def read_batch(
    patch: RawTable, content: TableContent, *, known_ids: pa.ChunkedArray | None
) -> Batch:
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
    return Batch(
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


def require_valid_rows(batch: Batch, *, atomic: bool) -> None:
    n_rows = len(batch.customer_ids)
    if batch.faults and (atomic or len(batch.faults) == n_rows):
        flat = [fault for row in sorted(batch.faults) for fault in batch.faults[row]]
        raise InvalidRequest(f"{len(batch.faults)} of {n_rows} rows are invalid", errors=flat)


def require_same_columns(patch: pa.Table, schema: pa.Schema) -> None:
    stored = {name.lower(): name for name in schema.names}
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
        if name in schema.names and patch.schema.field(name).type != schema.field(name).type
    ]
    if changed:
        raise Conflict(
            f"The column {changed[0]!r} was changed by another request; send the batch again"
        )
