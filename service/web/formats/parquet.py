"""Parquet, read column by column; the sizes in its metadata are checked, but not trusted."""

from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from service.web.formats.arrow_columns import (
    Budget,
    arrow_errors_as_unreadable,
    check_schema,
    is_text,
    raw_columns,
)
from service.web.formats.errors import TableLimits

ROWS_AT_ONCE: Final = 1 << 16
WHAT: Final = "a Parquet file"


def read_parquet(body: pa.Buffer, bounds: TableLimits) -> pa.Table:
    """Read a Parquet file column by column, to unpack one column at a time."""
    with arrow_errors_as_unreadable(WHAT):
        schema = _opened(body).schema_arrow
        check_schema(schema, bounds)
        # Texts stay packed until they have been measured: a file may name one long text a million
        # times.
        parquet = _opened(body, packed=[field.name for field in schema if is_text(field.type)])
        metadata = parquet.metadata
        groups = [metadata.row_group(number) for number in range(metadata.num_row_groups)]
        n_bytes = sum(max(group.total_byte_size, 0) for group in groups)
        bounds.check(rows=metadata.num_rows, columns=metadata.num_columns, n_bytes=n_bytes)
        budget = Budget(bounds, n_columns=len(schema))
        return pa.table(
            [_column(parquet, name, budget) for name in schema.names], names=schema.names
        )


def _column(parquet: pq.ParquetFile, name: str, budget: Budget) -> pa.ChunkedArray:
    batches = parquet.iter_batches(ROWS_AT_ONCE, columns=[name], use_threads=False)
    [column] = raw_columns(batches, 1, budget)
    return column


def _opened(body: pa.Buffer, packed: list[str] | None = None) -> pq.ParquetFile:
    return pq.ParquetFile(pa.BufferReader(body), read_dictionary=packed, pre_buffer=False)
