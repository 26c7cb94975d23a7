"""The data behind a figure: a plain table, also a text alternative to the image."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

Cell = str | float | int | bool | None
Values = Sequence[Cell] | Sequence[str] | NDArray[np.generic]


@dataclass(frozen=True, kw_only=True)
class FigureData:
    """Rows under named columns, and notes on how to read them; None is a missing value."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    notes: tuple[str, ...] = ()

    @classmethod
    def of(cls, columns: Mapping[str, Values], *, notes: Sequence[str] = ()) -> Self:
        """Build a table from columns of equal length; NaN and infinity become None."""
        plain = [[_cell(value) for value in _to_list(values)] for values in columns.values()]
        return cls(columns=tuple(columns), rows=tuple(zip(*plain, strict=True)), notes=tuple(notes))

    def column(self, name: str) -> list[Cell]:
        """Return one column."""
        index = self.columns.index(name)
        return [row[index] for row in self.rows]

    def texts(self, name: str) -> list[str]:
        """Return one column as texts."""
        return [str(cell) for cell in self.column(name)]

    def numbers(self, name: str) -> NDArray[np.float64]:
        """Return one column as numbers, NaN for None."""
        return np.array(
            [np.nan if cell is None else cell for cell in self.column(name)], dtype=np.float64
        )

    def where(self, name: str, value: Cell) -> Self:
        """Return the rows with the given value in one column."""
        index = self.columns.index(name)
        rows = tuple(row for row in self.rows if row[index] == value)
        return type(self)(columns=self.columns, rows=rows, notes=self.notes)


def _to_list(values: Values) -> Sequence[Cell]:
    return values.tolist() if isinstance(values, np.ndarray) else list(values)


def _cell(value: Cell) -> Cell:
    return None if isinstance(value, float) and not np.isfinite(value) else value
