"""JSON: one object with a list of customers, each an object of cells."""

import json
import re
from collections.abc import Iterator
from itertools import chain, count
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from models import cells
from service.errors import FieldError
from service.web.formats.bodies import UnreadableBody, check_headers, decoded, refuse

# Rows of few fields each may still span a table that does not fit in memory.
MAX_CELLS: Final = 100_000_000

_HALF_A_CHARACTER = re.compile(r"[\ud800-\udfff]")


class _FieldTwice(dict[str, object]):
    """An object that had a field twice."""


def read_json(body: bytes, charset: str | None) -> pa.Table:
    """Read ``{"customers": [{...}, ...]}``; an absent field is null."""
    rows = _customers(_parsed(decoded(body, [charset or "utf-8"])))
    names = list(dict.fromkeys(chain.from_iterable(rows)))
    check_headers(names)
    if len(names) * len(rows) > MAX_CELLS:
        raise UnreadableBody(f"{len(rows)} customers with {len(names)} different fields are too many; send CSV")
    columns = {name: _column([row.get(name) for row in rows]) for name in names}
    unreadable = [name for name, column in columns.items() if column is None]
    refuse(chain.from_iterable(_cell_faults(name, rows) for name in unreadable), "cells cannot be read")
    return pa.table(columns)


def _parsed(text: str) -> object:
    try:
        return json.loads(text, object_pairs_hook=_fields)
    except json.JSONDecodeError as error:
        raise UnreadableBody(
            f"The body is not JSON: {error.msg} in line {error.lineno}, column {error.colno}"
        ) from None
    except RecursionError:
        raise UnreadableBody("The body is nested too deeply") from None
    except ValueError:
        raise UnreadableBody("A number in the body has too many digits") from None


def _fields(pairs: list[tuple[str, object]]) -> dict[str, object]:
    fields = dict(pairs)
    return fields if len(fields) == len(pairs) else _FieldTwice(fields)


def _customers(document: object) -> list[dict[str, object]]:
    rows = document.get("customers") if type(document) is dict else None
    if not isinstance(rows, list):
        raise UnreadableBody('The body must be an object with a list of customers: {"customers": [{…}, {…}]}')
    if set(map(type, rows)) - {dict}:
        refuse(filter(None, map(_row_fault, count(), rows)), "rows cannot be read")
    return rows


def _row_fault(index: int, customer: object) -> FieldError | None:
    if type(customer) is dict:
        return None
    detail = "has a field twice" if isinstance(customer, _FieldTwice) else "is not an object"
    return FieldError(detail=detail, pointer=f"/customers/{index}", row=index + 1)


def _column(column: list[object]) -> pa.Array | None:
    """Type a column by its cells; None if one of them has no place in any column."""
    kinds = set(map(type, column)) - {type(None)}
    try:
        if kinds == {int}:
            return _integers(column)
        if kinds and kinds <= {int, float}:
            return _floats(column)
        return pa.array(column if kinds <= {str} else list(map(_text, column)), pa.string())
    except (ValueError, OverflowError):
        return None


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


def _cell_faults(name: str, rows: list[dict[str, object]]) -> Iterator[FieldError]:
    step = name.replace("~", "~0").replace("/", "~1")
    for index, customer in enumerate(rows):
        if fault := _cell_fault(customer.get(name)):
            yield FieldError(detail=f"{name!r} {fault}", pointer=f"/customers/{index}/{step}", row=index + 1)


def _cell_fault(cell: object) -> str | None:
    if isinstance(cell, dict | list):
        return "is an object or a list, not a single value"
    if isinstance(cell, str):
        return "holds half a character" if _HALF_A_CHARACTER.search(cell) else None
    try:
        cells.category(cell)
    except cells.BadCell as fault:
        return str(fault)
    return None
