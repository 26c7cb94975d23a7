"""Readers of request bodies. A new format is one module and one line in `READERS`."""

from collections.abc import Callable
from pathlib import PurePath
from typing import BinaryIO, Final

import pyarrow as pa
import pyarrow.compute as pc

from service.errors import FieldError
from service.web.formats.charsets import known_charset
from service.web.formats.delimited import read_csv, read_tsv
from service.web.formats.errors import (
    DEFAULT_LIMITS,
    TableLimits,
    UnreadableBody,
    UnsupportedFormat,
    raise_if_any,
)
from service.web.formats.json_reader import read_json
from service.web.formats.media_types import parse_media_type
from service.web.formats.ndjson import read_lines
from service.web.formats.raw_table import (
    RawTable,
    Reserve,
    unlimited,
    without_empty_rows,
    without_nan,
    working_bytes,
)
from service.web.formats.reader_pool import ColumnarFormat, ReaderPool
from service.web.formats.signatures import describe_signature

__all__ = [
    "COLUMNAR",
    "DEFAULT_LIMITS",
    "MEDIA_TYPES",
    "MULTIPART",
    "READERS",
    "SUFFIXES",
    "RawTable",
    "ReaderPool",
    "TableLimits",
    "UnreadableBody",
    "UnsupportedFormat",
    "is_json",
    "is_utf8_json",
    "media_type_of",
    "read_patch",
    "read_table",
]

MULTIPART: Final = "multipart/form-data"

READERS: Final[dict[str, Callable[[BinaryIO, str | None, TableLimits], RawTable]]] = {
    "application/json": read_json,
    "application/x-ndjson": read_lines,
    "application/jsonl": read_lines,
    "text/csv": read_csv,
    "text/tab-separated-values": read_tsv,
}
# Arrow parses these, in C++, and therefore in reader processes.
COLUMNAR: Final[dict[str, ColumnarFormat]] = {
    "application/vnd.apache.parquet": "parquet",
    "application/vnd.apache.arrow.stream": "arrow",
}
MEDIA_TYPES: Final = (*READERS, *COLUMNAR)

SUFFIXES: Final = {
    ".json": "application/json",
    ".ndjson": "application/x-ndjson",
    ".jsonl": "application/jsonl",
    ".csv": "text/csv",
    ".tsv": "text/tab-separated-values",
    ".parquet": "application/vnd.apache.parquet",
    ".arrow": "application/vnd.apache.arrow.stream",
    ".arrows": "application/vnd.apache.arrow.stream",
}


def is_json(content_type: str) -> bool:
    """Return whether a media type is JSON."""
    return parse_media_type(content_type)[0] == "application/json"


def is_utf8_json(content_type: str) -> bool:
    """Return whether a media type is JSON in UTF-8."""
    media_type, parameters = parse_media_type(content_type)
    charset = parameters.get("charset", "utf-8")
    return media_type == "application/json" and charset.lower() == "utf-8"


def read_table(  # noqa: PLR0913 - the body, its limits, how
    file: BinaryIO,
    content_type: str,
    bounds: TableLimits = DEFAULT_LIMITS,
    readers: ReaderPool | None = None,
    warn: Callable[[str], object] = lambda _: None,
    *,
    reserve: Reserve = unlimited,
) -> pa.Table:
    """Read a body as a table of text, int64 and float64 columns, in the order of first occurrence.

    Rows that are empty in every column are skipped. Without `readers`, an
    Arrow or Parquet body gets a reader process of its own. `warn` is called with each warning
    about the body, `reserve` with the memory that the decoded table takes, before it is used.
    """
    patch = _read(file, content_type, bounds, readers, reserve)
    for sentence in patch.warnings:
        warn(sentence)
    table = without_empty_rows(patch.table)
    _check_rows(table)
    return table


def read_patch(
    file: BinaryIO,
    content_type: str,
    bounds: TableLimits = DEFAULT_LIMITS,
    readers: ReaderPool | None = None,
    *,
    reserve: Reserve = unlimited,
) -> RawTable:
    """Read a body with a mask of the cells that it contains; empty JSON rows are kept."""
    patch = _read(file, content_type, bounds, readers, reserve)
    _check_rows(patch.table)
    return patch


def media_type_of(filename: str) -> str | None:
    """Return the media type for the suffix of a file name."""
    return SUFFIXES.get(PurePath(filename).suffix.lower())


def _read(
    file: BinaryIO,
    content_type: str,
    bounds: TableLimits,
    readers: ReaderPool | None,
    reserve: Reserve,
) -> RawTable:
    media_type, parameters = parse_media_type(content_type)
    declared = parameters.get("charset")
    charset = known_charset(declared) if declared else None
    other = describe_signature(file, media_type)
    if media_type not in MEDIA_TYPES:
        raise UnsupportedFormat(other or f"Send one of {', '.join([*MEDIA_TYPES, MULTIPART])}")
    if other is not None:
        raise UnreadableBody(other)
    if media_type in COLUMNAR:
        fmt = COLUMNAR[media_type]
        patch = without_nan(_read_columnar(file, fmt, bounds, readers, reserve))
    else:
        patch = READERS[media_type](file, charset, bounds)
        reserve(working_bytes(patch.table))
    _check_cells(patch.table, bounds.characters)
    return patch


def _read_columnar(
    file: BinaryIO,
    fmt: ColumnarFormat,
    bounds: TableLimits,
    readers: ReaderPool | None,
    reserve: Reserve,
) -> pa.Table:
    if readers is not None:
        return readers.read(fmt, file, bounds, reserve)
    with ReaderPool() as own:
        return own.read(fmt, file, bounds, reserve)


def _check_cells(table: pa.Table, most: int) -> None:
    faults = (
        FieldError(row=int(row) + 1, detail=f"{name!r} has more than {most:,} characters")
        for name, column in zip(table.column_names, table.columns, strict=True)
        if pa.types.is_string(column.type)
        and (pc.max(pc.binary_length(column)).as_py() or 0) > most
        for row in pc.indices_nonzero(pc.greater(pc.utf8_length(column), most)).to_pylist()
    )
    raise_if_any(faults, "cells are too long")


def _check_rows(table: pa.Table) -> None:
    if not table.num_rows:
        raise UnreadableBody("There are no customers in the body")
