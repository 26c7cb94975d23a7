"""What the columns of a table are, and the same table with every cell read as what its column is."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from models import cells
from models.errors import SegmentationError
from models.exploration.arrow import (
    Distinct,
    Reading,
    categories,
    distinct_cells,
    identifiers,
    mask,
    n_distinct,
    numbers,
)
from models.exploration.kinds import Column, Judged, id_rank, judge

MAX_LISTED: Final = 100


@dataclass(frozen=True, kw_only=True)
class Described:
    """What the columns of a table are; without a `customer_id` its rows are numbered."""

    columns: tuple[Column, ...]
    customer_id: str | None
    warnings: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class CellError:
    """A cell that cannot be read; rows count from 1."""

    row: int
    column: str
    detail: str


class UnknownColumn(SegmentationError):
    """The table has no column of this name."""


class BadCells(SegmentationError):
    """Some cells cannot be read as what their column holds; `cells` lists the first hundred."""

    def __init__(self, message: str, *, cells: Sequence[CellError]) -> None:
        super().__init__(message)
        self.cells = tuple(cells)


class MissingCustomerId(BadCells):
    """Some rows have no customer id."""


class DuplicateCustomers(BadCells):
    """Some rows repeat the customer id of an earlier row."""


def describe_columns(raw: pa.Table, *, customer_id: str | None) -> Described:
    """Decide what each column of a table is.

    A column is numeric if every known cell is a number (whole numbers of only 0 and 1 are a category), an identifier
    if its cells are unique and look like ids, and ignored if it is empty, constant, a date, free text (more than 50
    distinct values in more than a fifth of its known cells, or 50 characters on average) or has more than 100 distinct
    texts. Anything else is categorical.

    Parameters
    ----------
    raw
        Columns of text, int64 or float64, as they came.
    customer_id
        The column that names the customers; None looks for an obvious one.

    Returns
    -------
    Described
        The columns in their order, the id column that was named or found, and what the owner should know.

    Raises
    ------
    UnknownColumn
        If there is no column `customer_id`.
    MissingCustomerId, DuplicateCustomers
        If the named column does not name every customer, and each once.
    BadCells
        If a cell is neither a number nor a text, or one of the named column cannot be an id.
    """
    columns = [distinct_cells(raw, name) for name in raw.column_names]
    found, doubts = _find_customer_id(columns) if customer_id is None else (_named(columns, customer_id), [])
    judged = [_describe(column, is_id=column.name == found) for column in columns]
    warnings = (*doubts, *(warning for _, warning in judged if warning))
    return Described(columns=tuple(column for column, _ in judged), customer_id=found, warnings=warnings)


def typed_table(raw: pa.Table, described: Described) -> pa.Table:
    """Read every cell as what its column is.

    Parameters
    ----------
    raw
        Columns of text, int64 or float64, as they came.
    described
        What they are; kinds may differ from what `describe_columns` found.

    Returns
    -------
    pyarrow.Table
        The customer id first, as text under its own header (``row-1``, … under a new one where there is none); then
        numeric columns as float64 and all others as text, null where a cell is missing.

    Raises
    ------
    BadCells
        If a cell is not what its column holds.
    """
    others = [column for column in described.columns if column.name != described.customer_id]
    header = described.customer_id or _new_header(raw.column_names)
    columns = [_customer_ids(raw, described.customer_id), *(_typed(raw, column) for column in others)]
    return pa.table(columns, names=[header, *(column.name for column in others)])


def _describe(column: Distinct, *, is_id: bool) -> Judged:
    if is_id:
        return Judged(Column(name=column.name, kind="identifier", missing=0, distinct=column.n_rows))
    judged = judge(column)
    if judged.column.kind != "numeric":
        _check(column, categories(column.values), cells.category)
    return judged


def _find_customer_id(columns: Sequence[Distinct]) -> tuple[str | None, list[str]]:
    ranks = {column.name: id_rank(column.name) for column in columns}
    candidates = sorted((c for c in columns if ranks[c.name] is not None), key=lambda c: ranks[c.name] or 0)
    found = next((column.name for column in candidates if _names_every_customer(column)), None)
    return found, [] if found else [_no_id_warning(candidates)]


def _no_id_warning(candidates: Sequence[Distinct]) -> str:
    advice = "The rows get the ids row-1, row-2, … Name the column that identifies a customer as customer_id."
    if not candidates:
        return f"No column looks like a customer id. {advice}"
    return f"{candidates[0].name!r} looks like a customer id, but does not name every row, and each once. {advice}"


def _names_every_customer(column: Distinct) -> bool:
    read = identifiers(column.values)
    return not read.wrong.any() and _n_customers(column, read) == column.n_rows


def _n_customers(column: Distinct, read: Reading) -> int:
    """Count distinct customers, or 0 if a row has none."""
    complete = column.codes.null_count == 0 and read.values.null_count == 0
    return n_distinct(column, read.values) if complete else 0


def _named(columns: Sequence[Distinct], name: str) -> str:
    column = next((column for column in columns if column.name == name), None)
    if column is None:
        raise UnknownColumn(f"There is no column {name!r} to take the customer ids from")
    read = identifiers(column.values)
    _check(column, read, cells.identifier)
    if _n_customers(column, read) != column.n_rows:
        _refuse_ids(pc.take(read.values, column.codes), name)
    return name


def _refuse_ids(ids: pa.Array, name: str) -> None:
    missing = np.flatnonzero(mask(ids.is_null()))
    if missing.size:
        raise MissingCustomerId(f"{missing.size} rows have no {name!r}", cells=_listed(missing, name, "is missing"))
    repeated, firsts = _repeated(ids)
    faults = [
        _error(row, name, f"is also that of row {first + 1}") for row, first in zip(repeated, firsts, strict=True)
    ]
    raise DuplicateCustomers(f"{repeated.size} rows repeat the {name!r} of an earlier row", cells=faults[:MAX_LISTED])


def _repeated(ids: pa.Array) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    codes = ids.dictionary_encode().indices.to_numpy()
    _, firsts = np.unique(codes, return_index=True)
    repeated = np.setdiff1d(np.arange(len(codes)), firsts)
    return repeated, firsts[codes[repeated]]


def _check(column: Distinct, read: Reading, rule: Callable[[object], object]) -> None:
    if not read.wrong.any():
        return
    rows = column.rows(read.wrong)
    faults = [_error(row, column.name, _fault(rule, column, row)) for row in rows[:MAX_LISTED]]
    raise BadCells(f"{rows.size} cells of {column.name!r} cannot be read", cells=faults)


def _fault(rule: Callable[[object], object], column: Distinct, row: int) -> str:
    try:
        rule(column.values[column.codes[row].as_py()].as_py())
    except cells.BadCell as fault:
        return str(fault)
    raise AssertionError("a column and its cells disagree on the rule")


def _listed(rows: npt.NDArray[np.intp], column: str, detail: str) -> list[CellError]:
    return [_error(row, column, detail) for row in rows[:MAX_LISTED]]


def _error(row: int, column: str, detail: str) -> CellError:
    return CellError(row=int(row) + 1, column=column, detail=detail)


def _typed(raw: pa.Table, column: Column) -> pa.Array:
    found = distinct_cells(raw, column.name)
    read, rule = (numbers, cells.number) if column.kind == "numeric" else (categories, cells.category)
    reading = read(found.values)
    _check(found, reading, rule)
    return pc.take(reading.values, found.codes)


def _customer_ids(raw: pa.Table, name: str | None) -> pa.Array:
    if name is None:
        return pa.array([f"row-{row}" for row in range(1, raw.num_rows + 1)], pa.string())
    column = distinct_cells(raw, name)
    return pc.take(identifiers(column.values).values, column.codes)


def _new_header(taken: Sequence[str]) -> str:
    lowered = {header.lower() for header in taken}
    headers = ("customer_id", *(f"customer_id_{n}" for n in range(2, len(taken) + 3)))
    return next(header for header in headers if header not in lowered)
