"""Assignment of a few customers as their dataset stores them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from models.cells import BadCell
from models.scoring import RowAssignment
from service.assignments.encoder import build_assignment, build_assignments
from service.assignments.inputs import CustomerBatch
from service.assignments.operations import LoadedVersion, assign_customers
from service.errors import FieldError
from service.stores.database import JsonObject

MAX_SCALAR_ROWS: Final = 32  # beyond that, assigning by column is faster


@dataclass(frozen=True, kw_only=True)
class StoredAssignment:
    """The assignment of one customer, for msgspec; None if `errors` prevented it."""

    assignment: object | None
    errors: Sequence[FieldError] = ()


def assign_stored_rows(
    version: LoadedVersion, rows: Mapping[str, JsonObject]
) -> dict[str, StoredAssignment]:
    """Assign customers by their stored cells, which need no parsing."""
    assigned = _assign_one_by_one(version, rows) if len(rows) <= MAX_SCALAR_ROWS else None
    if assigned is None:
        return _assign_by_column(version, rows)
    return {
        customer: StoredAssignment(assignment=build_assignment(version, row, customer, each))
        for row, (customer, each) in enumerate(zip(rows, assigned, strict=True), start=1)
    }


def _assign_one_by_one(
    version: LoadedVersion, rows: Mapping[str, JsonObject]
) -> list[RowAssignment] | None:
    names = version.scorer.feature_names
    try:
        assigned = [version.scorer.single.assign([*map(row.get, names)]) for row in rows.values()]
    except BadCell:
        return None
    complete = [each for each in assigned if each is not None]
    return complete if len(complete) == len(rows) else None


def _assign_by_column(
    version: LoadedVersion, rows: Mapping[str, JsonObject]
) -> dict[str, StoredAssignment]:
    batch = assign_customers(
        replace(version, id_columns=(), parsed_columns=()), CustomerBatch.of_rows(rows.values())
    )
    built = build_assignments(replace(batch, customer_ids=list(rows)))
    return {
        customer: StoredAssignment(
            assignment=None if row in batch.faults else built[row],
            errors=batch.faults.get(row, ()),
        )
        for row, customer in enumerate(rows)
    }
