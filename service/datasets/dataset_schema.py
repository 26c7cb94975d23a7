"""Schema of a dataset version.

Customer id, columns with their kinds and number formats, and warnings.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import pyarrow as pa
import pyarrow.compute as pc

from models.columns import (
    SERIALS,
    Column,
    Override,
    UnknownColumn,
    apply_schema,
    count_columns,
    infer_schema,
)
from service.datasets.rows import DatasetVersionRow
from service.errors import FieldError, InvalidRequest
from service.stores.database import JsonObject, now

CUSTOMER_ID = "customer_id"


@dataclass(frozen=True, kw_only=True)
class TableContent:
    """Description of a table that is written as a dataset version."""

    customer_id: str
    generated_ids: bool
    n_customers: int
    columns: Sequence[Column]
    warnings: Sequence[str]


def content_of(version: DatasetVersionRow) -> TableContent:
    """Build the description of a stored version."""
    return TableContent(
        customer_id=version.customer_id,
        generated_ids=version.generated_ids,
        n_customers=version.n_customers,
        columns=read_columns(version),
        warnings=version.warnings,
    )


def read_columns(version: DatasetVersionRow) -> list[Column]:
    return [read_column(column) for column in version.columns]


def read_column(plain: JsonObject) -> Column:
    """Build a column from its stored JSON object."""
    return Column(
        **{**plain, **{name: tuple(plain.get(name, ())) for name in ("missing_markers", "doubts")}}
    )


def stored_schema(version: DatasetVersionRow) -> pa.Schema:
    """Return the Arrow schema of a version in the table store."""
    types = {column.name: _stored_type(column) for column in read_columns(version)}
    return pa.schema({version.customer_id: pa.string(), **types})


def infer_added_columns(table: pa.Table, content: TableContent) -> tuple[pa.Table, TableContent]:
    """Infer the kinds of columns that an upsert has added."""
    known = {column.name for column in content.columns if _is_stored(column, table)} | {
        content.customer_id
    }
    added = {name: Override() for name in table.column_names if name not in known}
    return _infer_again(table, content, added) if added else (table, content)


def recount(content: TableContent, table: pa.Table) -> TableContent:
    """Recount customers, missing cells and distinct values after a change of the rows."""
    present = [column for column in content.columns if column.name in table.column_names]
    columns = count_columns(table, present, customer_id=content.customer_id)
    return replace(content, n_customers=table.num_rows, columns=columns)


def rebase_dates(table: pa.Table, content: TableContent) -> tuple[pa.Table, TableContent]:
    """Recompute days before the newest date after an erasure of the customer with that date."""
    columns = []
    for column in content.columns:
        if column.newest is None:
            columns.append(column)
            continue
        previous, days = date.fromisoformat(column.newest), table[column.name]
        min_days = pc.min(days).as_py()
        # Days are counted back from the previous newest date; without any left, from today.
        newest = now().date()
        if min_days is not None:
            newest = previous - timedelta(days=max(0, int(min_days)))
        columns.append(replace(column, newest=newest.isoformat()))
        rebased = pc.subtract(days, float((previous - newest).days))
        table = table.set_column(table.column_names.index(column.name), column.name, rebased)
    return table, replace(content, columns=columns)


def days_moved(before: TableContent, after: TableContent) -> dict[str, int]:
    """Return by how many days the newest date of each column was moved back, without zeros."""
    newest = {column.name: column.newest for column in after.columns}
    moved = {
        column.name: date.fromisoformat(column.newest) - date.fromisoformat(later)
        for column in before.columns
        if column.newest is not None and (later := newest[column.name]) is not None
    }
    return {name: each.days for name, each in moved.items() if each.days}


def apply_overrides(
    table: pa.Table, content: TableContent, overrides: Mapping[str, Override]
) -> tuple[pa.Table, TableContent]:
    """Reread columns with the declared overrides.

    The number format of later batches is kept unless it is declared, since it cannot be inferred
    from stored numbers.
    """
    known = {column.name: column for column in content.columns}
    unknown = [name for name in overrides if name not in known]
    if unknown:
        raise UnknownColumn(f"There is no column {unknown[0]!r}")
    for name, override in overrides.items():
        _check_number_format(known[name], override)
    reread, described = _infer_again(table, content, overrides)
    columns = [
        _keep_number_format(column, known[column.name], overrides.get(column.name))
        for column in described.columns
    ]
    return reread, replace(described, columns=columns)


def _stored_type(column: Column) -> pa.DataType:
    return pa.float64() if column.kind == "numeric" else pa.string()


def _is_stored(column: Column, table: pa.Table) -> bool:
    return column.name in table.column_names and table.schema.field(
        column.name
    ).type == _stored_type(column)


def _check_number_format(previous: Column, override: Override) -> None:
    """Reject a number format for a column that is stored as parsed numbers.

    Serial dates can still be converted.
    """
    is_parsed = previous.kind == "numeric" and (
        previous.numerals or previous.newest or override.numerals not in SERIALS
    )
    if override.numerals is not None and is_parsed:
        fault = (
            "the column is stored as parsed numbers; upload the table again with this schema "
            "as ?schema="
        )
        raise InvalidRequest(
            f"The numerals of {previous.name!r} cannot be changed",
            errors=[
                FieldError(
                    detail=f"{previous.name}: {fault}", pointer=f"/columns/{previous.name}/numerals"
                )
            ],
        )


def _keep_number_format(column: Column, previous: Column, override: Override | None) -> Column:
    is_declared = override is not None and override.numerals is not None
    if is_declared or not column.kind == previous.kind == "numeric":
        return column
    return replace(column, numerals=previous.numerals, newest=previous.newest)


def _infer_again(
    table: pa.Table, content: TableContent, overrides: Mapping[str, Override]
) -> tuple[pa.Table, TableContent]:
    """Infer the kinds of some columns again from their stored cells and the declared overrides."""
    selected = table.select(list(dict.fromkeys([content.customer_id, *overrides])))
    described = infer_schema(selected, customer_id=content.customer_id, overrides=overrides)
    reread = apply_schema(selected, described)
    columns = {
        column.name: column for column in content.columns if column.name in table.column_names
    }
    columns |= {column.name: column for column in described.columns if column.name in overrides}
    stale = tuple(f"{name!r} " for name in overrides)
    kept = (warning for warning in content.warnings if not warning.startswith(stale))
    warnings = list(dict.fromkeys([*kept, *described.warnings]))
    cells = {
        name: reread[name] if name in overrides else table[name] for name in table.column_names
    }
    return pa.table(cells), replace(content, columns=list(columns.values()), warnings=warnings)
