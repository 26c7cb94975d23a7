"""What a version of a dataset holds: its columns, how they are read, and what was said of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

import pyarrow as pa
import pyarrow.compute as pc

from models.columns import SERIALS, Column, Override, UnknownColumn, apply_schema, count_columns, infer_schema
from service.datasets.rows import DatasetVersionRow
from service.errors import FieldError, InvalidRequest
from service.stores.database import JsonObject, now


@dataclass(frozen=True, kw_only=True)
class TableContent:
    """What a write leaves in a dataset."""

    customer_id: str
    generated_ids: bool
    n_customers: int
    columns: Sequence[Column]
    warnings: Sequence[str]


def content_of(version: DatasetVersionRow) -> TableContent:
    """Read what a version holds."""
    return TableContent(
        customer_id=version.customer_id,
        generated_ids=version.generated_ids,
        n_customers=version.n_customers,
        columns=read_columns(version),
        warnings=version.warnings,
    )


def read_columns(version: DatasetVersionRow) -> list[Column]:
    """Read how the columns of a version are read."""
    return [read_column(column) for column in version.columns]


def read_column(plain: JsonObject) -> Column:
    """Read how one column is read."""
    return Column(**{**plain, **{name: tuple(plain.get(name, ())) for name in ("missing_markers", "doubts")}})


def stored_schema(version: DatasetVersionRow) -> pa.Schema:
    """Tell the columns of a version as the table store has them."""
    types = {column.name: _stored_type(column) for column in read_columns(version)}
    return pa.schema({version.customer_id: pa.string(), **types})


def with_all_columns(table: pa.Table, content: TableContent) -> tuple[pa.Table, TableContent]:
    """Describe the columns that an upsert has added."""
    fitting = {column.name for column in content.columns if _is_stored(column, table)} | {content.customer_id}
    strange = {name: Override() for name in table.column_names if name not in fitting}
    return _described_anew(table, content, strange) if strange else (table, content)


def with_new_counts(content: TableContent, table: pa.Table) -> TableContent:
    """Count anew what a table holds after its rows have changed."""
    there = [column for column in content.columns if column.name in table.column_names]
    columns = count_columns(table, there, customer_id=content.customer_id)
    return replace(content, n_customers=table.num_rows, columns=columns)


def counted_from_those_left(table: pa.Table, content: TableContent) -> tuple[pa.Table, TableContent]:
    """Count the days of columns of dates from the newest date that is left, where nobody has the one before."""
    columns = []
    for column in content.columns:
        if column.newest is None:
            columns.append(column)
            continue
        before, days = date.fromisoformat(column.newest), table[column.name]
        newest = _newest_left(before, days)
        columns.append(replace(column, newest=newest.isoformat()))
        earlier = pc.subtract(days, float((before - newest).days))
        table = table.set_column(table.column_names.index(column.name), column.name, earlier)
    return table, replace(content, columns=columns)


def read_as(table: pa.Table, content: TableContent, overrides: Mapping[str, Override]) -> tuple[pa.Table, TableContent]:
    """Take columns for what they are declared; how later batches write numbers stays, as stored ones do not show it."""
    known = {column.name: column for column in content.columns}
    unknown = [name for name in overrides if name not in known]
    if unknown:
        raise UnknownColumn(f"There is no column {unknown[0]!r}")
    for name, override in overrides.items():
        _require_unread(known[name], override)
    read, after = _described_anew(table, content, overrides)
    columns = [_as_written(column, known[column.name], overrides.get(column.name)) for column in after.columns]
    return read, replace(after, columns=columns)


def _newest_left(before: date, days: pa.ChunkedArray) -> date:
    """Find the newest of the dates that lie some days before a date, but none that is later; today if there is none."""
    least = pc.min(days).as_py()
    return now().date() if least is None else before - timedelta(days=max(0, int(least)))


def _stored_type(column: Column) -> pa.DataType:
    return pa.float64() if column.kind == "numeric" else pa.string()


def _is_stored(column: Column, table: pa.Table) -> bool:
    return column.name in table.column_names and table.schema.field(column.name).type == _stored_type(column)


def _require_unread(before: Column, override: Override) -> None:
    """Refuse to say how numbers are written that are stored as they were read; serial dates can still be read."""
    is_read = before.kind == "numeric" and (before.numerals or before.newest or override.numerals not in SERIALS)
    if override.numerals is not None and is_read:
        fault = "the numbers are stored as they were read; put the table again with this as ?schema="
        raise InvalidRequest(
            f"The numerals of {before.name!r} cannot be changed",
            errors=[FieldError(detail=f"{before.name}: {fault}", pointer=f"/columns/{before.name}/numerals")],
        )


def _as_written(column: Column, before: Column, override: Override | None) -> Column:
    is_declared = override is not None and override.numerals is not None
    if is_declared or not column.kind == before.kind == "numeric":
        return column
    return replace(column, numerals=before.numerals, newest=before.newest)


def _described_anew(
    table: pa.Table, content: TableContent, overrides: Mapping[str, Override]
) -> tuple[pa.Table, TableContent]:
    """Find out anew what some columns are, by their cells as they are stored and by what is declared of them."""
    touched = table.select(list(dict.fromkeys([content.customer_id, *overrides])))
    described = infer_schema(touched, customer_id=content.customer_id, overrides=overrides)
    read = apply_schema(touched, described)
    columns = {column.name: column for column in content.columns if column.name in table.column_names}
    columns |= {column.name: column for column in described.columns if column.name in overrides}
    stale = tuple(f"{name!r} " for name in overrides)
    kept = (warning for warning in content.warnings if not warning.startswith(stale))
    warnings = list(dict.fromkeys([*kept, *described.warnings]))
    laid = {name: read[name] if name in overrides else table[name] for name in table.column_names}
    return pa.table(laid), replace(content, columns=list(columns.values()), warnings=warnings)
