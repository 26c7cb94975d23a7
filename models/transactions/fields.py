"""Parsing of the customer and amount columns of transactions."""

from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from models import cells
from models.columns.cell_arrays import (
    identifiers,
    mask,
    numbers,
    plain_numbers,
    without_zero_fractions,
)
from models.columns.cell_errors import ColumnErrors, errors_by_rule
from models.columns.distinct import DistinctCells
from models.columns.number_format_detection import ambiguous_format_warning, detect_number_format
from models.columns.number_formats import NumberFormat

PLAIN_NUMERALS: Final = "1234.56"


class Field(NamedTuple):
    """A parsed column, null in invalid rows; `style` is its format, None for a plain one."""

    values: pa.Array
    faults: ColumnErrors
    style: str | None = None
    warning: str | None = None


def read_customers(raw: pa.Table, name: str, known: pa.ChunkedArray | None = None) -> Field:
    """Parse customer ids beside the `known` ones into a dictionary array, distinct cells once."""
    found = DistinctCells.of(raw.column(name))
    ids = pc.dictionary_encode(without_zero_fractions(identifiers(found.values).values, known))
    values = pa.DictionaryArray.from_arrays(found.decode(ids.indices), ids.dictionary)
    return Field(values, collect_errors(raw, name, values, errors_by_rule(cells.identifier)))


def read_amounts(raw: pa.Table, name: str, numerals: str | None) -> Field:
    """Parse amounts in the given number format, or detect it."""
    column = raw.column(name)
    plain = None if numerals else plain_numbers(column)
    if plain is not None:
        doubt = ambiguous_format_warning(column)
        return _plain_amounts(raw, name, plain)._replace(warning=doubt and f"{name!r}: {doubt}")
    found = DistinctCells.of(column)
    if numerals:
        return _written_amounts(raw, name, found, numerals)
    style = detect_number_format(found.values) if pa.types.is_string(column.type) else None
    if style is None or style.numerals.example == PLAIN_NUMERALS:
        return _plain_amounts(raw, name, found.decode(numbers(found.values).values))
    example = style.numerals.example
    warning = f"{name!r} is read as numbers written like {example.removesuffix('.')}."
    if style.doubt:
        warning += f" {style.doubt}"
    return _written_amounts(raw, name, found, style.numerals.example)._replace(warning=warning)


def _plain_amounts(raw: pa.Table, name: str, values: pa.Array) -> Field:
    return Field(values, collect_errors(raw, name, values, errors_by_rule(cells.number)))


def _written_amounts(raw: pa.Table, name: str, found: DistinctCells, numerals: str) -> Field:
    values = found.decode(NumberFormat.parse(numerals).read(found.values).values)
    return Field(
        values,
        collect_errors(raw, name, values, lambda _: f"is not a number written like {numerals}"),
        numerals,
    )


def collect_errors(
    raw: pa.Table, name: str, read: pa.Array, why: Callable[[object], str]
) -> ColumnErrors:
    """Collect the rows of a column that were parsed as null.

    `why` describes the error of an invalid cell.
    """
    column = raw.column(name)

    def detail(row: int) -> str:
        cell = column[row].as_py()
        return "is missing" if cells.is_blank(cell) else why(cell)

    return ColumnErrors(name, np.flatnonzero(mask(read.is_null())), detail)
