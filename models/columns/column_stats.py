"""Parsed cells and statistics of a column, from which its kind is inferred."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from models.columns.cell_arrays import ParsedCells, categories, mask, numbers, plain_numbers
from models.columns.distinct import DistinctCells
from models.columns.missing_markers import MissingMarkers
from models.columns.number_format_detection import DetectedFormat as Style
from models.columns.number_format_detection import (
    ambiguous_format_warning,
    detect_number_format,
    may_be_grouped,
)
from models.columns.number_formats import PLAIN, NumberFormat
from models.columns.override_hints import override_json
from models.columns.sentinels import contains_sentinels


@dataclass(frozen=True, kw_only=True)
class NumericColumn:
    """A column of which every known cell is a number, and its number format."""

    name: str
    values: pa.Array
    numerals: str | None = None
    newest: str | None = None
    doubt: str | None = None
    is_ambiguous: bool = False

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return len(self.values)

    @property
    def missing(self) -> int:
        """Number of missing cells."""
        return int(self.values.null_count)

    @cached_property
    def known(self) -> npt.NDArray[np.float64]:
        """The known numbers in ascending order."""
        return np.sort(self.values.drop_null().to_numpy())

    @cached_property
    def distinct(self) -> int:
        """Number of distinct values."""
        return int(np.count_nonzero(self.known[1:] != self.known[:-1])) + bool(self.known.size)

    @property
    def are_flags(self) -> bool:
        """Whether all values are 0 or 1."""
        return self.distinct in {1, 2} and bool(np.isin(self.known[[0, -1]], [0.0, 1.0]).all())


@dataclass(frozen=True, kw_only=True)
class TextColumn:
    """A column with a known cell that is not a number, or whose numbers are treated as text."""

    name: str
    cells: DistinctCells
    texts: ParsedCells
    as_numbers: ParsedCells

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return self.cells.n_rows

    @cached_property
    def counts(self) -> npt.NDArray[np.intp]:
        """Number of rows of each distinct cell; 0 for a missing one."""
        return self.cells.counts() * mask(self.texts.values.is_valid())

    @property
    def n_known(self) -> int:
        """Number of known cells."""
        return int(self.counts.sum())

    @property
    def missing(self) -> int:
        """Number of missing cells."""
        return self.n_rows - self.n_known

    @cached_property
    def distinct(self) -> int:
        """Number of distinct texts."""
        return int(pc.count_distinct(self.texts.values).as_py())

    def n_read(self, reading: ParsedCells) -> int:
        """Count the cells that were parsed successfully."""
        return int(self.counts[mask(reading.values.is_valid())].sum())

    @cached_property
    def n_sentinels(self) -> int:
        """Number of cells with a word that usually stands for a missing value."""
        return int(self.counts[contains_sentinels(self.texts.values)].sum())


def parse_column(
    column: pa.ChunkedArray,
    name: str,
    markers: MissingMarkers,
    *,
    fold_case: bool = False,
    decimal_comma: bool = False,
) -> NumericColumn | TextColumn:
    """Parse a raw column as numbers if all of its cells are numbers, otherwise as texts.

    `decimal_comma` resolves ambiguous separators as in a file with decimal commas.
    """
    plain = plain_numbers(column)
    grouped = plain is not None and may_be_grouped(column)
    if plain is not None and not (grouped and decimal_comma):
        doubt = (
            _with_override_hint(ambiguous_format_warning(column), name, NumberFormat.parse(PLAIN))
            if grouped
            else None
        )
        return NumericColumn(
            name=name, values=markers.clear_numbers(plain), doubt=doubt, is_ambiguous=grouped
        )
    found = markers.clear(DistinctCells.of(column))
    style = _detect_format(found, grouped=grouped, decimal_comma=decimal_comma)
    as_numbers = style.numerals.read(found.values) if style else numbers(found.values)
    if as_numbers.wrong.any():
        lower = found.lower() if fold_case else found
        return TextColumn(
            name=name, cells=lower, texts=categories(lower.values), as_numbers=as_numbers
        )
    values = markers.clear_numbers(found.decode(as_numbers.values))
    if style is None:
        return NumericColumn(name=name, values=values)
    doubt, is_ambiguous = (
        _with_override_hint(style.doubt, name, style.numerals),
        style.doubt is not None,
    )
    return NumericColumn(
        name=name,
        values=values,
        numerals=style.numerals.example,
        doubt=doubt,
        is_ambiguous=is_ambiguous,
    )


def parse_numbers_as(
    column: pa.ChunkedArray, name: str, markers: MissingMarkers, numerals: NumberFormat
) -> NumericColumn | TextColumn:
    """Parse a raw column by a declared number format, or as texts if a cell does not match it."""
    found = markers.clear(DistinctCells.of(column))
    read = numerals.read(found.values)
    if read.wrong.any():
        return TextColumn(name=name, cells=found, texts=categories(found.values), as_numbers=read)
    written = None if numerals.example == PLAIN else numerals.example
    return NumericColumn(
        name=name, values=markers.clear_numbers(found.decode(read.values)), numerals=written
    )


def parse_texts(
    column: pa.ChunkedArray, name: str, markers: MissingMarkers, *, fold_case: bool = False
) -> TextColumn:
    """Parse a raw column as texts, even if all of its cells are numbers."""
    found = markers.clear(DistinctCells.of(column))
    lower = found.lower() if fold_case else found
    return TextColumn(
        name=name, cells=lower, texts=categories(lower.values), as_numbers=numbers(found.values)
    )


def _detect_format(found: DistinctCells, *, grouped: bool, decimal_comma: bool) -> Style | None:
    """Detect the format of texts that are not plain numbers, or whose dots may group thousands."""
    is_text = pa.types.is_string(found.values.type)
    if not is_text or not (grouped or numbers(found.values).wrong.any()):
        return None
    return detect_number_format(found.values, decimal_comma=decimal_comma)


def _with_override_hint(doubt: str | None, name: str, numerals: NumberFormat) -> str | None:
    if doubt is None:
        return None
    return (
        f"{doubt} Otherwise put the table with "
        f"?schema={override_json(name, numerals=numerals.alternative.example)}"
    )
