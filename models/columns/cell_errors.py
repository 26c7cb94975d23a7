"""Errors of a table's cells; no message repeats the content of a cell."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
import numpy.typing as npt

from models import cells
from models.columns.cell_arrays import Mask
from models.columns.distinct import DistinctCells
from models.errors import BadCells, CellError

MAX_LISTED: Final = 100


@dataclass(frozen=True)
class ColumnErrors:
    """The invalid rows of a column, counted from 0, and a function that describes their errors."""

    column: str
    rows: npt.NDArray[np.intp]
    detail: Callable[[int], str]

    @classmethod
    def none(cls, column: str) -> Self:
        """Build the result of a column without errors."""
        return cls(column, np.empty(0, np.intp), str)

    @classmethod
    def from_cells(
        cls, column: str, found: DistinctCells, wrong: Mask, why: Callable[[object], str]
    ) -> Self:
        """Collect the rows of the wrong cells; `why` describes the error of a cell."""
        return (
            cls(column, found.rows(wrong), lambda row: why(found.at(row)))
            if wrong.any()
            else cls.none(column)
        )

    def errors(self, limit: int | None = None) -> list[CellError]:
        """Return all errors, or the first `limit`."""
        return [
            CellError(row=row + 1, column=self.column, detail=self.detail(row))
            for row in self.rows[:limit].tolist()
        ]

    def error(self, sentence: str, kind: type[BadCells] = BadCells) -> BadCells:
        """Build the exception; the text may contain `{n}`, the number of errors, and `{column}`."""
        return kind(
            sentence.format(n=self.rows.size, column=self.column), cells=self.errors(MAX_LISTED)
        )

    def raise_if_any(
        self,
        sentence: str = "{n} cells of {column!r} cannot be read",
        kind: type[BadCells] = BadCells,
    ) -> None:
        """Raise the exception if there are errors."""
        if self.rows.size:
            raise self.error(sentence, kind)


def errors_by_rule(rule: Callable[[object], object]) -> Callable[[object], str]:
    """Return a function that describes why a cell breaks a rule of `models.cells`."""

    def why(cell: object) -> str:
        try:
            rule(cell)
        except cells.BadCell as fault:
            return str(fault)
        raise AssertionError("a column and its cells disagree on the rule")

    return why
