"""Parquet: read row group by row group, and only once its own account of itself is within the limits."""

from typing import BinaryIO, Final

import pyarrow as pa
import pyarrow.parquet as pq

from service.web.formats.columnar import check_schema, raw_table, reading
from service.web.formats.faults import Bounds
from service.web.formats.patches import Patch

ROWS_AT_ONCE: Final = 1 << 16
WHAT: Final = "a Parquet file"


def read_parquet(file: BinaryIO, _: str | None, bounds: Bounds) -> Patch:
    """Read a Parquet file; every row has every column."""
    with reading(WHAT):
        schema = _opened(file).schema_arrow
        check_schema(schema, bounds)
        # Texts stay packed until they have been measured: a file may name one long text a million times.
        parquet = _opened(file, packed=[field.name for field in schema if _is_long(field.type)])
        _check_account(parquet.metadata, bounds)
        return Patch(
            table=raw_table(parquet.iter_batches(ROWS_AT_ONCE, use_threads=False), parquet.schema_arrow, bounds)
        )


def _opened(file: BinaryIO, packed: list[str] | None = None) -> pq.ParquetFile:
    file.seek(0)
    return pq.ParquetFile(pa.PythonFile(file, mode="r"), read_dictionary=packed, pre_buffer=False)


def _check_account(metadata: pq.FileMetaData, bounds: Bounds) -> None:
    groups = [metadata.row_group(number) for number in range(metadata.num_row_groups)]
    n_bytes = sum(max(group.total_byte_size, 0) for group in groups)
    bounds.check(rows=metadata.num_rows, columns=metadata.num_columns, n_bytes=n_bytes)


def _is_long(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_binary(kind))
