"""Raw cells become columns of numbers or of known categories; numpy only."""

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
    """The cells of one feature as read.

    Attributes
    ----------
    values
        Shape (n,): numbers in own units, NaN where there is none; or positions among the known categories, -1 for
        what is none of them.
    missing
        Shape (n,).
    unknown
        The categories outside the known ones, by row.
    bad
        What is wrong with the cells that break the rule, by row.
    """

    values: NDArray[Any]
    missing: NDArray[np.bool_]
    unknown: Mapping[int, str]
    bad: Mapping[int, str]

    def known(self) -> NDArray[np.bool_]:
        """Say which rows hold something the model knows."""
        known = ~self.missing
        known[[*self.unknown, *self.bad]] = False
        return known


def read_numbers(cells: Sequence[object] | NDArray[Any]) -> InputColumn:
    """Read a numeric column; an array of float64 is taken as it is, NaN in it is missing."""
    values = _to_float_array(cells)
    bad: dict[int, str] = {}
    if values is None:
        read, bad = _each(number, _as_objects(cells))
        values = np.array(read, dtype=np.float64)
    missing = np.isnan(values)
    missing[list(bad)] = False
    return InputColumn(values=values, missing=missing, unknown={}, bad=bad)


def read_categories(cells: Sequence[object] | NDArray[Any], positions: Mapping[str, int]) -> InputColumn:
    """Read a categorical column; `positions` numbers the known categories."""
    objects = _as_objects(cells)
    texts, bad = _as_texts(objects) or _each(category, objects)
    values = np.fromiter(map(positions.get, texts, repeat(NEUTRAL)), np.int64, len(texts))
    strange = [row for row in np.flatnonzero(values == NEUTRAL).tolist() if row not in bad]
    unknown = {row: texts[row] for row in strange if texts[row] is not None}
    missing = np.zeros(len(texts), dtype=np.bool_)
    missing[[row for row in strange if row not in unknown]] = True
    return InputColumn(values=values, missing=missing, unknown=unknown, bad=bad)


def _to_float_array(cells: Sequence[object] | NDArray[Any]) -> Floats | None:
    """Take a whole column at once, where reading it cell by cell could give nothing else."""
    if isinstance(cells, np.ndarray):
        return cells if cells.dtype == np.float64 and not np.isinf(cells).any() else None
    kinds = set(map(type, cells))
    if kinds - {int, float, NoneType}:
        return None
    try:
        values = np.array(cells, dtype=np.float64)
    except OverflowError:
        return None
    n_missing = list(cells).count(None) if NoneType in kinds else 0  # numpy makes NaN of None: any more were there
    return values if np.count_nonzero(np.isfinite(values)) == len(values) - n_missing else None


def _as_texts(cells: Sequence[object]) -> tuple[list[Any], dict[int, str]] | None:
    """Read each text once, however many customers have it; None where a cell is something else, or bad."""
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


def _each(read: Callable[[object], Any], cells: Sequence[object]) -> tuple[list[Any], dict[int, str]]:
    """Read each cell; None stands for a bad one."""
    values: list[Any] = []
    bad: dict[int, str] = {}
    for row, cell in enumerate(cells):
        try:
            values.append(read(cell))
        except BadCell as error:
            values.append(None)
            bad[row] = str(error)
    return values, bad
