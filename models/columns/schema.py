"""Schema inference for a table, and parsing of the table by that schema."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from models.columns.column import Column, Override
from models.columns.column_parser import map_columns, read_column
from models.columns.column_results import ColumnResult
from models.columns.customer_ids import check_customer_id, find_customer_id
from models.columns.key_columns import KEYS_BY_LOOK
from models.columns.kind_inference import infer_column
from models.columns.layout_checks import (
    DATA_HEADERS,
    find_total_row,
    footer_warning,
    have_data_headers,
    is_about_sum,
    total_row_warning,
)
from models.errors import UnknownColumn

NOTHING_DECLARED: Mapping[str, Override] = MappingProxyType({})


@dataclass(frozen=True, kw_only=True)
class TableSchema:
    """The columns of a table and their warnings; rows are numbered if `customer_id` is None."""

    columns: tuple[Column, ...]
    customer_id: str | None
    warnings: tuple[str, ...]


def infer_schema(
    raw: pa.Table, *, customer_id: str | None, overrides: Mapping[str, Override] = NOTHING_DECLARED
) -> TableSchema:
    """Infer the kind of each column of a table.

    A column is numeric if every known cell is a number in one common number format (a column of
    only 0 and 1 is categorical, and codes are texts); an identifier if its cells are keys, or
    unique and look like ids; and ignored if it is empty, constant, a date, an earlier segmentation,
    free text (more than 50 distinct values in more than a fifth of its known cells, or 50
    characters on average) or has more than 100 distinct texts. All others are categorical.

    Parameters
    ----------
    raw
        Columns of text, int64 or float64, unparsed.
    customer_id
        The id column; None detects it by header.
    overrides
        Declarations for some columns: kind, markers of missing values (``"999"`` is also 999 and
        999.0), number or date format, and case folding. A column of dates that is declared numeric
        holds the days from each date to the newest.

    Returns
    -------
    TableSchema
        The columns in their order, the declared or detected id column, and warnings.

    Raises
    ------
    UnknownColumn
        If there is no column `customer_id`, or no column of an override.
    MissingCustomerId, DuplicateCustomers
        If the declared id column is not complete and unique.
    BadCells
        If a cell is neither a number nor a text, is not a valid id in the declared id column, or is
        neither a number nor a date in a column declared numeric.
    """
    unknown = next((name for name in overrides if name not in raw.column_names), None)
    if unknown is not None:
        raise UnknownColumn(f"There is no column {unknown!r} to declare anything of")
    if customer_id is None:
        found, doubts = find_customer_id(raw, overrides)
    else:
        check_customer_id(raw, customer_id, overrides)
        found, doubts = customer_id, []
    results = map_columns(
        lambda name: _infer_unless_id(raw, name, found, overrides.get(name, Override())),
        raw.column_names,
    )
    results = _with_fallback_features(raw, _with_decimal_commas(raw, results, overrides), overrides)
    results = _with_layout_warnings(raw, results)
    messages = (warning for each in results for warning in (*each.warnings, *each.column.doubts))
    columns = tuple(each.column for each in results)
    return TableSchema(
        columns=columns, customer_id=found, warnings=tuple(dict.fromkeys([*doubts, *messages]))
    )


def apply_schema(raw: pa.Table, schema: TableSchema) -> pa.Table:
    """Parse every cell by the kind and format of its column.

    Parameters
    ----------
    raw
        Columns of text, int64 or float64, unparsed.
    schema
        Their schema, inferred or edited.

    Returns
    -------
    pyarrow.Table
        The customer id first, as text under its own header (``row-1``, … under a new one without an
        id column); then numeric columns as float64 and all others as text, null where a cell is
        missing.

    Raises
    ------
    BadCells
        If a cell does not match the kind or format of its column.
    """
    columns = sorted(schema.columns, key=lambda column: column.name != schema.customer_id)
    read = map_columns(lambda column: _read(raw, column, schema.customer_id), columns)
    names = [column.name for column in columns]
    if schema.customer_id is None:
        numbers = pa.array(np.arange(1, raw.num_rows + 1)).cast(pa.string())
        ids = pc.binary_join_element_wise("row", numbers, "-")
        return pa.table([ids, *read], names=[_new_header(raw.column_names), *names])
    return pa.table(read, names=names)


def _infer_unless_id(
    raw: pa.Table, name: str, customer_id: str | None, override: Override
) -> ColumnResult:
    if name != customer_id:
        return infer_column(raw.column(name), name, override)
    missing = override.missing or ()
    column = Column(
        name=name, kind="identifier", missing=0, distinct=raw.num_rows, missing_markers=missing
    )
    if override.kind in {None, "identifier"}:
        return ColumnResult(column)
    return ColumnResult(column, (f"{name!r} names the customers, so it stays an identifier.",))


def _with_decimal_commas(
    raw: pa.Table, results: list[ColumnResult], overrides: Mapping[str, Override]
) -> list[ColumnResult]:
    """Infer ambiguous columns again if an unambiguous one has decimal commas."""
    sure = [
        each.column.numerals or ""
        for each in results
        if not each.is_ambiguous and not each.column.newest
    ]
    if not any("," in numerals and numerals.rindex(",") > numerals.find(".") for numerals in sure):
        return results
    updated = list(results)
    for i, result in enumerate(results):
        if result.is_ambiguous:
            name = result.column.name
            updated[i] = infer_column(
                raw.column(name), name, overrides.get(name, Override()), decimal_comma=True
            )
    return updated


def _with_fallback_features(
    raw: pa.Table, results: list[ColumnResult], overrides: Mapping[str, Override]
) -> list[ColumnResult]:
    """Treat columns that only look like keys as numeric if the table has no other features."""
    if any(each.column.kind in {"numeric", "categorical"} for each in results):
        return results
    updated = list(results)
    for i, result in enumerate(results):
        if result.column.reason in KEYS_BY_LOOK:
            name = result.column.name
            override = replace(overrides.get(name, Override()), kind="numeric")
            updated[i] = infer_column(raw.column(name), name, override)
    return updated


def _with_layout_warnings(raw: pa.Table, results: list[ColumnResult]) -> list[ColumnResult]:
    """Add warnings about totals, a footer and a missing header row to the affected columns."""
    shares = {
        each.column.name: each.shares_of_sum for each in results if each.column.kind == "numeric"
    }
    gaps = [each.column.name for each in results if each.column.missing == 1]
    end, footer = find_total_row(raw, shares, gaps), footer_warning(raw, gaps)
    total = None if end is None else total_row_warning(end, raw.num_rows)
    headers = have_data_headers({each.column.name: each.has_data_header for each in results})
    return [
        each.with_doubts(
            total if end is not None and is_about_sum(each.shares_of_sum[end]) else None,
            footer if each.column.missing == 1 else None,
            DATA_HEADERS if headers and each.has_data_header else None,
        )
        for each in results
    ]


def _read(raw: pa.Table, column: Column, customer_id: str | None) -> pa.Array:
    values, faults = read_column(raw, column, is_id=column.name == customer_id)
    faults.raise_if_any()
    return values


def _new_header(taken: Sequence[str]) -> str:
    lowered = {header.lower() for header in taken}
    headers = ("customer_id", *(f"customer_id_{n}" for n in range(2, len(taken) + 3)))
    return next(header for header in headers if header not in lowered)
