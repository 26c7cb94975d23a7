"""Where customers were placed, as it is sent; every road ends here."""

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

TABULATED: Final = pa.schema(
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


def _written_as(model: type[ResponseModel], *, without: str = "") -> Any:  # noqa: ANN401 - a class that only exists when this runs
    """Make of a schema a class that is written fast; pydantic describes it, and tests compare the two."""
    fields = [
        (name, Any) if field.is_required() else (name, Any, field.default)
        for name, field in model.model_fields.items()
        if name != without
    ]
    return msgspec.defstruct(model.__name__, fields, omit_defaults=True, gc=False)


_Results, _Assignment, _Rejected = _written_as(AssignmentResults), _written_as(Assignment), _written_as(Rejected)
_OneOfMany = _written_as(Assignment, without="segment_name")  # which comes with its segment
_encode = msgspec.json.Encoder().encode


def encode_json(placed: AssignmentBatch) -> bytes:
    """Write where customers were placed, and who was rejected, as JSON."""
    shown = _encode_assignments(placed)
    if placed.faults:
        shown = [each for row, each in enumerate(shown) if row not in placed.faults]
    rejected = [_reject(placed, row) for row in sorted(placed.faults)]
    return _written(placed.placer, shown, rejected, placed.warnings)


def encode_json_rows(
    placer: LoadedVersion, placed: Sequence[tuple[str | None, RowAssignment]], warnings: Sequence[str]
) -> bytes:
    """Write the same for customers who were placed one by one, each with its id."""
    return _written(placer, [_show(placer, row, *each) for row, each in enumerate(placed, 1)], [], warnings)


def to_table(placed: AssignmentBatch) -> pa.Table:
    """Show where customers were placed as a table, the rejected ones with the reason."""
    assigned, n_rows = placed.assigned, len(placed.customer_ids)
    rejected = np.zeros(n_rows, dtype=np.bool_)
    rejected[list(placed.faults)] = True
    ids, names = (pa.array(each, pa.string()) for each in _segments(placed.placer))
    segment = _positions(assigned.index, rejected)
    columns = {
        "row": np.arange(1, n_rows + 1),
        "customer_id": placed.customer_ids,
        "segment": ids.take(segment),
        "segment_name": names.take(segment),
        "distance": pa.array(assigned.distance, mask=rejected),
        "runner_up": ids.take(_positions(assigned.runner_up, rejected)),
        "margin": pa.array(assigned.margin, mask=rejected | np.isnan(assigned.margin)),
        "outlier": pa.array(assigned.outlier, mask=rejected),
        "imputed": _scatter(n_rows, _joined(assigned.imputed, rejected)),
        "unknown": _scatter(n_rows, _joined(assigned.unknown, rejected)),
        "rejected": _scatter(
            n_rows, {row: "; ".join(fault.detail for fault in found) for row, found in placed.faults.items()}
        ),
    }
    return pa.table(columns, schema=TABULATED)


def _encode_assignments(placed: AssignmentBatch) -> list[Any]:
    assigned, n_rows = placed.assigned, len(placed.customer_ids)
    segments, runners_up = _written_segments(placed.placer)
    shown = list(
        map(
            _OneOfMany,
            range(1, n_rows + 1),
            placed.customer_ids,
            map(segments.__getitem__, assigned.index.tolist()),
            assigned.distance.tolist(),
            map(runners_up.__getitem__, assigned.runner_up.tolist()),
            assigned.margin.tolist(),  # NaN, where there is none, is written as null
            assigned.outlier.tolist(),
        )
    )
    for name in ("outlier_reasons", "imputed", "unknown", "reasons"):
        for row, found in getattr(assigned, name).items():
            setattr(shown[row], name, found)
    return shown


def _written_segments(placer: LoadedVersion) -> tuple[list[msgspec.Raw], list[msgspec.Raw]]:
    """Write each segment once, with its name and as runner-up; the last one, at -1, is no segment."""
    written = [(_encode(segment), _encode(name)) for segment, name in (*placer.segments, (None, None))]
    with_name = [msgspec.Raw(segment + b',"segment_name":' + name) for segment, name in written]
    return with_name, [msgspec.Raw(segment) for segment, _ in written]


def _show(placer: LoadedVersion, row: int, customer_id: str | None, placed: RowAssignment) -> object:
    segment, name = placer.segments[placed.segment]
    runner_up = None if placed.runner_up is None else placer.segments[placed.runner_up][0]
    return _Assignment(
        row,
        customer_id,
        segment,
        name,
        placed.distance,
        runner_up,
        placed.margin,
        bool(placed.outlier_reasons),
        placed.outlier_reasons,
        placed.imputed,
        placed.unknown,
    )


def _written(placer: LoadedVersion, shown: list[Any], rejected: list[Any], warnings: Sequence[str]) -> bytes:
    return _encode(_Results(placer.model, placer.version, shown, rejected, warnings))


def _reject(placed: AssignmentBatch, row: int) -> object:
    faults = [Fault.model_validate(fault, from_attributes=True) for fault in placed.faults[row]]
    return _Rejected(row + 1, placed.customer_ids[row], [fault.model_dump(exclude_defaults=True) for fault in faults])


def _segments(placer: LoadedVersion) -> tuple[list[str], list[str]]:
    return [segment for segment, _ in placer.segments], [name for _, name in placer.segments]


def _positions(index: npt.NDArray[np.int64], rejected: npt.NDArray[np.bool_]) -> pa.Array:
    nowhere = rejected | (index < 0)
    return pa.array(np.where(nowhere, 0, index), mask=nowhere)


def _joined(found: Mapping[int, Sequence[str] | Mapping[str, str]], rejected: npt.NDArray[np.bool_]) -> dict[int, str]:
    return {row: ", ".join(names) for row, names in found.items() if not rejected[row]}


def _scatter(n_rows: int, texts: Mapping[int, str]) -> pa.Array:
    """Lay texts that few rows have over a column."""
    if not texts:
        return pa.nulls(n_rows, pa.string())
    return pa.array(list(map(texts.get, range(n_rows))), pa.string())
