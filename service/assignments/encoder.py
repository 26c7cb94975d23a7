"""Encoders of assignment results.

JSON (msgspec) and Arrow tables, for the fast path and the routes. msgspec holds the GIL for a whole
call, so that many results are encoded in parts.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from models.scoring import RowAssignment
from service.assignments.operations import AssignmentBatch, LoadedVersion
from service.assignments.schemas import Assignment, AssignmentResults, Rejected
from service.web.problems import Fault
from service.web.schemas import ResponseModel

PART_ROWS: Final = 1_000  # encoded at once
TABLE_SCHEMA: Final = pa.schema(
    {
        "row": pa.int64(),
        "customer_id": pa.string(),
        "segment": pa.string(),
        "segment_name": pa.string(),
        "distance": pa.float64(),
        "runner_up": pa.string(),
        "margin": pa.float64(),
        "outlier": pa.bool_(),
        "imputed": pa.string(),
        "unknown": pa.string(),
        "rejected": pa.string(),
    }
)


def _struct_of(model: type[ResponseModel], *, without: str = "") -> Any:  # noqa: ANN401 - a runtime type
    """Build a msgspec struct with the fields of a pydantic model, as msgspec encodes faster."""
    fields = [
        (name, Any) if field.is_required() else (name, Any, field.default)
        for name, field in model.model_fields.items()
        if name != without
    ]
    return msgspec.defstruct(model.__name__, fields, omit_defaults=True, gc=False)


_Results, _Assignment, _Rejected = (
    _struct_of(AssignmentResults),
    _struct_of(Assignment),
    _struct_of(Rejected),
)
_AssignmentRow = _struct_of(Assignment, without="segment_name")  # part of the encoded segment
_encode = msgspec.json.Encoder().encode


def encode_json(batch: AssignmentBatch) -> bytes:
    """Encode the assignments, rejections and warnings of a batch as JSON."""
    assignments = build_assignments(batch)
    if batch.faults:
        assignments = [each for row, each in enumerate(assignments) if row not in batch.faults]
    rejected = [_build_rejected(batch, row) for row in sorted(batch.faults)]
    return _encode_results(batch.version, assignments, rejected, batch.warnings)


def encode_json_rows(
    version: LoadedVersion,
    assigned: Sequence[tuple[str | None, RowAssignment]],
    warnings: Sequence[str],
) -> bytes:
    """Encode customers that were assigned one by one, as pairs of id and assignment, as JSON."""
    assignments = [build_assignment(version, row, *each) for row, each in enumerate(assigned, 1)]
    return _encode_results(version, assignments, [], warnings)


def to_table(batch: AssignmentBatch) -> pa.Table:
    """Build a table of a batch; rejected customers have nulls and the errors in `rejected`."""
    assigned, n_rows = batch.assigned, len(batch.customer_ids)
    rejected = np.zeros(n_rows, dtype=np.bool_)
    rejected[list(batch.faults)] = True
    ids = pa.array([segment for segment, _ in batch.version.segments], pa.string())
    names = pa.array([name for _, name in batch.version.segments], pa.string())
    segment = _segment_indices(assigned.index, rejected)
    columns = {
        "row": np.arange(1, n_rows + 1),
        "customer_id": batch.customer_ids,
        "segment": ids.take(segment),
        "segment_name": names.take(segment),
        "distance": pa.array(assigned.distance, mask=rejected),
        "runner_up": ids.take(_segment_indices(assigned.runner_up, rejected)),
        "margin": pa.array(assigned.margin, mask=rejected | np.isnan(assigned.margin)),
        "outlier": pa.array(assigned.outlier, mask=rejected),
        "imputed": _text_column(n_rows, _join_names(assigned.imputed, rejected)),
        "unknown": _text_column(n_rows, _join_names(assigned.unknown, rejected)),
        "rejected": _text_column(
            n_rows,
            {
                row: "; ".join(fault.detail for fault in faults)
                for row, faults in batch.faults.items()
            },
        ),
    }
    return pa.table(columns, schema=TABLE_SCHEMA)


def build_assignments(batch: AssignmentBatch) -> list[Any]:
    """Build the assignment of each row, for msgspec; those of rejected rows mean nothing."""
    assigned, n_rows = batch.assigned, len(batch.customer_ids)
    segments, runners_up = _encode_segments(batch.version)
    assignments = list(
        map(
            _AssignmentRow,
            range(1, n_rows + 1),
            batch.customer_ids,
            map(segments.__getitem__, assigned.index.tolist()),
            assigned.distance.tolist(),
            map(runners_up.__getitem__, assigned.runner_up.tolist()),
            assigned.margin.tolist(),  # msgspec encodes NaN as null
            assigned.outlier.tolist(),
        )
    )
    for name in ("outlier_reasons", "imputed", "unknown", "reasons"):
        for row, value in getattr(assigned, name).items():
            setattr(assignments[row], name, value)
    return assignments


def _encode_segments(version: LoadedVersion) -> tuple[list[msgspec.Raw], list[msgspec.Raw]]:
    """Encode each segment once, with its name and as runner-up.

    The last entry (index -1) is null.
    """
    encoded = [
        (_encode(segment), _encode(name)) for segment, name in (*version.segments, (None, None))
    ]
    with_name = [msgspec.Raw(segment + b',"segment_name":' + name) for segment, name in encoded]
    return with_name, [msgspec.Raw(segment) for segment, _ in encoded]


def build_assignment(
    version: LoadedVersion, row: int, customer_id: str | None, assigned: RowAssignment
) -> object:
    """Build the assignment of one row, for msgspec."""
    segment, name = version.segments[assigned.segment]
    runner_up = None if assigned.runner_up is None else version.segments[assigned.runner_up][0]
    return _Assignment(
        row,
        customer_id,
        segment,
        name,
        assigned.distance,
        runner_up,
        assigned.margin,
        bool(assigned.outlier_reasons),
        assigned.outlier_reasons,
        assigned.imputed,
        assigned.unknown,
    )


def _encode_results(
    version: LoadedVersion, assignments: list[Any], rejected: list[Any], warnings: Sequence[str]
) -> bytes:
    return _encode(
        _Results(
            version.model,
            version.version,
            _encode_in_parts(assignments),
            _encode_in_parts(rejected),
            warnings,
        )
    )


def _encode_in_parts(items: list[Any]) -> list[Any] | msgspec.Raw:
    """Encode a list of many items in parts; return a list of few as it is."""
    if len(items) <= PART_ROWS:
        return items
    parts = [_encode(items[at : at + PART_ROWS])[1:-1] for at in range(0, len(items), PART_ROWS)]
    return msgspec.Raw(b"[%b]" % b",".join(parts))


def _build_rejected(batch: AssignmentBatch, row: int) -> object:
    faults = [Fault.model_validate(fault, from_attributes=True) for fault in batch.faults[row]]
    return _Rejected(
        row + 1,
        batch.customer_ids[row],
        [fault.model_dump(exclude_defaults=True) for fault in faults],
    )


def _segment_indices(index: npt.NDArray[np.int64], rejected: npt.NDArray[np.bool_]) -> pa.Array:
    is_null = rejected | (index < 0)
    return pa.array(np.where(is_null, 0, index), mask=is_null)


def _join_names(
    names_by_row: Mapping[int, Sequence[str] | Mapping[str, str]], rejected: npt.NDArray[np.bool_]
) -> dict[int, str]:
    return {row: ", ".join(names) for row, names in names_by_row.items() if not rejected[row]}


def _text_column(n_rows: int, texts: Mapping[int, str]) -> pa.Array:
    """Build a column of `n_rows` from the texts of a few rows."""
    if not texts:
        return pa.nulls(n_rows, pa.string())
    return pa.array(list(map(texts.get, range(n_rows))), pa.string())
