"""Parsing of the column that marks returns."""

from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa

from models.columns.cell_arrays import Mask, mask, numbers
from models.columns.cell_errors import ColumnErrors
from models.columns.distinct import DistinctCells
from models.transactions.columns import ReturnStyle

_YES: Final = {
    *("true", "t", "yes", "y", "ja", "j", "oui", "o", "si", "sí", "s", "sim", "tak"),
    *("return", "returned", "refund", "refunded"),
}
_NO: Final = {"false", "f", "no", "n", "nein", "non", "nee", "não", "nao", "nie"}


class Returns(NamedTuple):
    """A mask of returns; `style` is the kind of numbers that mark them, None for words."""

    marked: Mask
    style: ReturnStyle | None


def read_returns(raw: pa.Table, name: str, style: ReturnStyle | None) -> Returns:
    """Parse the marks of returns.

    Yes or true, 1 in a column of 0 and 1, or negative numbers such as quantities.

    Raises
    ------
    BadCells
        If a cell is none of these; an empty cell is not a return.
    """
    found = DistinctCells.of(raw.column(name))
    read = numbers(found.values)
    known = read.values.drop_null().to_numpy()
    resolved = style or _detect_style(known)
    values = read.values.fill_null(0.0).to_numpy(zero_copy_only=False)
    words = [
        str(cell).strip().casefold() if wrong else ""
        for cell, wrong in zip(found.values.to_pylist(), read.wrong, strict=True)
    ]
    unknown = read.wrong & ~np.array([word in _YES or word in _NO for word in words], np.bool_)
    ColumnErrors.from_cells(
        name, found, unknown, lambda _: "is neither yes nor no, nor a number"
    ).raise_if_any()
    marked = np.array([word in _YES for word in words], np.bool_) | (
        values == 1 if resolved == "flag" else values < 0
    )
    return Returns(mask(found.decode(pa.array(marked))), resolved)


def _detect_style(known: np.ndarray[tuple[int], np.dtype[np.float64]]) -> ReturnStyle | None:
    """Detect the numbers that mark a return; None without numbers."""
    if not known.size:
        return None
    return "flag" if np.isin(known, (0.0, 1.0)).all() else "negative"
