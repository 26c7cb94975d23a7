"""What the columns of a table are, and the same table with every cell read as what its column is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

import pyarrow as pa

from models.columns.cell_errors import UnknownColumn
from models.columns.column import Column, Override
from models.columns.column_results import Judged
from models.columns.customer_ids import check_customer_id, find_customer_id
from models.columns.key_columns import KEYS_BY_LOOK
from models.columns.kind_inference import infer_column
from models.columns.layout_checks import DATA_HEADERS, find_total, have_data_headers, is_about_sum
from models.columns.parsing import map_columns, read_column

NOTHING_DECLARED: Mapping[str, Override] = MappingProxyType({})


@dataclass(frozen=True, kw_only=True)
class TableSchema:
    """What the columns of a table are; without a `customer_id` its rows are numbered."""

    columns: tuple[Column, ...]
    customer_id: str | None
    warnings: tuple[str, ...]


def infer_schema(
    raw: pa.Table, *, customer_id: str | None, overrides: Mapping[str, Override] = NOTHING_DECLARED
) -> TableSchema:
    """Decide what each column of a table is.

    A column is numeric if every known cell is a number, as machines write it or in one of the ways people do (whole
    numbers of only 0 and 1 are a category, and digits that are codes are texts); an identifier if its cells are keys,
    or unique and look like ids; and ignored if it is empty, constant, a date, an earlier segmentation, free text (more
    than 50 distinct values in more than a fifth of its known cells, or 50 characters on average) or has more than 100
    distinct texts. Anything else is categorical.

    Parameters
    ----------
    raw
        Columns of text, int64 or float64, as they came.
    customer_id
        The column that names the customers; None looks for an obvious one.
    overrides
        What the owner declares of some columns: the kind, texts that stand for a missing value (``"999"`` is also 999
        and 999.0), how numbers and dates are written, and whether case is folded. A column of dates that is declared
        numeric holds the days from each date to the newest.

    Returns
    -------
    Described
        The columns in their order, the id column that was named or found, and what the owner should know.

    Raises
    ------
    UnknownColumn
        If there is no column `customer_id`, or none that an override names.
    MissingCustomerId, DuplicateCustomers
        If the named column does not name every customer, and each once.
    BadCells
        If a cell is neither a number nor a text, one of the named column cannot be an id, or one of a column declared
        numeric is neither a number nor a date.
    """
    _check_known(raw, overrides)
    if customer_id is None:
        found, doubts = find_customer_id(raw, overrides)
    else:
        check_customer_id(raw, customer_id, overrides)
        found, doubts = customer_id, []
    judged = map_columns(
        lambda name: _infer_column(raw, name, found, overrides.get(name, Override())), raw.column_names
    )
    judged = _with_a_feature(raw, _with_decimal_commas(raw, judged, overrides), overrides)
    judged = _with_layout_doubts(raw, judged)
    said = (warning for each in judged for warning in (*each.warnings, *each.column.doubts))
    columns = tuple(each.column for each in judged)
    return TableSchema(columns=columns, customer_id=found, warnings=tuple(dict.fromkeys([*doubts, *said])))


def apply_schema(raw: pa.Table, described: TableSchema) -> pa.Table:
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
    columns = sorted(described.columns, key=lambda column: column.name != described.customer_id)
    read = map_columns(lambda column: _read(raw, column, described.customer_id), columns)
    names = [column.name for column in columns]
    if described.customer_id is None:
        return pa.table([_row_ids(raw.num_rows), *read], names=[_new_header(raw.column_names), *names])
    return pa.table(read, names=names)


def _check_known(raw: pa.Table, overrides: Mapping[str, Override]) -> None:
    unknown = next((name for name in overrides if name not in raw.column_names), None)
    if unknown is not None:
        raise UnknownColumn(f"There is no column {unknown!r} to declare anything of")


def _infer_column(raw: pa.Table, name: str, customer_id: str | None, override: Override) -> Judged:
    if name != customer_id:
        return infer_column(raw.column(name), name, override)
    missing = override.missing or ()
    column = Column(name=name, kind="identifier", missing=0, distinct=raw.num_rows, missing_markers=missing)
    if override.kind in {None, "identifier"}:
        return Judged(column)
    return Judged(column, (f"{name!r} names the customers, so it stays an identifier.",))


def _with_decimal_commas(raw: pa.Table, judged: list[Judged], overrides: Mapping[str, Override]) -> list[Judged]:
    """Decide by the columns that surely have decimal commas what a mark means that could be either."""
    sure = [each.column.numerals or "" for each in judged if not each.is_ambiguous and not each.column.newest]
    if not any("," in numerals and numerals.rindex(",") > numerals.find(".") for numerals in sure):
        return judged
    return [
        infer_column(
            raw.column(each.column.name),
            each.column.name,
            overrides.get(each.column.name, Override()),
            decimal_comma=True,
        )
        if each.is_ambiguous
        else each
        for each in judged
    ]


def _with_a_feature(raw: pa.Table, judged: list[Judged], overrides: Mapping[str, Override]) -> list[Judged]:
    """Take columns that only look like keys for numbers where nothing else is left to learn from."""
    if any(each.column.kind in {"numeric", "categorical"} for each in judged):
        return judged
    return [
        infer_column(raw.column(name), name, replace(overrides.get(name, Override()), kind="numeric"))
        if each.column.reason in KEYS_BY_LOOK
        else each
        for name, each in ((each.column.name, each) for each in judged)
    ]


def _with_layout_doubts(raw: pa.Table, judged: list[Judged]) -> list[Judged]:
    """Add to the columns that show it that the last row is one of totals, or that the row of headers is missing."""
    shares = {each.column.name: each.share_of_sum for each in judged if each.column.kind == "numeric"}
    total = find_total(raw, shares, [each.column.name for each in judged if each.column.missing == 1])
    headers = have_data_headers({each.column.name: each.has_data_header for each in judged})
    return [
        each.asking(
            total if is_about_sum(each.share_of_sum) else None,
            DATA_HEADERS if headers and each.has_data_header else None,
        )
        for each in judged
    ]


def _read(raw: pa.Table, column: Column, customer_id: str | None) -> pa.Array:
    values, faults = read_column(raw, column, is_id=column.name == customer_id)
    faults.refuse()
    return values


def _row_ids(n_rows: int) -> pa.Array:
    return pa.array([f"row-{row}" for row in range(1, n_rows + 1)], pa.string())


def _new_header(taken: Sequence[str]) -> str:
    lowered = {header.lower() for header in taken}
    headers = ("customer_id", *(f"customer_id_{n}" for n in range(2, len(taken) + 3)))
    return next(header for header in headers if header not in lowered)
