"""Parsers from raw cells to columns of numbers or category codes; numpy only."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat
from types import NoneType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from models.cells import BadCell, category, number

NEUTRAL: Final = -1

Cells = Sequence[object] | NDArray[Any] | None
Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class InputColumn:
    """The parsed cells of one feature.

    Attributes
    ----------
    values
        Shape (n,): numbers in their own units, NaN for missing or invalid; or positions of known
        categories, -1 for other cells.
    missing
        Shape (n,), whether the cell is missing.
    unknown
        Unknown categories, by row.
    bad
        Error messages of invalid cells, by row.
    """

    values: NDArray[Any]
    missing: NDArray[np.bool_]
    unknown: Mapping[int, str]
    bad: Mapping[int, str]

    def known(self) -> NDArray[np.bool_]:
        """Return a mask of the rows with a known value."""
        known = ~self.missing
        known[[*self.unknown, *self.bad]] = False
        return known


def read_numbers(cells: Sequence[object] | NDArray[Any]) -> InputColumn:
    """Parse a numeric column; an array of float64 is used as is, and NaN in it is missing."""
    values = _to_float_array(cells)
    bad: dict[int, str] = {}
    if values is None:
        read, bad = _each(number, _as_objects(cells))
        values = np.array(read, dtype=np.float64)
    missing = np.isnan(values)
    missing[list(bad)] = False
    return InputColumn(values=values, missing=missing, unknown={}, bad=bad)


def read_categories(
    cells: Sequence[object] | NDArray[Any], positions: Mapping[str, int]
) -> InputColumn:
    """Parse a categorical column; `positions` maps known categories to codes."""
    objects = _as_objects(cells)
    texts, bad = _as_texts(objects) or _each(category, objects)
    values = np.fromiter(map(positions.get, texts, repeat(NEUTRAL)), np.int64, len(texts))
    strange = [row for row in np.flatnonzero(values == NEUTRAL).tolist() if row not in bad]
    unknown = {row: texts[row] for row in strange if texts[row] is not None}
    missing = np.zeros(len(texts), dtype=np.bool_)
    missing[[row for row in strange if row not in unknown]] = True
    return InputColumn(values=values, missing=missing, unknown=unknown, bad=bad)


def _to_float_array(cells: Sequence[object] | NDArray[Any]) -> Floats | None:
    """Convert a whole column at once; return None if its cells must be parsed one by one."""
    if isinstance(cells, np.ndarray):
        return cells if cells.dtype == np.float64 and not np.isinf(cells).any() else None
    kinds = set(map(type, cells))
    if kinds - {int, float, NoneType}:
        return None
    try:
        values = np.array(cells, dtype=np.float64)
    except OverflowError:
        return None
    # numpy converts None to NaN; other NaN are invalid.
    n_missing = list(cells).count(None) if NoneType in kinds else 0
    return values if np.count_nonzero(np.isfinite(values)) == len(values) - n_missing else None


def _as_texts(cells: Sequence[object]) -> tuple[list[Any], dict[int, str]] | None:
    """Parse each distinct text once; return None if a cell is not a text, or invalid."""
    if not {str, NoneType}.issuperset(map(type, cells)):
        return None
    distinct = list(dict.fromkeys(cells))
    texts, bad = _each(category, distinct)
    read = dict(zip(distinct, texts, strict=True))
    return None if bad else (list(map(read.__getitem__, cells)), {})


def _as_objects(cells: Sequence[object] | NDArray[Any]) -> Sequence[object]:
    if not isinstance(cells, np.ndarray):
        return cells
    if cells.dtype != np.float64:
        return list(cells)
    return [None if np.isnan(value) else value for value in cells.tolist()]


def _each(
    read: Callable[[object], Any], cells: Sequence[object]
) -> tuple[list[Any], dict[int, str]]:
    """Parse each cell; return the values (None if invalid) and the error messages by row."""
    values: list[Any] = []
    bad: dict[int, str] = {}
    for row, cell in enumerate(cells):
        try:
            values.append(read(cell))
        except BadCell as error:
            values.append(None)
            bad[row] = str(error)
    return values, bad
