"""Customers as they come, read as the dataset reads them that the model learned from."""

import math
import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from models.columns import SERIALS, Column, read_rows
from models.features import Kind
from service.errors import FieldError
from service.web.formats import DEFAULT_LIMITS, TableLimits
from service.web.formats.errors import raise_if_any

Cells = Sequence[object] | npt.NDArray[Any]

LARGEST_WHOLE_NUMBER: Final = 2**53

_HALF_A_CHARACTER = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True)
class InputSchema:
    """What one version reads: its features, and the columns that may hold a customer's id."""

    features: tuple[tuple[str, Kind], ...]
    id_columns: tuple[str, ...]

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The columns in the order of each customer's cells: features first."""
        features = tuple(name for name, _ in self.features)
        return features + tuple(name for name in self.id_columns if name not in features)

    @cached_property
    def id_positions(self) -> tuple[int, ...]:
        """Where among them a customer's id may be, in the order in which they are looked at."""
        return tuple(map(self.names.index, self.id_columns))


@dataclass(frozen=True)
class LazyColumns(Mapping[str, Cells]):
    """Columns of which only those are made that somebody reads."""

    names: Collection[str]
    make: Callable[[str], Cells]

    def __getitem__(self, name: str) -> Cells:
        if name not in self.names:
            raise KeyError(name)
        return self.make(name)

    def __contains__(self, name: object) -> bool:
        return name in self.names

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)


@dataclass(frozen=True)
class Fields:
    """The cells of one column that are there, and their rows."""

    rows: list[int] = field(default_factory=list)
    cells: list[object] = field(default_factory=list)

    def add(self, row: int, cell: object) -> None:
        """Add the cell of a further row."""
        self.rows.append(row)
        self.cells.append(cell)

    def column(self, n_rows: int) -> list[object]:
        """Return the cells of every row, None where there is none."""
        if len(self.rows) == n_rows:
            return self.cells
        column: list[object] = [None] * n_rows
        for row, cell in zip(self.rows, self.cells, strict=True):
            column[row] = cell
        return column


@dataclass(frozen=True, kw_only=True)
class CustomerBatch:
    """Some customers by column; an absent column is missing everywhere.

    `beside` are the names of further columns, whose cells nobody will read.
    """

    columns: Mapping[str, Cells]
    n_rows: int
    beside: Sequence[str] = ()

    @classmethod
    def of_rows(cls, rows: Iterable[Mapping[str, object]], bounds: TableLimits = DEFAULT_LIMITS) -> Self:
        """Turn objects into columns, unless these become too many or too long, or a text is."""
        fields: defaultdict[str, Fields] = defaultdict(Fields)
        n_rows = 0
        for row in rows:
            for name, cell in row.items():
                fields[name].add(n_rows, cell)
            n_rows += 1
            bounds.check(rows=n_rows, columns=len(fields))
        raise_if_any(_long_cells(fields, bounds.characters), "cells are too long")
        return cls(columns=LazyColumns(fields.keys(), lambda name: fields[name].column(n_rows)), n_rows=n_rows)

    @classmethod
    def of_table(cls, raw: pa.Table) -> Self:
        """Take the columns of a raw table: text, int64 or float64."""
        names = dict.fromkeys(raw.column_names)
        return cls(columns=LazyColumns(names, lambda name: _cells(raw[name])), n_rows=raw.num_rows)

    def cells(self, name: str) -> list[object]:
        """Give the cells of a column one by one, None where one is missing."""
        return _listed(self.columns[name])

    def read_as(self, stored: Iterable[Column]) -> tuple[Self, list[tuple[int, str, str]]]:
        """Read columns as the dataset does: its markers are missing, its way to write numbers and dates is known.

        Returns the customers, and a row, a column and a sentence for each cell that cannot be read so.
        """
        read, faults = dict[str, Cells](), []
        for column in stored:
            if column.name in self.columns:
                read[column.name], wrong = _read(self.columns[column.name], column)
                faults += [(row, column.name, detail) for row, detail in wrong.items()]
        columns = LazyColumns(self.columns, lambda name: read[name] if name in read else self.columns[name])
        return replace(self, columns=columns), faults


def _long_cells(fields: Mapping[str, Fields], most: int) -> Iterator[FieldError]:
    for name, column in fields.items():
        for row, cell in zip(column.rows, column.cells, strict=True):
            if isinstance(cell, str) and len(cell) > most:
                yield FieldError(row=row + 1, detail=f"{name!r} has more than {most:,} characters")


def needs_parsing(column: Column) -> bool:
    """Tell whether a column's cells mean something else than they say."""
    return bool(column.missing_markers or column.fold_case or column.numerals or column.newest)


def _read(cells: Cells, column: Column) -> tuple[list[object], dict[int, str]]:
    """Read texts as the column says, and numbers as they are stored, but for dates that are written as numbers.

    All else is left for the scorer to refuse.
    """
    given, wrong = _listed(cells), dict[int, str]()
    read = given.copy()
    plain = column if column.numerals in SERIALS else replace(column, numerals=None, newest=None)
    for belongs, kind, rule in ((_is_text, pa.string(), column), (_is_plain_number, pa.float64(), plain)):
        rows = [row for row, cell in enumerate(given) if belongs(cell)]
        typed, errors = read_rows(pa.table({column.name: pa.array([given[row] for row in rows], kind)}), [rule])
        for row, cell in zip(rows, typed[column.name].to_pylist(), strict=True):
            read[row] = cell
        wrong |= {rows[error.row - 1]: error.detail for error in errors}
    return read, wrong


def _is_text(cell: object) -> bool:
    return isinstance(cell, str) and not _HALF_A_CHARACTER.search(cell)


def _is_plain_number(cell: object) -> bool:
    return isinstance(cell, int | float) and not isinstance(cell, bool) and abs(cell) < LARGEST_WHOLE_NUMBER


def _listed(cells: Cells) -> list[object]:
    if not isinstance(cells, np.ndarray):
        return list(cells)
    return [None if math.isnan(cell) else cell for cell in cells.tolist()]


def _cells(column: pa.ChunkedArray) -> Cells:
    if pa.types.is_floating(column.type):
        values: npt.NDArray[np.float64] = column.to_numpy()
        return values
    texts_or_integers: list[object] = column.to_pylist()
    return texts_or_integers
