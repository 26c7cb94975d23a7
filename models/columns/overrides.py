"""Columns with a declared kind or format."""

from typing import Final, cast, get_args

import pyarrow as pa

from models.columns import dates
from models.columns.case_variants import case_variants_warning
from models.columns.cell_arrays import ParsedCells
from models.columns.cell_errors import ColumnErrors
from models.columns.column import Kind
from models.columns.column_results import (
    ColumnResult,
    check_texts,
    column_of,
    numeric,
    too_many_categories,
)
from models.columns.column_stats import NumericColumn, TextColumn, parse_column, parse_numbers_as
from models.columns.distinct import DistinctCells
from models.columns.missing_markers import MissingMarkers
from models.columns.number_formats import NumberFormat
from models.columns.numeric_dates import SERIALS, Serial, read_serial_dates
from models.columns.override_hints import override_json
from models.columns.sentinels import find_date_sentinels
from models.errors import BadCells
from models.features import MAX_CATEGORIES

DATE_FORMS: Final = (*get_args(dates.Order), *SERIALS)
NOT_NUMERIC: Final = (
    "{n} cells of {column!r} cannot be read, though it is declared numeric. Declare as missing "
    "what stands for a "
    "missing value, or declare another kind."
)


def declare_numeric(
    column: pa.ChunkedArray, name: str, markers: MissingMarkers, numerals: str | None
) -> ColumnResult:
    """Parse a column declared numeric.

    Dates become days before the newest, other texts raise BadCells.
    """
    if numerals is None:
        return _declare_inferred(parse_column(column, name, markers))
    if numerals not in DATE_FORMS:
        evidence = parse_numbers_as(column, name, markers, NumberFormat.parse(numerals))
        return _numeric_or_error(evidence, f"is not a number written like {numerals}")
    found = markers.clear(DistinctCells.of(column))
    return _declare_dates(name, found, read_dates(found.values, numerals), numerals)


def check_numerals(numerals: str) -> None:
    """Raise ValueError unless a text is a date format or an example of a number format."""
    if numerals in DATE_FORMS:
        return
    try:
        NumberFormat.parse(numerals)
    except ValueError as error:
        raise ValueError(f"{error}; dates like {', '.join(DATE_FORMS)}") from None


def read_dates(values: pa.Array, numerals: str) -> ParsedCells:
    """Parse dates to days since 1970-01-01 by a column's `numerals`, from texts or numbers."""
    if numerals in SERIALS:
        return read_serial_dates(values, cast("Serial", numerals))
    return dates.read_days(values, cast("dates.Order", numerals))


def declare_text(evidence: TextColumn, kind: Kind) -> ColumnResult:
    """Build the result of a column declared categorical, identifier or ignored."""
    check_texts(evidence)
    column = column_of(evidence, kind, reason="declared" if kind == "ignored" else None)
    if kind != "categorical":
        return ColumnResult(column)
    if evidence.distinct <= MAX_CATEGORIES:
        return ColumnResult(column).with_doubts(case_variants_warning(evidence))
    return ColumnResult(
        column, (f"{evidence.name!r} {too_many_categories(evidence)}: a model cannot use it.",)
    )


def _declare_inferred(evidence: NumericColumn | TextColumn) -> ColumnResult:
    """Parse a column declared numeric, with an inferred number or date format."""
    if isinstance(evidence, NumericColumn):
        return numeric(evidence)
    check_texts(evidence)
    order, doubt = dates.find_order(evidence.cells.values)
    days = dates.read_days(evidence.cells.values, order)
    if evidence.n_read(days) <= evidence.n_read(evidence.as_numbers):
        return _numeric_or_error(evidence, "is not a number")
    other = override_json(evidence.name, kind="numeric", numerals="mm/dd/yyyy")
    return _declare_dates(
        evidence.name,
        evidence.cells,
        days,
        order,
        doubt and f"{doubt} Otherwise declare it: {other}",
    )


def _numeric_or_error(evidence: NumericColumn | TextColumn, fault: str) -> ColumnResult:
    if isinstance(evidence, NumericColumn):
        return numeric(evidence)
    raise _override_error(evidence.name, evidence.cells, evidence.as_numbers, fault)


def _declare_dates(
    name: str, found: DistinctCells, days: ParsedCells, numerals: str, doubt: str | None = None
) -> ColumnResult:
    if days.wrong.any():
        advice = f" Dates are read as in {dates.EXAMPLES}."
        raise _override_error(name, found, days, f"is not a date written like {numerals}", advice)
    newest = (
        dates.newest_day(days.values)
        if days.values.null_count < len(days.values)
        else dates.EPOCH.isoformat()
    )
    values = found.decode(dates.days_before(newest, days.values))
    evidence = NumericColumn(
        name=name, values=values, numerals=numerals, newest=newest, doubt=doubt
    )
    return numeric(evidence).with_doubts(find_date_sentinels(name, found, days.values))


def _override_error(
    name: str, found: DistinctCells, read: ParsedCells, fault: str, advice: str = ""
) -> BadCells:
    return ColumnErrors.from_cells(name, found, read.wrong, lambda _: fault).error(
        NOT_NUMERIC + advice
    )
