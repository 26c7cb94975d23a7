"""What is wrong with the cells of a table; no message repeats one."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
import numpy.typing as npt

from models import cells
from models.columns.cell_arrays import Mask
from models.columns.distinct import DistinctCells
from models.errors import SegmentationError

MAX_LISTED: Final = 100


@dataclass(frozen=True, kw_only=True, slots=True)
class CellError:
    """A cell that cannot be read; rows count from 1."""

    row: int
    column: str
    detail: str


class UnknownColumn(SegmentationError):
    """The table has no column of this name."""


class BadCells(SegmentationError):
    """Some cells cannot be read as what their column holds; `errors` lists the first hundred."""

    def __init__(self, message: str, *, cells: Iterable[CellError]) -> None:
        super().__init__(message)
        self.cells = tuple(cells)


class MissingCustomerId(BadCells):
    """Some rows have no customer id."""


class DuplicateCustomers(BadCells):
    """Some rows repeat the customer id of an earlier row."""


@dataclass(frozen=True)
class ColumnErrors:
    """The rows of a column, counted from 0, whose cells cannot be read, and what to say of each."""

    column: str
    rows: npt.NDArray[np.intp]
    detail: Callable[[int], str]

    @classmethod
    def none(cls, column: str) -> Self:
        """Say that nothing is wrong with a column."""
        return cls(column, np.empty(0, np.intp), str)

    @classmethod
    def among(cls, column: str, found: DistinctCells, wrong: Mask, why: Callable[[object], str]) -> Self:
        """Find the rows of wrong cells, of which `why` tells the fault."""
        return cls(column, found.rows(wrong), lambda row: why(found.at(row))) if wrong.any() else cls.none(column)

    def errors(self, most: int | None = None) -> list[CellError]:
        """List the faults, all or the first."""
        return [
            CellError(row=row + 1, column=self.column, detail=self.detail(row)) for row in self.rows[:most].tolist()
        ]

    def error(self, sentence: str, kind: type[BadCells] = BadCells) -> BadCells:
        """Put the faults into an error; the sentence may name their number `n` and the `column`."""
        return kind(sentence.format(n=self.rows.size, column=self.column), cells=self.errors(MAX_LISTED))

    def refuse(self, sentence: str = "{n} cells of {column!r} cannot be read", kind: type[BadCells] = BadCells) -> None:
        """Raise if there are any."""
        if self.rows.size:
            raise self.error(sentence, kind)


def errors_by_rule(rule: Callable[[object], object]) -> Callable[[object], str]:
    """Say what is wrong with a cell by the one rule for cells."""

    def why(cell: object) -> str:
        try:
            rule(cell)
        except cells.BadCell as fault:
            return str(fault)
        raise AssertionError("a column and its cells disagree on the rule")

    return why
