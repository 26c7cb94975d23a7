"""A column as it is declared to be."""

from typing import Final, cast, get_args

import pyarrow as pa

from models.columns import dates
from models.columns.case_variants import suspect_spellings
from models.columns.cell_arrays import ParsedCells
from models.columns.cell_errors import BadCells, ColumnErrors
from models.columns.column import Kind
from models.columns.column_results import Judged, check_texts, column_of, numeric, too_many
from models.columns.column_stats import NumericColumn, TextColumn, parse_column, weigh_as
from models.columns.distinct import DistinctCells
from models.columns.missing_markers import MissingMarkers
from models.columns.number_formats import NumberFormat
from models.columns.numeric_dates import SERIALS, Serial, read_serials
from models.columns.override_hints import propose
from models.features import MAX_CATEGORIES

DATE_FORMS: Final = (*get_args(dates.Order), *SERIALS)
NOT_NUMERIC: Final = (
    "{n} cells of {column!r} cannot be read, though it is declared numeric. Declare as missing what stands for a "
    "missing value, or declare another kind."
)


def declare_numeric(column: pa.ChunkedArray, name: str, markers: MissingMarkers, numerals: str | None) -> Judged:
    """Take a column for numbers: dates become the days from each to the newest, and anything else is refused."""
    if numerals is None:
        return _declare_found(parse_column(column, name, markers))
    if numerals not in DATE_FORMS:
        evidence = weigh_as(column, name, markers, NumberFormat.parse(numerals))
        return _numeric_or_refused(evidence, f"is not a number written like {numerals}")
    found = markers.clear(DistinctCells.of(column))
    return _declare_days(name, found, read_dates(found.values, numerals), numerals)


def check_numerals(numerals: str) -> None:
    """Raise a ValueError unless a text is a form of dates or an example of how numbers are written."""
    if numerals in DATE_FORMS:
        return
    try:
        NumberFormat.parse(numerals)
    except ValueError as error:
        raise ValueError(f"{error}; dates like {', '.join(DATE_FORMS)}") from None


def read_dates(values: pa.Array, numerals: str) -> ParsedCells:
    """Read days since 1970-01-01 as a column's `numerals` says that they are written, as texts or as numbers."""
    if numerals in SERIALS:
        return read_serials(values, cast("Serial", numerals))
    return dates.read_days(values, cast("dates.Order", numerals))


def declare_text(evidence: TextColumn, kind: Kind) -> Judged:
    """Take a column for categories, for ids, or for nothing to learn from."""
    check_texts(evidence)
    column = column_of(evidence, kind, reason="declared" if kind == "ignored" else None)
    if kind != "categorical":
        return Judged(column)
    if evidence.distinct <= MAX_CATEGORIES:
        return Judged(column).asking(suspect_spellings(evidence))
    return Judged(column, (f"{evidence.name!r} {too_many(evidence)}: a model cannot use it.",))


def _declare_found(evidence: NumericColumn | TextColumn) -> Judged:
    """Take a column for numbers that are written as is found out."""
    if isinstance(evidence, NumericColumn):
        return numeric(evidence)
    check_texts(evidence)
    order, doubt = dates.find_order(evidence.cells.values)
    days = dates.read_days(evidence.cells.values, order)
    if evidence.n_read(days) <= evidence.n_read(evidence.as_numbers):
        return _numeric_or_refused(evidence, "is not a number")
    other = propose(evidence.name, kind="numeric", numerals="mm/dd/yyyy")
    return _declare_days(evidence.name, evidence.cells, days, order, doubt and f"{doubt} Otherwise declare it: {other}")


def _numeric_or_refused(evidence: NumericColumn | TextColumn, fault: str) -> Judged:
    if isinstance(evidence, NumericColumn):
        return numeric(evidence)
    raise _override_error(evidence.name, evidence.cells, evidence.as_numbers, fault)


def _declare_days(
    name: str, found: DistinctCells, days: ParsedCells, numerals: str, doubt: str | None = None
) -> Judged:
    if days.wrong.any():
        advice = f" Dates are read as in {dates.EXAMPLES}."
        raise _override_error(name, found, days, f"is not a date written like {numerals}", advice)
    newest = dates.newest_day(days.values) if days.values.null_count < len(days.values) else dates.EPOCH.isoformat()
    values = found.spread(dates.days_before(newest, days.values))
    return numeric(NumericColumn(name=name, values=values, numerals=numerals, newest=newest, doubt=doubt))


def _override_error(name: str, found: DistinctCells, read: ParsedCells, fault: str, advice: str = "") -> BadCells:
    return ColumnErrors.among(name, found, read.wrong, lambda _: fault).error(NOT_NUMERIC + advice)
