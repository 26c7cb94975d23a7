"""Assignment of the customers of a stored table, batch by batch."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from models.scoring import AssignmentResult, Scorer
from models.scoring.assignment_counts import AssignmentCounts
from models.scoring.features import NumericFeature

ASSIGNMENT_SCHEMA = pa.schema(
    [
        ("customer_id", pa.string()),
        ("segment", pa.string()),
        ("distance", pa.float64()),
        ("runner_up", pa.string()),
        ("margin", pa.float64()),
        ("outlier", pa.bool_()),
        ("imputed", pa.string()),
        ("unknown", pa.string()),
        ("rejected", pa.string()),
    ]
)

REJECTED: Final = "rejected"
OPTIONAL_COLUMNS: Final = ("imputed", "unknown")  # absent from tables of earlier releases
NAMED_ASSIGNMENT_SCHEMA = ASSIGNMENT_SCHEMA.insert(2, pa.field("segment_name", pa.string()))
# Columns that are added to the members of a segment; `row` is the row in the dataset.
MEMBER_FIELDS = pa.schema(
    [
        ("distance", pa.float64()),
        ("margin", pa.float64()),
        ("outlier", pa.bool_()),
        ("row", pa.int64()),
    ]
)


@dataclass(frozen=True, kw_only=True)
class BatchAssigner:
    """One version of a model, applied to a table; `segments` are ids by index."""

    scorer: Scorer
    segments: Sequence[str]
    customer_id: str

    def columns(self, available: Sequence[str]) -> list[str]:
        """Choose the columns that must be read."""
        return [
            self.customer_id,
            *(name for name in self.scorer.feature_names if name in available),
        ]

    def members_schema(self, stored: pa.Schema) -> pa.Schema:
        """Return the schema of the members of a segment, for a table of this schema."""
        read = [stored.field(name) for name in self.columns(stored.names)]
        return pa.schema([*read, *_member_fields([field.name for field in read])])

    def assign(
        self, batches: Iterable[pa.RecordBatch], tally: AssignmentCounts
    ) -> Iterator[pa.RecordBatch]:
        """Assign each customer, and count the results."""
        for batch in batches:
            assigned = self._assign(batch)
            numeric = (each for each in self.scorer.features if isinstance(each, NumericFeature))
            present = (each for each in numeric if each.name in batch.schema.names)
            # The means of the numeric features, as multiples of their typical sizes.
            sizes = {each.name: each.size(_numbers(batch.column(each.name))) for each in present}
            tally.add(assigned, {name: size for name, size in sizes.items() if size is not None})
            yield self._record(batch, assigned)

    def counts(self, tally: AssignmentCounts) -> dict[str, int]:
        """Return the number of customers by segment id, and of rejected ones if there are any."""
        rejected = {REJECTED: tally.n_rejected} if tally.n_rejected else {}
        return {self.segments[index]: n for index, n in sorted(tally.segments.items())} | rejected

    def findings(self, tally: AssignmentCounts, available: Collection[str]) -> dict[str, Any]:
        """Return the counts of outliers and of imputed and unknown values, and the warnings."""
        names = self.scorer.feature_names
        missing_columns = [name for name in names if name not in available]
        return {
            "outliers": tally.n_outliers,
            "features": {name: tally.of_feature(name) for name in names},
            "warnings": tally.warnings(
                missing_columns=missing_columns, n_segments=self.scorer.n_segments
            ),
        }

    def members(
        self, batches: Iterable[pa.RecordBatch], segment: str, *, start: int = 0
    ) -> Iterator[pa.RecordBatch]:
        """Yield the customers of one segment with distance, margin, outlier flag and row number.

        Rows are numbered from `start`.
        """
        index = self.segments.index(segment)
        for batch in batches:
            assigned = self._assign(batch)
            rows = np.arange(start, start + batch.num_rows)
            fit = (assigned.distance, assigned.margin, assigned.outlier, rows)
            added = [pa.array(values, from_pandas=True) for values in fit]
            schema = pa.schema([*batch.schema, *_member_fields(batch.schema.names)])
            wide = pa.RecordBatch.from_arrays([*batch.columns, *added], schema=schema)
            yield wide.filter(pa.array(assigned.index == index))
            start += batch.num_rows

    def _assign(self, batch: pa.RecordBatch) -> AssignmentResult:
        # Missing cells become NaN in numbers and None in texts.
        columns = {
            name: batch.column(name).to_numpy(zero_copy_only=False)
            for name in batch.schema.names
            if name != self.customer_id
        }
        return self.scorer.assign(columns, batch.num_rows)

    def _record(self, batch: pa.RecordBatch, assigned: AssignmentResult) -> pa.RecordBatch:
        rejected = {
            row: "; ".join(error.detail for error in errors)
            for row, errors in assigned.errors.items()
        }
        columns = {
            "customer_id": batch.column(self.customer_id),
            "segment": self._segment_ids(assigned.index),
            "distance": pa.array(assigned.distance, from_pandas=True),
            "runner_up": self._segment_ids(assigned.runner_up),
            "margin": pa.array(assigned.margin, from_pandas=True),
            "outlier": pa.array(assigned.outlier),
            "imputed": _sparse(
                batch.num_rows, {row: ", ".join(names) for row, names in assigned.imputed.items()}
            ),
            "unknown": _sparse(
                batch.num_rows, {row: ", ".join(names) for row, names in assigned.unknown.items()}
            ),
            "rejected": _sparse(batch.num_rows, rejected),
        }
        return pa.RecordBatch.from_pydict(columns, schema=ASSIGNMENT_SCHEMA)

    def _segment_ids(self, indices: npt.NDArray[np.int64]) -> pa.Array:
        known = pa.array(np.where(indices < 0, 0, indices), mask=indices < 0)
        return pa.array(self.segments, pa.string()).take(known)


def with_segment_names(
    batches: Iterable[pa.RecordBatch], names: Mapping[str, str]
) -> Iterator[pa.RecordBatch]:
    """Add the name of each segment; columns that an earlier release did not write are null."""
    ids, labels = pa.array(list(names), pa.string()), pa.array(list(names.values()), pa.string())
    for batch in batches:
        columns = {name: batch.column(name) for name in batch.schema.names}
        columns["segment_name"] = labels.take(pc.index_in(columns["segment"], value_set=ids))
        columns |= {
            name: pa.nulls(batch.num_rows, pa.string())
            for name in OPTIONAL_COLUMNS
            if name not in columns
        }
        yield pa.RecordBatch.from_pydict(columns, schema=NAMED_ASSIGNMENT_SCHEMA)


def _member_fields(taken: Sequence[str]) -> list[pa.Field]:
    """Return the added fields, renamed where the table already has a column of that name."""
    lowered = {name.lower() for name in taken}
    return [
        field.with_name(next(name for name in _candidate_names(field.name) if name not in lowered))
        for field in MEMBER_FIELDS
    ]


def _candidate_names(name: str) -> Iterator[str]:
    yield name
    yield from (f"{name}_{n}" for n in count(2))


def _sparse(n_rows: int, texts: Mapping[int, str]) -> pa.Array:
    """Build a text column from texts by row; all other rows are null."""
    if not texts:
        return pa.nulls(n_rows, pa.string())
    return pa.array(list(map(texts.get, range(n_rows))), pa.string())


def _numbers(column: pa.Array) -> npt.NDArray[np.float64]:
    """Return a numeric column with NaN for missing cells; a text column is all NaN."""
    numbers = column if pa.types.is_floating(column.type) else pa.nulls(len(column), pa.float64())
    return np.asarray(numbers.to_numpy(zero_copy_only=False), dtype=np.float64)
