"""Bodies to tables: what a client may send. A new format is one file and one line in `READERS`."""

import json
from collections.abc import Callable
from pathlib import PurePath
from typing import BinaryIO, Final

import pyarrow as pa
import pyarrow.compute as pc

from service.errors import FieldError
from service.web.formats.arrow import read_arrow
from service.web.formats.charsets import known_charset
from service.web.formats.delimited import read_csv, read_tsv
from service.web.formats.faults import USUAL, Bounds, UnreadableBody, UnsupportedFormat, refuse
from service.web.formats.lines import read_lines
from service.web.formats.media_types import parse_media_type
from service.web.formats.nesting import check_depth
from service.web.formats.objects import read_json
from service.web.formats.parquet import read_parquet
from service.web.formats.patches import Patch, without_empty_rows

__all__ = [
    "MULTIPART",
    "READERS",
    "SUFFIXES",
    "USUAL",
    "Bounds",
    "Patch",
    "UnreadableBody",
    "UnsupportedFormat",
    "is_json",
    "media_type_of",
    "read_document",
    "read_patch",
    "read_table",
]

MULTIPART: Final = "multipart/form-data"

READERS: Final[dict[str, Callable[[BinaryIO, str | None, Bounds], Patch]]] = {
    "application/json": read_json,
    "application/x-ndjson": read_lines,
    "application/jsonl": read_lines,
    "text/csv": read_csv,
    "text/tab-separated-values": read_tsv,
    "application/vnd.apache.parquet": read_parquet,
    "application/vnd.apache.arrow.stream": read_arrow,
}

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
    """Tell whether a body is a JSON document."""
    return parse_media_type(content_type)[0] == "application/json"


def read_document(file: BinaryIO, depth: int) -> object:
    """Read a JSON document as it is, unless it is nested deeper than this."""
    document = file.read()
    check_depth(document, depth)
    try:
        return json.loads(document)
    except ValueError:
        raise UnreadableBody("The body is not JSON") from None
    except RecursionError:
        raise UnreadableBody("The body is nested too deeply") from None


def read_table(file: BinaryIO, content_type: str, bounds: Bounds = USUAL) -> pa.Table:
    """Read a body as it came: columns of text, int64 or float64, in the order in which they were first seen.

    A row that has nothing in any column is passed over, whatever the format.
    """
    table = without_empty_rows(_read(file, content_type, bounds).table)
    _check_rows(table)
    return table


def read_patch(file: BinaryIO, content_type: str, bounds: Bounds = USUAL) -> Patch:
    """Read a body as it came, and which of its cells were there at all; every row of JSON stays, even an empty one."""
    patch = _read(file, content_type, bounds)
    _check_rows(patch.table)
    return patch


def media_type_of(filename: str) -> str | None:
    """Tell a file's media type by the end of its name."""
    return SUFFIXES.get(PurePath(filename).suffix.lower())


def _read(file: BinaryIO, content_type: str, bounds: Bounds) -> Patch:
    media_type, charset = _media_type(content_type)
    if media_type not in READERS:
        raise UnsupportedFormat(f"Send one of {', '.join([*READERS, MULTIPART])}")
    patch = READERS[media_type](file, charset, bounds)
    _check_cells(patch.table, bounds.characters)
    return patch


def _check_cells(table: pa.Table, most: int) -> None:
    faults = (
        FieldError(row=int(row) + 1, detail=f"{name!r} has more than {most:,} characters")
        for name, column in zip(table.column_names, table.columns, strict=True)
        if pa.types.is_string(column.type) and (pc.max(pc.binary_length(column)).as_py() or 0) > most
        for row in pc.indices_nonzero(pc.greater(pc.utf8_length(column), most)).to_pylist()
    )
    refuse(faults, "cells are too long")


def _check_rows(table: pa.Table) -> None:
    if not table.num_rows:
        raise UnreadableBody("There are no customers in the body")


def _media_type(content_type: str) -> tuple[str, str | None]:
    media_type, parameters = parse_media_type(content_type)
    charset = parameters.get("charset")
    return media_type, known_charset(charset) if charset else None
