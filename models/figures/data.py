"""The data behind a figure: a plain table, which also says it to those who do not see the picture."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

Cell = str | float | int | bool | None
Values = Sequence[Cell] | Sequence[str] | NDArray[np.generic]


@dataclass(frozen=True, kw_only=True)
class FigureData:
    """Rows under named columns, and notes on how to read them; None stands where there is no figure."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    notes: tuple[str, ...] = ()

    @classmethod
    def of(cls, columns: Mapping[str, Values], *, notes: Sequence[str] = ()) -> Self:
        """Put columns of one length beside one another; what is not finite becomes None."""
        plain = [[_cell(value) for value in _listed(values)] for values in columns.values()]
        return cls(columns=tuple(columns), rows=tuple(zip(*plain, strict=True)), notes=tuple(notes))

    def column(self, name: str) -> list[Cell]:
        """Give one column."""
        place = self.columns.index(name)
        return [row[place] for row in self.rows]

    def texts(self, name: str) -> list[str]:
        """Give one column of text."""
        return [str(cell) for cell in self.column(name)]

    def numbers(self, name: str) -> NDArray[np.float64]:
        """Give one column of numbers, NaN where there is none."""
        return np.array([np.nan if cell is None else cell for cell in self.column(name)], dtype=np.float64)

    def where(self, name: str, value: Cell) -> Self:
        """Keep the rows with a value in one column."""
        place = self.columns.index(name)
        rows = tuple(row for row in self.rows if row[place] == value)
        return type(self)(columns=self.columns, rows=rows, notes=self.notes)


def _listed(values: Values) -> Sequence[Cell]:
    return values.tolist() if isinstance(values, np.ndarray) else list(values)


def _cell(value: Cell) -> Cell:
    return None if isinstance(value, float) and not np.isfinite(value) else value
