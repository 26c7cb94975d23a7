"""The one rule for cells, a whole Arrow array at once; only what is unusual goes through `models.cells`."""

from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from models import cells

Mask = npt.NDArray[np.bool_]

_SPACE: Final = r"[\x00-\x20\x{85}\pZ]"
_DECIMAL: Final = r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
_PLAIN_NUMBER: Final = f"^{_DECIMAL}$"
_SPACED_NUMBER: Final = f"^{_SPACE}*(?:{_DECIMAL})?{_SPACE}*$"
_SPACE_AROUND: Final = f"^{_SPACE}|{_SPACE}$"
_UNUSUAL_TEXT: Final = _SPACE_AROUND + r"|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x{9f}]|^[+-]?[0-9]+\.0+$|^$"
_UNUSUAL_IDENTIFIER: Final = _SPACE_AROUND + r"|[\x00-\x1f\x7f-\x{9f}]|^\.{0,2}$"


class Reading(NamedTuple):
    """Cells by the one rule: null where a cell is missing or wrong, and which are wrong."""

    values: pa.Array
    wrong: Mask


class Distinct(NamedTuple):
    """A raw column with every distinct cell once, so that what depends on the value is decided once."""

    name: str
    values: pa.Array
    codes: pa.Array

    @property
    def n_rows(self) -> int:
        """How many rows the column has."""
        return len(self.codes)

    def rows(self, chosen: Mask) -> npt.NDArray[np.intp]:
        """Find the rows, counted from 0, that hold a chosen cell."""
        return np.flatnonzero(mask(pc.take(pa.array(chosen), self.codes)))

    def counts(self) -> npt.NDArray[np.intp]:
        """Count the rows of each distinct cell."""
        return np.bincount(self.codes.drop_null().to_numpy(), minlength=len(self.values))


def distinct_cells(table: pa.Table, name: str) -> Distinct:
    """Take one column of a raw table.

    Parameters
    ----------
    table
        Columns of text, int64 or float64.
    name
        The column's header.

    Returns
    -------
    Distinct
        Its distinct cells in the order of their first rows; the code of a null is null.
    """
    encoded = pc.dictionary_encode(table.column(name)).combine_chunks()
    return Distinct(name, encoded.dictionary, encoded.indices)


def n_distinct(column: Distinct, read: pa.Array) -> int:
    """Count what is left of the distinct cells once they are read as `read`; 1 and 1.0 are one number."""
    if read.equals(column.values):
        return len(read)
    if pa.types.is_floating(read.type):
        return int(np.unique(read.drop_null().to_numpy()).size)
    return int(pc.count_distinct(read).as_py())


def numbers(values: pa.Array) -> Reading:
    """Read cells as `models.cells.number` does.

    Parameters
    ----------
    values
        Text, int64 or float64.

    Returns
    -------
    Reading
        The numbers as float64.
    """
    if pa.types.is_string(values.type):
        return _numbers_in_text(values)
    return _finite(values.cast(pa.float64(), safe=False), _none_of(values))


def categories(values: pa.Array) -> Reading:
    """Read cells as `models.cells.category` does.

    Parameters
    ----------
    values
        Text, int64 or float64.

    Returns
    -------
    Reading
        The canonical texts.
    """
    if not pa.types.is_string(values.type):
        return _texts_of_numbers(cells.category, values)
    return _by_rule(cells.category, values, mask(pc.match_substring_regex(values, _UNUSUAL_TEXT)), values)


def identifiers(values: pa.Array) -> Reading:
    """Read cells as `models.cells.identifier` does.

    Parameters
    ----------
    values
        Text, int64 or float64.

    Returns
    -------
    Reading
        The customer ids as text.
    """
    if not pa.types.is_string(values.type):
        return _texts_of_numbers(cells.identifier, values)
    unusual = pc.match_substring_regex(values, _UNUSUAL_IDENTIFIER)
    too_long = pc.greater(pc.utf8_length(values), cells.MAX_IDENTIFIER_LENGTH)
    return _by_rule(cells.identifier, values, mask(pc.or_(unusual, too_long)), values)


def mask(condition: pa.Array) -> Mask:
    """Turn an Arrow condition into a numpy mask; null is False."""
    chosen: Mask = condition.fill_null(False).to_numpy(zero_copy_only=False)  # noqa: FBT003 - pyarrow has no keyword
    return chosen


def _numbers_in_text(values: pa.Array) -> Reading:
    trimmed = pc.ascii_trim(values, characters=" \t\r\n")
    plain = mask(pc.match_substring_regex(trimmed, _PLAIN_NUMBER))
    spaced = mask(pc.match_substring_regex(values, _SPACED_NUMBER)) & ~plain
    direct = pc.if_else(pa.array(plain), trimmed, None).cast(pa.float64())
    read, wrong = _by_rule(cells.number, values, spaced, direct)
    return _finite(read, wrong | (mask(values.is_valid()) & ~plain & ~spaced))


def _finite(read: pa.Array, wrong: Mask) -> Reading:
    finite = pc.is_finite(read)
    return Reading(pc.if_else(finite, read, None), wrong | mask(pc.invert(finite)))


def _texts_of_numbers(rule: Callable[[object], str | None], values: pa.Array) -> Reading:
    if pa.types.is_integer(values.type):
        return Reading(values.cast(pa.string()), _none_of(values))
    return _by_rule(rule, values, mask(values.is_valid()), pa.nulls(len(values), pa.string()))


def _by_rule(rule: Callable[[object], object], values: pa.Array, chosen: Mask, others: pa.Array) -> Reading:
    """Read the chosen cells one by one, and take the others as they are."""
    read, wrong = [], _none_of(values)
    for position, cell in zip(np.flatnonzero(chosen), values.filter(chosen).to_pylist(), strict=True):
        try:
            read.append(rule(cell))
        except cells.BadCell:
            read.append(None)
            wrong[position] = True
    return Reading(pc.replace_with_mask(others, pa.array(chosen), pa.array(read, others.type)), wrong)


def _none_of(values: pa.Array) -> Mask:
    return np.zeros(len(values), np.bool_)
