"""Delimited text: comma, semicolon or tab, as spreadsheets save it."""

import codecs
import csv
import io
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from typing import Final

import pyarrow as pa
from pyarrow import csv as arrow_csv

from service.errors import FieldError
from service.web.formats.bodies import UnreadableBody, check_headers, decoded, refuse

# The rarest inside cells first: it wins a tie.
DELIMITERS: Final = ("\t", ";", ",")
SAMPLE_CHARACTERS: Final = 65_536
SAMPLE_ROWS: Final = 50
BLOCK_BYTES: Final = 1 << 24


def read_csv(body: bytes, charset: str | None) -> pa.Table:
    """Read delimited text with a header; every cell stays the text that it is."""
    text = decoded(body, [charset] if charset else _likely_charsets(body)).lstrip("\r\n")
    delimiter = sniff_delimiter(text)
    header = next(_records(text[:SAMPLE_CHARACTERS], delimiter), [])
    if not header:
        raise UnreadableBody("The body is empty: a header and at least one customer are needed")
    _check_quotes(text, delimiter)
    check_headers(header)
    try:
        return _split(text, delimiter, len(header)).rename_columns(header)
    except pa.ArrowInvalid as error:
        with suppress(csv.Error):
            refuse(_ragged_rows(text, delimiter, len(header)), "rows do not fit the header")
        raise UnreadableBody("The body cannot be read as delimited text") from error


def sniff_delimiter(text: str) -> str:
    """Find the delimiter that splits the most of the first rows as it splits the header."""
    return max(DELIMITERS, key=lambda delimiter: _consistency(text, delimiter))


def _likely_charsets(body: bytes) -> list[str]:
    if body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return ["utf-16"]
    return ["utf-8", "cp1252", "iso8859-1"]


def _consistency(text: str, delimiter: str) -> tuple[float, int]:
    widths = list(map(len, islice(_records(text[:SAMPLE_CHARACTERS], delimiter), SAMPLE_ROWS)))
    whole = widths[:-1] if len(text) > SAMPLE_CHARACTERS else widths
    if not whole or whole[0] == 1:
        return 0.0, 1
    return whole.count(whole[0]) / len(whole), whole[0]


def _records(text: str, delimiter: str, *, strict: bool = False) -> Iterator[list[str]]:
    return filter(None, csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=strict))


def _split(text: str, delimiter: str, width: int) -> pa.Table:
    names = list(map(str, range(width)))
    return arrow_csv.read_csv(
        pa.BufferReader(text.encode()),
        read_options=arrow_csv.ReadOptions(column_names=names, skip_rows_after_names=1, block_size=BLOCK_BYTES),
        parse_options=arrow_csv.ParseOptions(delimiter=delimiter, newlines_in_values=True),
        convert_options=arrow_csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string())),
    )


def _check_quotes(text: str, delimiter: str) -> None:
    if text.count('"') % 2 == 0:
        return
    n_read = 0
    try:
        for _ in _records(text, delimiter, strict=True):
            n_read += 1
    except csv.Error:
        fault = FieldError(detail="opens a quote that is never closed", row=n_read or None)
        raise UnreadableBody("The quotes in the body do not match", errors=[fault]) from None


def _ragged_rows(text: str, delimiter: str, width: int) -> Iterator[FieldError]:
    for row, record in enumerate(islice(_records(text, delimiter), 1, None), 1):
        if len(record) != width:
            yield FieldError(detail=f"has {len(record)} cells where the header has {width}", row=row)
