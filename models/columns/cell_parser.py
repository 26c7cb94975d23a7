"""Parsers of single cells, for rows that arrive one at a time."""

from collections.abc import Callable
from functools import lru_cache
from typing import Final

import pyarrow as pa

from models import cells
from models.columns.column import Column
from models.columns.column_parser import read_column
from models.columns.missing_markers import MissingMarkers

MAX_CACHED_CELLS: Final = 1_000

Value = float | str | None
CellParser = Callable[[object], Value]


def cell_parser(column: Column, *, is_id: bool = False) -> CellParser:
    """Build the parser of the cells of a column.

    Parameters
    ----------
    column
        Kind, markers of missing values, number and date format.
    is_id
        Whether the column holds the ids of the customers.

    Returns
    -------
    callable
        Takes text, a finite number, a boolean or None, and returns what `read_column` reads from a
        column of that cell alone. It raises `cells.BadCell` if that is an error.
    """
    if is_id:
        marked = MissingMarkers.of(column.missing_markers).texts.to_pylist()
        return lambda cell: None if (read := cells.identifier(cell)) in marked else read
    if column.numerals or column.newest or column.fold_case:
        return _column_parser(column)
    return _without_markers(cells.number if column.kind == "numeric" else cells.category, column)


def _without_markers(rule: Callable[[object], Value], column: Column) -> CellParser:
    markers = MissingMarkers.of(column.missing_markers)
    if not len(markers.texts):
        return rule
    marked = {*markers.texts.to_pylist(), *markers.numbers.to_pylist()}

    def parse(cell: object) -> Value:
        value = None if cells.category(cell) in marked else rule(cell)
        return None if value in marked else value

    return parse


def _column_parser(column: Column) -> CellParser:
    """Parse a cell as a column of one row, whose texts, such as dates, often repeat."""

    @lru_cache(MAX_CACHED_CELLS, typed=True)
    def parse(cell: object) -> Value:
        plain = cells.category(cell) if isinstance(cell, bool) else cell
        kind = pa.string() if plain is None else None
        raw = pa.table({column.name: pa.array([plain], kind)})
        read = read_column(raw, column, is_id=False)
        for error in read.faults.errors():
            raise cells.BadCell(error.detail)
        value: Value = read.values[0].as_py()
        return value

    return parse
