"""Customers of a stored table, placed batch by batch."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from models.scoring import AssignmentResult, Scorer

PLACED = pa.schema(
    [
        ("customer_id", pa.string()),
        ("segment", pa.string()),
        ("distance", pa.float64()),
        ("runner_up", pa.string()),
        ("margin", pa.float64()),
        ("outlier", pa.bool_()),
        ("rejected", pa.string()),
    ]
)

NAMED = PLACED.insert(2, pa.field("segment_name", pa.string()))
# How a member fits, and last its row in the dataset.
FIT = pa.schema([("distance", pa.float64()), ("margin", pa.float64()), ("outlier", pa.bool_()), ("row", pa.int64())])


@dataclass(frozen=True, kw_only=True)
class BatchAssigner:
    """One version of a model, applied to a table; `segments` are ids by index."""

    scorer: Scorer
    segments: Sequence[str]
    customer_id: str

    def columns(self, available: Sequence[str]) -> list[str]:
        """Choose the columns that must be read."""
        return [self.customer_id, *(name for name in self.scorer.feature_names if name in available)]

    def members_schema(self, stored: pa.Schema) -> pa.Schema:
        """Tell the columns of members, of a table with these columns."""
        read = [stored.field(name) for name in self.columns(stored.names)]
        return pa.schema([*read, *_with_columns([field.name for field in read])])

    def placed(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Say of each customer where it is placed."""
        for batch in batches:
            yield self._record(batch, self._assign(batch))

    def members(self, batches: Iterable[pa.RecordBatch], segment: str, *, start: int = 0) -> Iterator[pa.RecordBatch]:
        """Keep the customers of one segment: their cells, how well they fit, and their rows from `start` on."""
        index = self.segments.index(segment)
        for batch in batches:
            assigned = self._assign(batch)
            rows = np.arange(start, start + batch.num_rows)
            fit = (assigned.distance, assigned.margin, assigned.outlier, rows)
            added = [pa.array(values, from_pandas=True) for values in fit]
            schema = pa.schema([*batch.schema, *_with_columns(batch.schema.names)])
            wide = pa.RecordBatch.from_arrays([*batch.columns, *added], schema=schema)
            yield wide.filter(pa.array(assigned.index == index))
            start += batch.num_rows

    def _assign(self, batch: pa.RecordBatch) -> AssignmentResult:
        columns = {name: _cells(batch.column(name)) for name in batch.schema.names if name != self.customer_id}
        return self.scorer.assign(columns, batch.num_rows)

    def _record(self, batch: pa.RecordBatch, assigned: AssignmentResult) -> pa.RecordBatch:
        rejected: list[str | None] = [None] * batch.num_rows
        for row, errors in assigned.errors.items():
            rejected[row] = "; ".join(error.detail for error in errors)
        columns = {
            "customer_id": batch.column(self.customer_id),
            "segment": self._named(assigned.index),
            "distance": pa.array(assigned.distance, from_pandas=True),
            "runner_up": self._named(assigned.runner_up),
            "margin": pa.array(assigned.margin, from_pandas=True),
            "outlier": pa.array(assigned.outlier),
            "rejected": pa.array(rejected, pa.string()),
        }
        return pa.RecordBatch.from_pydict(columns, schema=PLACED)

    def _named(self, indices: npt.NDArray[np.int64]) -> pa.Array:
        known = pa.array(np.where(indices < 0, 0, indices), mask=indices < 0)
        return pa.array(self.segments, pa.string()).take(known)


def named(batches: Iterable[pa.RecordBatch], names: Mapping[str, str]) -> Iterator[pa.RecordBatch]:
    """Say beside each segment what it is called."""
    ids, called = pa.array(list(names), pa.string()), pa.array(list(names.values()), pa.string())
    for batch in batches:
        columns = {name: batch.column(name) for name in batch.schema.names}
        columns["segment_name"] = called.take(pc.index_in(columns["segment"], value_set=ids))
        yield pa.RecordBatch.from_pydict(columns, schema=NAMED)


def _with_columns(taken: Sequence[str]) -> list[pa.Field]:
    """Name our own columns, each unlike those that the customers already have."""
    lowered = {name.lower() for name in taken}
    return [field.with_name(next(name for name in _names(field.name) if name not in lowered)) for field in FIT]


def _names(name: str) -> Iterator[str]:
    yield name
    yield from (f"{name}_{n}" for n in count(2))


def _cells(column: pa.Array) -> npt.NDArray[np.float64] | npt.NDArray[np.object_]:
    """Give numbers with NaN, and texts with None, where a cell is missing."""
    cells: npt.NDArray[np.float64] | npt.NDArray[np.object_] = column.to_numpy(zero_copy_only=False)
    return cells
