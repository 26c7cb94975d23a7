"""Detection and validation of the customer id column: complete and unique."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from models import cells
from models.columns.cell_arrays import identifiers, mask, without_zero_fractions
from models.columns.cell_errors import ColumnErrors, errors_by_rule
from models.columns.column import Override
from models.columns.duplicate_ids import find_duplicate_ids
from models.columns.headers import id_rank
from models.columns.missing_markers import MissingMarkers
from models.errors import DuplicateCustomers, MissingCustomerId, UnknownColumn


class CustomerIds(NamedTuple):
    """The ids of a table as text, null in rows without one, and the errors of invalid ids."""

    values: pa.Array
    faults: ColumnErrors


def read_ids(
    raw: pa.Table,
    name: str,
    missing_markers: Sequence[str],
    known: pa.ChunkedArray | None = None,
    *,
    required: bool = False,
) -> CustomerIds:
    """Parse the customer id column of a table, or of rows for a table with the `known` ids.

    If ids are `required`, a missing id is an error too.
    """
    column = raw.column(name).combine_chunks()
    read = identifiers(column)
    texts = without_zero_fractions(read.values, known, are_unique=known is None)
    ids = pc.if_else(pc.is_in(texts, MissingMarkers.of(missing_markers).texts), None, texts)
    wrong = mask(ids.is_null()) if required else read.wrong
    why = errors_by_rule(cells.identifier)
    return CustomerIds(
        ids,
        ColumnErrors(
            name,
            np.flatnonzero(wrong),
            lambda row: why(column[row].as_py()) if read.wrong[row] else "is missing",
        ),
    )


def find_customer_id(
    raw: pa.Table, overrides: Mapping[str, Override]
) -> tuple[str | None, list[str]]:
    """Return the customer id column with the clearest header, or None and a warning."""
    ranks = {name: rank for name in raw.column_names if (rank := id_rank(name)) is not None}
    candidates = [
        name
        for name in sorted(ranks, key=ranks.__getitem__)
        if name not in overrides or overrides[name].kind in {None, "identifier"}
    ]
    for name in candidates:
        ids, faults = read_ids(raw, name, _missing_markers(overrides, name))
        if not faults.rows.size and not ids.null_count and not find_duplicate_ids(ids).rows.size:
            return name, []
    return None, [_no_id_warning(candidates)]


def check_customer_id(raw: pa.Table, name: str, overrides: Mapping[str, Override]) -> None:
    """Raise an error unless the declared id column is complete and unique."""
    if name not in raw.column_names:
        raise UnknownColumn(f"There is no column {name!r} to take the customer ids from")
    ids, faults = read_ids(raw, name, _missing_markers(overrides, name))
    faults.raise_if_any()
    missing = ColumnErrors(name, np.flatnonzero(mask(ids.is_null())), lambda _: "is missing")
    missing.raise_if_any("{n} rows have no {column!r}", MissingCustomerId)
    rows, firsts = find_duplicate_ids(ids)
    repeated = ColumnErrors(
        name, rows, lambda row: f"is also that of row {firsts[np.searchsorted(rows, row)] + 1}"
    )
    repeated.raise_if_any("{n} rows repeat the {column!r} of an earlier row", DuplicateCustomers)


def _missing_markers(overrides: Mapping[str, Override], name: str) -> Sequence[str]:
    return overrides.get(name, Override()).missing or ()


def _no_id_warning(candidates: Sequence[str]) -> str:
    advice = (
        "The rows get the ids row-1, row-2, … Name the column that identifies a customer as "
        "customer_id."
    )
    if not candidates:
        return f"No column looks like a customer id. {advice}"
    return (
        f"{candidates[0]!r} looks like a customer id, but does not name every row, and each "
        f"once. {advice}"
    )
