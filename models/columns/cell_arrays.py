"""Vectorized cell parsing on Arrow arrays.

Unusual cells fall back to the scalar rules of `models.cells`.
"""

from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from models import cells

Mask = npt.NDArray[np.bool_]
Rows = npt.NDArray[np.intp]

BATCH_ROWS: Final = 1 << 16

_EXACT_INTEGERS: Final = float(cells.EXACT_INTEGERS)

SPACE: Final = r"[\x00-\x20\x{85}\pZ]"
_DECIMAL: Final = r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
_PLAIN_NUMBER: Final = f"^{_DECIMAL}$"
_SPACED_NUMBER: Final = f"^{SPACE}*(?:{_DECIMAL})?{SPACE}*$"
_SPACE_AROUND: Final = f"^{SPACE}|{SPACE}$"
_UNUSUAL_TEXT: Final = (
    _SPACE_AROUND
    + r"|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x{9f}]|^[+-]?[0-9]+\.0+$|^$"
    + "".join(f"|^{text}$" for text in sorted(cells.BOOLEANS))
)
_DECIMAL_ID: Final = f"^{cells.DECIMAL_ID}$"
_ZERO_FRACTION: Final = r"\.0+$"
_UNUSUAL_IDENTIFIER: Final = _SPACE_AROUND + r"|[\x00-\x1f\x7f-\x{9f}]|^\.{0,2}$"


class ParsedCells(NamedTuple):
    """Parsed cells, null where a cell is missing or invalid, and a mask of the invalid ones."""

    values: pa.Array
    wrong: Mask


def plain_numbers(column: pa.ChunkedArray) -> pa.Array | None:
    """Parse a whole column of plain numbers as `models.cells.number` does: the fast path.

    Parameters
    ----------
    column
        Text, int64 or float64.

    Returns
    -------
    pyarrow.Array or None
        The numbers as float64; None if any cell needs `numbers` or is not a number.
    """
    if pa.types.is_string(column.type) and pc.any(is_empty := pc.equal(column, "")).as_py():
        column = pc.if_else(is_empty, None, column)
    try:
        read = column.cast(pa.float64(), safe=False).combine_chunks()
    except pa.ArrowInvalid:
        return None
    return read if pc.all(pc.is_finite(read), min_count=0).as_py() else None


def numbers(values: pa.Array) -> ParsedCells:
    """Parse cells as `models.cells.number` does.

    Parameters
    ----------
    values
        Text, int64 or float64.

    Returns
    -------
    ParsedCells
        The numbers as float64.
    """
    if not pa.types.is_string(values.type):
        return _finite(values.cast(pa.float64(), safe=False), _no_errors(values))
    trimmed = pc.ascii_trim(values, characters=" \t\r\n")
    plain = mask(pc.match_substring_regex(trimmed, _PLAIN_NUMBER))
    spaced = mask(pc.match_substring_regex(values, _SPACED_NUMBER)) & ~plain
    direct = pc.if_else(pa.array(plain), trimmed, None).cast(pa.float64())
    read, wrong = _read_selected(cells.number, values, spaced, direct)
    return _finite(read, wrong | (mask(values.is_valid()) & ~plain & ~spaced))


def categories(values: pa.Array) -> ParsedCells:
    """Parse cells as `models.cells.category` does.

    Parameters
    ----------
    values
        Text, int64 or float64.

    Returns
    -------
    ParsedCells
        The canonical texts.
    """
    if not pa.types.is_string(values.type):
        if pa.types.is_integer(values.type):
            return ParsedCells(values.cast(pa.string()), _no_errors(values))
        digits = _digits_of_integers(values)
        return _read_selected(
            cells.category, values, mask(values.is_valid()) & mask(digits.is_null()), digits
        )
    return _read_selected(
        cells.category, values, mask(pc.match_substring_regex(values, _UNUSUAL_TEXT)), values
    )


def identifiers(values: pa.Array) -> ParsedCells:
    """Parse cells as `models.cells.identifier` does.

    Parameters
    ----------
    values
        Text, int64 or float64.

    Returns
    -------
    ParsedCells
        The customer ids as text.
    """
    if pa.types.is_integer(values.type):
        return ParsedCells(values.cast(pa.string()), _no_errors(values))
    if pa.types.is_floating(values.type):
        digits = _digits_of_integers(values)
        return ParsedCells(digits, mask(values.is_valid()) & mask(digits.is_null()))
    unusual = pc.match_substring_regex(values, _UNUSUAL_IDENTIFIER)
    too_long = pc.greater(pc.utf8_length(values), cells.MAX_IDENTIFIER_LENGTH)
    return _read_selected(cells.identifier, values, mask(pc.or_(unusual, too_long)), values)


def without_zero_fractions(
    ids: pa.Array, known: pa.ChunkedArray | None = None, *, are_unique: bool = False
) -> pa.Array:
    """Read ids such as ``17850.0`` as integers, as software writes them that holds ids as floats.

    Parameters
    ----------
    ids
        The ids of a column as text.
    known
        The ids of the table that the column belongs to, if it has any before.
    are_unique
        Whether each id names one row, so that ``1`` and ``1.0`` are two.

    Returns
    -------
    pyarrow.Array
        The ids; as they were if a decimal with another fraction is among them, or any decimal among
        `known`.
    """
    if not pc.any(pc.match_substring(ids, ".")).as_py():  # much faster, and nearly always so
        return ids
    decimals = ids.filter(pc.match_substring_regex(ids, _DECIMAL_ID))
    if not len(decimals) or not _are_integers(decimals):
        return ids
    if known is not None and pc.any(pc.match_substring_regex(known, _DECIMAL_ID)).as_py():
        return ids
    whole = pc.if_else(
        pc.match_substring_regex(ids, _DECIMAL_ID),
        pc.replace_substring_regex(ids, _ZERO_FRACTION, ""),
        ids,
    )
    is_lossy = are_unique and pc.count_distinct(whole).as_py() < pc.count_distinct(ids).as_py()
    return ids if is_lossy else whole


def mask(condition: pa.Array) -> Mask:
    """Convert an Arrow boolean array to a numpy mask; null is False."""
    chosen: Mask = condition.fill_null(False).to_numpy(zero_copy_only=False)  # noqa: FBT003 - pyarrow has no keyword
    return chosen


def _finite(read: pa.Array, wrong: Mask) -> ParsedCells:
    finite = pc.is_finite(read)
    return ParsedCells(pc.if_else(finite, read, None), wrong | mask(pc.invert(finite)))


def _digits_of_integers(values: pa.Array) -> pa.Array:
    """Convert floats that are integers below 2^53 to digits; null for all others."""
    whole = pc.and_(pc.less(pc.abs(values), _EXACT_INTEGERS), pc.equal(pc.floor(values), values))
    return pc.if_else(whole, values, None).cast(pa.int64()).cast(pa.string())


def _are_integers(decimals: pa.Array) -> bool:
    numbers = decimals.cast(pa.float64())
    are_exact = pc.and_(
        pc.less(pc.abs(numbers), _EXACT_INTEGERS),
        pc.match_substring_regex(decimals, _ZERO_FRACTION),
    )
    return bool(pc.all(are_exact).as_py())


def _read_selected(
    rule: Callable[[object], object], values: pa.Array, chosen: Mask, others: pa.Array
) -> ParsedCells:
    """Parse the chosen cells one by one by a scalar rule; the others keep their parsed values."""
    if not chosen.any():
        return ParsedCells(others, _no_errors(values))
    wrong = _no_errors(values)
    read = [
        pa.array(_read_each(rule, values, rows, wrong), others.type)
        for rows in _batches(np.flatnonzero(chosen))
    ]
    replaced = pc.replace_with_mask(others, pa.array(chosen), pa.concat_arrays(read))
    return ParsedCells(replaced, wrong)


def _batches(rows: Rows) -> Iterator[Rows]:
    """Split rows, as their cells take much memory as Python objects."""
    return (rows[start : start + BATCH_ROWS] for start in range(0, len(rows), BATCH_ROWS))


def _read_each(
    rule: Callable[[object], object], values: pa.Array, rows: Rows, wrong: Mask
) -> Iterator[object]:
    """Parse some cells by a rule, and mark those that it refuses as wrong."""
    for row, cell in zip(rows, values.take(pa.array(rows)).to_pylist(), strict=True):
        try:
            read = rule(cell)
        except cells.BadCell:
            read, wrong[row] = None, True
        yield read


def _no_errors(values: pa.Array) -> Mask:
    return np.zeros(len(values), np.bool_)
