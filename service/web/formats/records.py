"""Rows that are objects, to columns: grown chunk by chunk, so that only one chunk of rows is ever held."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from models import cells
from service.errors import FieldError, pointer
from service.web.formats.faults import Bounds, check_headers, refuse
from service.web.formats.patches import Mask, Patch

ROWS_AT_ONCE: Final = 16_384
EXACT_INTEGERS: Final = 2**53

_HALF_A_CHARACTER = re.compile(r"[\ud800-\udfff]")

Record = dict[str, object]


@dataclass(frozen=True)
class BadRecord:
    """Stands for a row that is no object of cells, and says why."""

    detail: str


def read_records(rows: Iterable[object], *, place: tuple[str, ...] | None, bounds: Bounds) -> Patch:
    """Read rows, each an object of cells; a fault is pointed at below `place`, where a pointer can reach it."""
    growing = _Growing(place, bounds)
    refuse(growing.grow(iter(rows)), "cells cannot be read")
    check_headers(list(growing.columns))
    return growing.grown()


class _Piece(NamedTuple):
    """The cells of one column in one chunk: their types, the cells as narrowly as these allow, which rows have them."""

    kinds: frozenset[type]
    values: pa.Array
    present: Mask


@dataclass(frozen=True)
class _Growing:
    place: tuple[str, ...] | None
    bounds: Bounds
    columns: dict[str, list[_Piece]] = field(default_factory=dict)
    lengths: list[int] = field(default_factory=list)

    @property
    def n_rows(self) -> int:
        """How many rows have been taken in."""
        return sum(self.lengths)

    def grow(self, rows: Iterator[object]) -> Iterator[FieldError]:
        """Take in all rows; yields what is wrong with their cells."""
        while chunk := list(islice(rows, ROWS_AT_ONCE)):
            yield from self._take(self._records(chunk))

    def grown(self) -> Patch:
        """Give the columns in the order in which they were first seen."""
        present = {name: np.concatenate([piece.present for piece in pieces]) for name, pieces in self.columns.items()}
        names = list(self.columns)
        table = pa.table([_joined(self.columns.pop(name)) for name in names], names=names)
        return Patch(table=table, present=present)

    def _records(self, chunk: list[Any]) -> list[Record]:
        if set(map(type, chunk)) - {dict}:
            faults = (self._row_fault(index, row) for index, row in enumerate(chunk) if type(row) is not dict)
            refuse(faults, "rows cannot be read")
        return chunk

    def _take(self, records: list[Record]) -> Iterator[FieldError]:
        names = dict.fromkeys(chain.from_iterable(records))
        self.bounds.check(rows=self.n_rows + len(records), columns=len(names.keys() | self.columns.keys()))
        for name in names:
            self.columns.setdefault(name, [_absent(length) for length in self.lengths])
        regular = all(len(record) == len(names) for record in records)
        for name, pieces in self.columns.items():
            piece = _piece(name, records, whole=regular) if name in names else _absent(len(records))
            pieces.append(piece or _absent(len(records)))
            if piece is None:
                yield from self._cell_faults(name, records)
        self.lengths.append(len(records))

    def _row_fault(self, index: int, row: object) -> FieldError:
        return self._fault(row.detail if isinstance(row, BadRecord) else "is not an object", index)

    def _cell_faults(self, name: str, records: list[Record]) -> Iterator[FieldError]:
        for index, record in enumerate(records):
            if fault := _cell_fault(record.get(name)):
                yield self._fault(f"{name!r} {fault}", index, name)

    def _fault(self, detail: str, index: int, *step: str) -> FieldError:
        row = self.n_rows + index
        where = None if self.place is None else pointer([*self.place, row, *step])
        return FieldError(detail=detail, pointer=where, row=row + 1)


def _absent(length: int) -> _Piece:
    return _Piece(frozenset(), pa.nulls(length), np.zeros(length, np.bool_))


def _piece(name: str, records: list[Record], *, whole: bool) -> _Piece | None:
    """Type the cells of a chunk; None if one of them has no place in any column."""
    column = [record.get(name) for record in records]
    kinds = frozenset(map(type, column)) - {type(None)}
    try:
        values = _values(column, kinds)
    except (ValueError, OverflowError):
        return None
    present = np.ones(len(records), np.bool_) if whole else np.array([name in record for record in records])
    return _Piece(kinds, values, present)


def _values(column: list[Any], kinds: frozenset[type]) -> pa.Array:
    if not kinds:
        return pa.nulls(len(column))
    if kinds == {int}:
        return _integers(column)
    if kinds == {float} or (kinds == {int, float} and all(map(_is_exact, column))):
        return _floats(column)
    if kinds == {int, float}:
        _floats(column)
    return pa.array(column if kinds == {str} else list(map(_text, column)), pa.string())


def _is_exact(cell: float | None) -> bool:
    return type(cell) is not int or abs(cell) <= EXACT_INTEGERS


def _integers(column: list[Any]) -> pa.Array:
    try:
        return pa.array(column, pa.int64())
    except OverflowError:
        return pa.array(list(map(_text, column)), pa.string())


def _floats(column: list[Any]) -> pa.Array:
    read = pa.array([None if cell is None else float(cell) for cell in column], pa.float64())
    if not pc.all(pc.is_finite(read)).as_py():
        raise ValueError("not every number is finite")
    return read


def _text(cell: object) -> str | None:
    return cell if isinstance(cell, str) else cells.category(cell)


def _joined(pieces: list[_Piece]) -> pa.ChunkedArray:
    kind = _common_type(pieces)
    return pa.chunked_array([_as(piece.values, kind) for piece in pieces], kind)


def _common_type(pieces: list[_Piece]) -> pa.DataType:
    kinds = frozenset[type]().union(*(piece.kinds for piece in pieces))
    if kinds == {int} and not any(pa.types.is_string(piece.values.type) for piece in pieces):
        return pa.int64()
    return pa.float64() if float in kinds and kinds <= {int, float} else pa.string()


def _as(values: pa.Array, kind: pa.DataType) -> pa.Array:
    if pa.types.is_floating(values.type) and pa.types.is_string(kind):
        return pa.array(list(map(cells.category, values.to_pylist())), kind)
    return values.cast(kind, safe=False)


def _cell_fault(cell: object) -> str | None:
    if isinstance(cell, dict | list | BadRecord):
        return "is an object or a list, not a single value"
    if isinstance(cell, str):
        return "holds half a character" if _HALF_A_CHARACTER.search(cell) else None
    try:
        cells.category(cell)
    except cells.BadCell as fault:
        return str(fault)
    return None
