"""Customers of an assignment request by column, parsed by the schema of the model's dataset."""

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
from service.web.formats import DEFAULT_LIMITS, RawTable, TableLimits
from service.web.formats.errors import raise_if_any

Cells = Sequence[object] | npt.NDArray[Any]

MAX_EXACT_INTEGER: Final = 2**53

_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True)
class InputSchema:
    """Columns that one version reads.

    Its features, and the columns that may hold a customer's id.
    """

    features: tuple[tuple[str, Kind], ...]
    id_columns: tuple[str, ...]

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Columns in the order of a customer's cells: features first."""
        features = tuple(name for name, _ in self.features)
        return features + tuple(name for name in self.id_columns if name not in features)

    @cached_property
    def id_positions(self) -> tuple[int, ...]:
        """Positions of the id columns in `names`, by precedence."""
        return tuple(map(self.names.index, self.id_columns))


@dataclass(frozen=True)
class LazyColumns(Mapping[str, Cells]):
    """Mapping that builds a column when it is read."""

    names: Collection[str]
    build: Callable[[str], Cells]

    def __getitem__(self, name: str) -> Cells:
        if name not in self.names:
            raise KeyError(name)
        return self.build(name)

    def __contains__(self, name: object) -> bool:
        return name in self.names

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)


@dataclass(frozen=True)
class SparseColumn:
    """Present cells of one column, and their rows."""

    rows: list[int] = field(default_factory=list)
    cells: list[object] = field(default_factory=list)

    def add(self, row: int, cell: object) -> None:
        self.rows.append(row)
        self.cells.append(cell)

    def column(self, n_rows: int) -> list[object]:
        """Return the cells of all rows; absent ones are None."""
        if len(self.rows) == n_rows:
            return self.cells
        column: list[object] = [None] * n_rows
        for row, cell in zip(self.rows, self.cells, strict=True):
            column[row] = cell
        return column


@dataclass(frozen=True, kw_only=True)
class CustomerBatch:
    """Customers by column; the cells of an absent column are missing.

    `extra_columns` lists further columns, which were sent but are not read; `warnings` are doubts
    about the body.
    """

    columns: Mapping[str, Cells]
    n_rows: int
    extra_columns: Sequence[str] = ()
    warnings: Sequence[str] = ()

    @classmethod
    def of_rows(
        cls, rows: Iterable[Mapping[str, object]], bounds: TableLimits = DEFAULT_LIMITS
    ) -> Self:
        """Build columns from row objects.

        Raises UnreadableBody if a limit on rows, columns or cells is exceeded.
        """
        fields: defaultdict[str, SparseColumn] = defaultdict(SparseColumn)
        n_rows = 0
        for row in rows:
            for name, cell in row.items():
                fields[name].add(n_rows, cell)
            n_rows += 1
            bounds.check(rows=n_rows, columns=len(fields))
        raise_if_any(_long_cells(fields, bounds.characters), "cells are too long")
        return cls(
            columns=LazyColumns(fields.keys(), lambda name: fields[name].column(n_rows)),
            n_rows=n_rows,
        )

    @classmethod
    def of_table(cls, raw: RawTable) -> Self:
        """Build from a raw table: columns of text, int64 or float64."""
        table, names = raw.table, dict.fromkeys(raw.table.column_names)
        return cls(
            columns=LazyColumns(names, lambda name: _cells(table[name])),
            n_rows=table.num_rows,
            warnings=raw.warnings,
        )

    def cells(self, name: str) -> list[object]:
        """Return the cells of a column; missing ones are None."""
        return _to_list(self.columns[name])

    def parse_columns(self, stored: Iterable[Column]) -> tuple[Self, list[tuple[int, str, str]]]:
        """Parse columns with the dataset's missing markers, number formats and date formats.

        Return the customers, and the row, column and reason of each cell that cannot be parsed.
        """
        parsed, faults = dict[str, Cells](), []
        for column in stored:
            if column.name in self.columns:
                parsed[column.name], details = _parse_cells(self.columns[column.name], column)
                faults += [(row, column.name, detail) for row, detail in details.items()]
        columns = LazyColumns(
            self.columns, lambda name: parsed[name] if name in parsed else self.columns[name]
        )
        return replace(self, columns=columns), faults


def _long_cells(fields: Mapping[str, SparseColumn], max_length: int) -> Iterator[FieldError]:
    for name, column in fields.items():
        for row, cell in zip(column.rows, column.cells, strict=True):
            if isinstance(cell, str) and len(cell) > max_length:
                yield FieldError(
                    row=row + 1, detail=f"{name!r} has more than {max_length:,} characters"
                )


def needs_parsing(column: Column) -> bool:
    """Return whether the dataset declares how any of the columns are read."""
    return bool(column.missing_markers or column.fold_case or column.numerals or column.newest)


def _parse_cells(cells: Cells, column: Column) -> tuple[list[object], dict[int, str]]:
    """Parse texts by the column's rules.

    Numbers only by its missing markers, unless they are serial dates.

    Other cells stay as they are; the scorer refuses them.
    """
    raw, details = _to_list(cells), dict[int, str]()
    parsed = raw.copy()
    plain = column if column.numerals in SERIALS else replace(column, numerals=None, newest=None)
    for is_of_kind, kind, rule in (
        (_is_text, pa.string(), column),
        (_is_number, pa.float64(), plain),
    ):
        rows = [row for row, cell in enumerate(raw) if is_of_kind(cell)]
        typed, errors = read_rows(
            pa.table({column.name: pa.array([raw[row] for row in rows], kind)}), [rule]
        )
        for row, cell in zip(rows, typed[column.name].to_pylist(), strict=True):
            parsed[row] = cell
        details |= {rows[error.row - 1]: error.detail for error in errors}
    return parsed, details


def _is_text(cell: object) -> bool:
    return isinstance(cell, str) and not _SURROGATE.search(cell)


def _is_number(cell: object) -> bool:
    return (
        isinstance(cell, int | float)
        and not isinstance(cell, bool)
        and abs(cell) < MAX_EXACT_INTEGER
    )


def _to_list(cells: Cells) -> list[object]:
    if not isinstance(cells, np.ndarray):
        return list(cells)
    return [None if math.isnan(cell) else cell for cell in cells.tolist()]


def _cells(column: pa.ChunkedArray) -> Cells:
    if pa.types.is_floating(column.type):
        values: npt.NDArray[np.float64] = column.to_numpy()
        return values
    texts_or_integers: list[object] = column.to_pylist()
    return texts_or_integers
