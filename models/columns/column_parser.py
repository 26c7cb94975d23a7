"""Parsing of raw tables by the kinds and formats of their columns."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final, NamedTuple, TypeVar

import pyarrow as pa

from models import cells
from models.columns import dates
from models.columns.cell_arrays import ParsedCells, categories, numbers, plain_numbers
from models.columns.cell_errors import ColumnErrors, errors_by_rule
from models.columns.column import Column, Override
from models.columns.customer_ids import read_ids
from models.columns.distinct import DistinctCells
from models.columns.kind_inference import infer_column
from models.columns.missing_markers import MissingMarkers
from models.columns.number_formats import NumberFormat
from models.columns.overrides import read_dates
from models.errors import BadCells, CellError

# Arrow releases the GIL; more threads would hold more columns in memory at once.
THREADS: Final = 2
MIN_ROWS_OF_THREADS: Final = 1_000  # starting threads takes longer than parsing fewer rows


S = TypeVar("S")
T = TypeVar("T")


class ReadColumn(NamedTuple):
    """A parsed column, null where a cell is missing or invalid, and its errors."""

    values: pa.Array
    faults: ColumnErrors


class _Rule(NamedTuple):
    read: Callable[[pa.Array], ParsedCells]
    why: Callable[[object], str]


def map_columns(
    function: Callable[[S], T], columns: Sequence[S], *, n_rows: int = MIN_ROWS_OF_THREADS
) -> list[T]:
    """Apply a function to each column, in a thread pool unless the columns have few rows."""
    if n_rows < MIN_ROWS_OF_THREADS:
        return [function(column) for column in columns]
    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(function, columns))


def read_rows(
    raw: pa.Table,
    columns: Sequence[Column],
    *,
    customer_id: str | None = None,
    known_ids: pa.ChunkedArray | None = None,
) -> tuple[pa.Table, list[CellError]]:
    """Parse rows by the columns of a table, and list the cells that cannot be parsed.

    Parameters
    ----------
    raw
        Columns of text, int64 or float64, unparsed. Columns of the table may be absent; unknown
        columns are inferred.
    columns
        The columns of the table: kinds, markers, number and date formats.
    customer_id
        The id column; None if none of `columns` is one.
    known_ids
        The ids of the table, which decide whether ``17850.0`` is the id 17850.

    Returns
    -------
    pyarrow.Table
        The customer id first, as text; then those of `columns` that are present, in their order;
        then unknown columns by their inferred kinds. Numeric columns are float64 and all others
        text, null where a cell is missing or invalid.
    list of CellError
        Every invalid cell, and every row without a customer id, column by column.
    """
    known = {column.name: column for column in columns}
    names = [
        *(name for name in known if name in raw.column_names),
        *(n for n in raw.column_names if n not in known),
    ]
    names.sort(key=lambda name: name != customer_id)
    present = [known.get(name) or _inferred(raw, name) for name in names]
    read = map_columns(
        lambda column: read_column(
            raw, column, is_id=column.name == customer_id, known_ids=known_ids
        ),
        present,
        n_rows=raw.num_rows,
    )
    table = pa.table([column.values for column in read], names=names)
    return table, [error for column in read for error in column.faults.errors()]


def read_column(
    raw: pa.Table, column: Column, *, is_id: bool, known_ids: pa.ChunkedArray | None = None
) -> ReadColumn:
    """Parse one column by its kind and format."""
    if is_id:
        return ReadColumn(
            *read_ids(raw, column.name, column.missing_markers, known_ids, required=True)
        )
    markers = MissingMarkers.of(column.missing_markers)
    holds_numbers = column.kind == "numeric" and column.newest is None
    if holds_numbers and column.numerals is None:
        plain = plain_numbers(raw.column(column.name))
        if plain is not None:
            return ReadColumn(markers.clear_numbers(plain), ColumnErrors.none(column.name))
    found, rule = markers.clear(DistinctCells.of(raw.column(column.name))), _rule(column)
    found = found.lower() if column.fold_case else found
    read = rule.read(found.values)
    values = found.decode(read.values)
    if holds_numbers:
        values = markers.clear_numbers(values)
    return ReadColumn(values, ColumnErrors.from_cells(column.name, found, read.wrong, rule.why))


def _inferred(raw: pa.Table, name: str) -> Column:
    try:
        return infer_column(raw.column(name), name, Override()).column
    except BadCells:
        return Column(name=name, kind="categorical", missing=0, distinct=0)


def _rule(column: Column) -> _Rule:
    if column.kind != "numeric":
        return _Rule(categories, errors_by_rule(cells.category))
    if column.newest is not None:
        return _days(column.newest, column.numerals or "yyyy-mm-dd")
    if column.numerals is None:
        return _Rule(numbers, errors_by_rule(cells.number))
    written = f"is not a number written like {column.numerals}"
    return _Rule(NumberFormat.parse(column.numerals).read, lambda _: written)


def _days(newest: str, numerals: str) -> _Rule:
    def read(values: pa.Array) -> ParsedCells:
        days = read_dates(values, numerals)
        return days._replace(values=dates.days_before(newest, days.values))

    return _Rule(read, lambda _: f"is not a date written like {numerals}")
