"""Customers in, segments out."""

from collections.abc import Sequence
from typing import Self, TypeVar

import pyarrow as pa
from pydantic import Field, JsonValue
from typing_extensions import TypeAliasType

from service.assignments.operations import Placed
from service.web.problems import Fault
from service.web.schemas import Request, Text, Wire

Shown = TypeVar("Shown", bound=Wire)
UnknownCategories = TypeAliasType("UnknownCategories", dict[str, str])

TABULATED = pa.schema(
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


class AssignmentRequest(Request):
    """The customers to place; columns that the model does not use are ignored."""

    customers: list[dict[Text, JsonValue]] = Field(min_length=1)


class OutlierReason(Wire):
    """What is unusual about a customer."""

    feature: str | None = Field(description="Null: the customer as a whole is far from its segment.")
    detail: str


class Reason(Wire):
    """How much a feature speaks for the segment and against the runner-up; the contributions add up to the margin."""

    feature: str
    value: float | str | None
    contribution: float


class Assignment(Wire):
    """A customer placed in a segment."""

    row: int = Field(description="The customer's place in the request, counting from 1.")
    customer_id: str | None
    segment: str
    segment_name: str
    distance: float = Field(description="To the nearest center, in prepared units.")
    runner_up: str | None = Field(description="The next best segment; null if there is only one.")
    margin: float | None = Field(description="From 0 on the border to the runner-up to 1 at the center.")
    outlier: bool = Field(description="Whether the customer is unlike those the segments were learned from.")
    outlier_reasons: list[OutlierReason] | None = None
    imputed: list[str] | None = Field(default=None, description="The features that were missing.")
    unknown: UnknownCategories | None = Field(default=None, description="Categories that the model has never seen.")
    reasons: list[Reason] | None = None


class Rejected(Wire):
    """A customer that could not be placed."""

    row: int
    customer_id: str | None
    errors: list[Fault]


class AssignmentResults(Wire):
    """Every customer of the request, placed or rejected, in the request's order."""

    model: str
    version: int
    assignments: list[Assignment]
    rejected: list[Rejected]
    warnings: list[str]

    @classmethod
    def of(cls, placed: Placed) -> Self:
        """Show where customers were placed."""
        rows = [row for row in range(len(placed.customer_ids)) if row not in placed.faults]
        return cls(
            model=placed.placer.model,
            version=placed.placer.version,
            assignments=[_show(placed, row) for row in rows],
            rejected=[_reject(placed, row) for row in sorted(placed.faults)],
            warnings=list(placed.warnings),
        )


def _show(placed: Placed, row: int) -> Assignment:
    assigned, segments = placed.assigned, placed.placer.segments
    segment, name = segments[assigned.index[row]]
    contested = assigned.runner_up[row] >= 0
    return Assignment(
        row=row + 1,
        customer_id=placed.customer_ids[row],
        segment=segment,
        segment_name=name,
        distance=float(assigned.distance[row]),
        runner_up=segments[assigned.runner_up[row]][0] if contested else None,
        margin=float(assigned.margin[row]) if contested else None,
        outlier=bool(assigned.outlier[row]),
        outlier_reasons=_each(OutlierReason, assigned.outlier_reasons.get(row)),
        imputed=assigned.imputed.get(row),
        unknown=assigned.unknown.get(row),
        reasons=_each(Reason, assigned.reasons.get(row)),
    )


def _reject(placed: Placed, row: int) -> Rejected:
    faults = [Fault.model_validate(fault, from_attributes=True) for fault in placed.faults[row]]
    return Rejected(row=row + 1, customer_id=placed.customer_ids[row], errors=faults)


def _each(kind: type[Shown], reasons: Sequence[object] | None) -> list[Shown] | None:
    return None if reasons is None else [kind.model_validate(reason) for reason in reasons]


def tabulate(placed: Placed) -> pa.Table:
    """Show where customers were placed as a table, the rejected ones with the reason."""
    shown = {assignment.row: assignment for assignment in AssignmentResults.of(placed).assignments}
    rows = [_plain(placed, row, shown.get(row + 1)) for row in range(len(placed.customer_ids))]
    return pa.Table.from_pylist(rows, schema=TABULATED)


def _plain(placed: Placed, row: int, assignment: Assignment | None) -> dict[str, object]:
    if assignment is None:
        why = "; ".join(fault.detail for fault in placed.faults[row])
        return {"row": row + 1, "customer_id": placed.customer_ids[row], "rejected": why}
    return {
        **assignment.model_dump(include=set(TABULATED.names)),
        "imputed": ", ".join(assignment.imputed or ()) or None,
        "unknown": ", ".join(assignment.unknown or ()) or None,
    }
