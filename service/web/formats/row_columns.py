"""Rows that are objects, to columns.

Grown chunk by chunk, so that only one chunk of rows is ever held.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from models import cells
from service.errors import FieldError, pointer
from service.web.formats.errors import TableLimits, check_headers, raise_if_any
from service.web.formats.raw_table import Mask, RawTable

ROWS_AT_ONCE: Final = 16_384
# Of the cells of a chunk: where fewer fields are there, only these are looked at.
SPARSE: Final = 0.5

_HALF_A_CHARACTER = re.compile(r"[\ud800-\udfff]")

Record = dict[str, object]


@dataclass(frozen=True)
class BadRecord:
    """A row that is not an object of cells, with the reason."""

    detail: str


def read_records(
    rows: Iterable[object], *, location: tuple[str, ...] | None, bounds: TableLimits
) -> RawTable:
    """Read rows, each an object of cells.

    `location` is the path of the list of rows in its JSON document, for the pointers of errors;
    None if there is no such document.
    """
    growing = _ColumnBuilder(location, bounds)
    raise_if_any(growing.add_rows(iter(rows)), "cells cannot be read")
    check_headers(list(growing.columns))
    return growing.to_table()


class _Fields(NamedTuple):
    """The fields of one column in one chunk: their rows, ascending, and the cells there."""

    rows: Sequence[int]
    cells: list[Any]


class _ColumnChunk(NamedTuple):
    """The fields of one column in one chunk, as an array of the narrowest type of the cells.

    `kinds` are the types of the cells; `rows` is None for all rows.
    """

    kinds: frozenset[type]
    values: pa.Array
    rows: npt.NDArray[np.int64] | None


_NOTHING: Final = _ColumnChunk(frozenset(), pa.nulls(0), np.empty(0, np.int64))


@dataclass(frozen=True)
class _ColumnBuilder:
    """Columns read so far, as pieces by chunk number; absent fields take no memory."""

    location: tuple[str, ...] | None
    bounds: TableLimits
    columns: dict[str, dict[int, _ColumnChunk]] = field(default_factory=dict)
    lengths: list[int] = field(default_factory=list)

    @property
    def n_rows(self) -> int:
        """Number of rows added so far."""
        return sum(self.lengths)

    def add_rows(self, rows: Iterator[object]) -> Iterator[FieldError]:
        """Add all rows, and yield the errors of their cells."""
        while chunk := list(islice(rows, ROWS_AT_ONCE)):
            yield from self._take(self._records(chunk))

    def to_table(self) -> RawTable:
        """Build the table; columns are in the order of first occurrence."""
        names, columns, present = list(self.columns), [], {}
        for name in names:
            pieces = self.columns.pop(name)
            every = [
                (pieces.get(number, _NOTHING), length) for number, length in enumerate(self.lengths)
            ]
            kind = _common_type([piece for piece, _ in every])
            chunks = [_scatter(piece, _as(piece.values, kind), length) for piece, length in every]
            columns.append(pa.chunked_array(chunks, kind))
            present[name] = np.concatenate([_present(*each) for each in every])
        return RawTable(table=pa.table(columns, names=names), present=present)

    def _records(self, chunk: list[Any]) -> list[Record]:
        if set(map(type, chunk)) - {dict}:
            faults = (
                self._row_error(index, row)
                for index, row in enumerate(chunk)
                if type(row) is not dict
            )
            raise_if_any(faults, "rows cannot be read")
        return chunk

    def _take(self, records: list[Record]) -> Iterator[FieldError]:
        names = dict.fromkeys(chain.from_iterable(records))
        self.bounds.check(
            rows=self.n_rows + len(records), columns=len(names.keys() | self.columns.keys())
        )
        fields_of = _by_column(records, len(names))
        for name in names:
            fields, pieces = fields_of(name), self.columns.setdefault(name, {})
            if piece := _piece(fields, len(records)):
                pieces[len(self.lengths)] = piece
            else:
                yield from self._cell_errors(name, fields)
        self.lengths.append(len(records))

    def _row_error(self, index: int, row: object) -> FieldError:
        return self._field_error(
            row.detail if isinstance(row, BadRecord) else "is not an object", index
        )

    def _cell_errors(self, name: str, fields: _Fields) -> Iterator[FieldError]:
        for index, cell in zip(*fields, strict=True):
            if fault := _check_cell(cell):
                yield self._field_error(f"{name!r} {fault}", index, name)

    def _field_error(self, detail: str, index: int, *step: str) -> FieldError:
        row = self.n_rows + index
        where = None if self.location is None else pointer([*self.location, row, *step])
        return FieldError(detail=detail, pointer=where, row=row + 1)


def _by_column(records: list[Record], n_names: int) -> Callable[[str], _Fields]:
    """Return a function that returns the fields of a column.

    All of them together cost about as much as there are fields.
    """
    n_fields, n_cells = sum(map(len, records)), len(records) * n_names
    if n_fields == n_cells:
        every_row = range(len(records))
        return lambda name: _Fields(every_row, [record[name] for record in records])
    if n_fields > SPARSE * n_cells:
        return lambda name: _fields(records, name)
    found: defaultdict[str, list[tuple[int, object]]] = defaultdict(list)
    for row, record in enumerate(records):
        for name, cell in record.items():
            found[name].append((row, cell))
    return lambda name: _Fields([row for row, _ in found[name]], [cell for _, cell in found[name]])


def _fields(records: list[Record], name: str) -> _Fields:
    rows = [row for row, record in enumerate(records) if name in record]
    return _Fields(rows, [records[row][name] for row in rows])


def _piece(fields: _Fields, n_rows: int) -> _ColumnChunk | None:
    """Convert the cells of a chunk to an array; None if a cell is not valid."""
    kinds = frozenset(map(type, fields.cells)) - {type(None)}
    try:
        values = _values(fields.cells, kinds)
    except (ValueError, OverflowError):
        return None
    rows = None if len(fields.rows) == n_rows else np.array(fields.rows, np.int64)
    return _ColumnChunk(kinds, values, rows)


def _values(column: list[Any], kinds: frozenset[type]) -> pa.Array:
    if not kinds:
        return pa.nulls(len(column))
    if kinds == {int}:
        try:
            return pa.array(column, pa.int64())
        except OverflowError:
            return pa.array(list(map(_text, column)), pa.string())
    if kinds == {float} or (kinds == {int, float} and all(map(_is_exact, column))):
        return _parse_floats(column)
    if kinds == {int, float}:
        _parse_floats(column)
    return pa.array(column if kinds == {str} else list(map(_text, column)), pa.string())


def _is_exact(cell: float | None) -> bool:
    return type(cell) is not int or abs(cell) <= cells.EXACT_INTEGERS


def _parse_floats(column: list[Any]) -> pa.Array:
    read = pa.array([None if cell is None else float(cell) for cell in column], pa.float64())
    if not pc.all(pc.is_finite(read)).as_py():
        raise ValueError("not every number is finite")
    return read


def _text(cell: object) -> str | None:
    return cell if isinstance(cell, str) else cells.category(cell)


def _scatter(piece: _ColumnChunk, values: pa.Array, length: int) -> pa.Array:
    """Return a column with the cells of a piece in their rows, and null in all others."""
    if piece.rows is None:
        return values
    if not len(values):
        return pa.nulls(length, values.type)
    positions = np.zeros(length, np.int64)
    positions[piece.rows] = np.arange(len(values))
    return values.take(pa.array(positions, mask=~_present(piece, length)))


def _present(piece: _ColumnChunk, length: int) -> Mask:
    if piece.rows is None:
        return np.ones(length, np.bool_)
    present = np.zeros(length, np.bool_)
    present[piece.rows] = True
    return present


def _common_type(pieces: list[_ColumnChunk]) -> pa.DataType:
    kinds = frozenset[type]().union(*(piece.kinds for piece in pieces))
    if kinds == {int} and not any(pa.types.is_string(piece.values.type) for piece in pieces):
        return pa.int64()
    return pa.float64() if float in kinds and kinds <= {int, float} else pa.string()


def _as(values: pa.Array, kind: pa.DataType) -> pa.Array:
    if pa.types.is_floating(values.type) and pa.types.is_string(kind):
        return pa.array(list(map(cells.category, values.to_pylist())), kind)
    return values.cast(kind, safe=False)


def _check_cell(cell: object) -> str | None:
    if isinstance(cell, dict | list | BadRecord):
        return "is an object or a list, not a single value"
    if isinstance(cell, str):
        return "holds half a character" if _HALF_A_CHARACTER.search(cell) else None
    try:
        cells.category(cell)
    except cells.BadCell as fault:
        return str(fault)
    return None
