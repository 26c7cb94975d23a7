"""Delimited text: comma, semicolon, bar or tab, as spreadsheets save it."""

import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from io import StringIO
from itertools import islice
from typing import BinaryIO, Final

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as arrow_csv

from service.errors import FieldError
from service.web.formats.charsets import blocks, opened_as_utf8, opened_text
from service.web.formats.errors import TableLimits, UnreadableBody, check_headers, raise_if_any
from service.web.formats.raw_table import RawTable, is_blank, without_empty_rows

# The rarest inside cells first: it wins a tie.
DELIMITERS: Final = ("\t", "|", ";", ",")
SAMPLE_CHARACTERS: Final = 1 << 17
SAMPLE_ROWS: Final = 50
BLOCK_BYTES: Final = 1 << 24
# As pandas calls it when it reads such a file.
INDEX_HEADER: Final = "Unnamed: 0"

# What may stand before the header: a byte order mark, empty lines, and the line that tells Excel the delimiter.
_EMPTY_LINES: Final = rb"(?:[ \t;,|]*[\r\n])*"
_PREAMBLE = re.compile(
    rb"(?:\xef\xbb\xbf)?" + _EMPTY_LINES + rb"(?:\"?sep=([\t|;,])\"?[\r\n]+)?" + _EMPTY_LINES,
    re.IGNORECASE,
)

Record = list[str]


@dataclass(frozen=True, kw_only=True)
class _Dialect:
    """Where the table begins in its file, what parts its cells, and its headers."""

    start: int
    delimiter: str
    header: Record


def read_csv(file: BinaryIO, charset: str | None, bounds: TableLimits, delimiter: str | None = None) -> RawTable:
    """Read delimited text with a header; every cell stays the text that it is."""
    with opened_as_utf8(file, charset) as text:
        layout = _layout(text, delimiter)
        bounds.check(columns=len(layout.header))
        _check_quotes(text, layout)
        table = _split(text, layout)
    bounds.check(rows=table.num_rows, columns=table.num_columns)
    return RawTable(table=without_empty_rows(_named(table, layout.header)))


def read_tsv(file: BinaryIO, charset: str | None, bounds: TableLimits) -> RawTable:
    """Read text that tabs delimit, whatever else its cells hold."""
    return read_csv(file, charset, bounds, "\t")


def sniff_delimiter(text: str) -> str:
    """Find the delimiter that splits the most of the first rows as it splits the header."""
    return max(DELIMITERS, key=lambda delimiter: _consistency(_sample(text, delimiter)))


def _layout(file: BinaryIO, delimiter: str | None) -> _Dialect:
    file.seek(0)
    head = file.read(4 * SAMPLE_CHARACTERS)
    preamble = next(_PREAMBLE.finditer(head))
    text = head[preamble.end() :].decode(errors="ignore")
    declared = preamble[1] and preamble[1].decode()
    found = delimiter or declared or sniff_delimiter(text)
    header, *rows = _sample(text, found) or [[]]
    if not header:
        raise UnreadableBody("The body is empty: a header and at least one customer are needed")
    return _Dialect(start=preamble.end(), delimiter=found, header=_fitted(header, rows))


def _sample(text: str, delimiter: str) -> list[Record]:
    lines = StringIO(text[:SAMPLE_CHARACTERS], newline="")
    rows = list(islice(_records(lines, delimiter), SAMPLE_ROWS))
    whole = len(text) <= SAMPLE_CHARACTERS or len(rows) == SAMPLE_ROWS
    return rows if whole else rows[:-1]


def _consistency(rows: list[Record]) -> tuple[float, int, int]:
    """Tell how alike the rows are split, how few quotes were split apart, and how widely."""
    widths = list(map(len, rows))
    if not widths or widths[0] == 1:
        return 0.0, 0, 1
    n_quotes = sum(cell.count('"') for row in rows for cell in row)
    return widths.count(widths[0]) / len(widths), -n_quotes, widths[0]


def _fitted(header: Record, rows: list[Record]) -> Record:
    """Let the header end where the rows do, if the only difference is a delimiter at the end of the line."""
    width = Counter(map(len, rows)).most_common(1)[0][0] if rows else len(header)
    beyond = [header[width:], *(row[len(header) :] for row in rows)]
    if any(cell.strip() for cells in beyond for cell in cells):
        return header
    return (header + [""] * width)[:width]


def _records(lines: Iterable[str], delimiter: str, *, strict: bool = False) -> Iterator[Record]:
    """Read the rows that have anything in them."""
    return (row for row in csv.reader(lines, delimiter=delimiter, strict=strict) if any(map(str.strip, row)))


def _split(file: BinaryIO, layout: _Dialect) -> pa.Table:
    names = list(map(str, range(len(layout.header))))
    junk = layout.delimiter + ' "\t'
    file.seek(layout.start)
    try:
        return arrow_csv.read_csv(
            pa.PythonFile(file, mode="r"),
            read_options=arrow_csv.ReadOptions(column_names=names, skip_rows_after_names=1, block_size=BLOCK_BYTES),
            parse_options=arrow_csv.ParseOptions(
                delimiter=layout.delimiter,
                newlines_in_values=True,
                invalid_row_handler=lambda row: "error" if row.text.strip(junk) else "skip",
            ),
            convert_options=arrow_csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()), check_utf8=False),
        )
    except pa.ArrowInvalid:
        raise_if_any(_ragged_rows(file, layout), "rows do not fit the header")
        raise UnreadableBody("The body cannot be read as delimited text") from None


def _named(table: pa.Table, header: Record) -> pa.Table:
    """Name the columns; one that has neither a header nor a cell is left out, and a nameless index is called so."""
    header = [INDEX_HEADER, *header[1:]] if _is_index(table, header) else header
    spare = {at for at, name in enumerate(header) if not name.strip() and pc.all(is_blank(table.column(at))).as_py()}
    check_headers(header, spare)
    kept = [at for at in range(len(header)) if at not in spare]
    return table.select(kept).rename_columns([header[at] for at in kept])


def _is_index(table: pa.Table, header: Record) -> bool:
    """Check for a first column of whole numbers without a header, as pandas writes the index of its rows."""
    if header[0].strip() or INDEX_HEADER.lower() in map(str.lower, header):
        return False
    numbers = pc.match_substring_regex(table.column(0), "^[0-9]+$")
    return table.num_rows > 0 and bool(pc.all(numbers.fill_null(False)).as_py())  # noqa: FBT003 - pyarrow has no keyword


def _check_quotes(file: BinaryIO, layout: _Dialect) -> None:
    if sum(block.count(b'"') for block in blocks(file)) % 2 == 0:
        return
    n_read = 0
    try:
        with opened_text(file, "utf-8", start=layout.start) as lines:
            for _ in _records(lines, layout.delimiter, strict=True):
                n_read += 1
    except csv.Error:
        fault = FieldError(detail="opens a quote that is never closed", row=n_read or None)
        raise UnreadableBody("The quotes in the body do not match", errors=[fault]) from None


def _ragged_rows(file: BinaryIO, layout: _Dialect) -> Iterator[FieldError]:
    width = len(layout.header)
    with suppress(csv.Error), opened_text(file, "utf-8", start=layout.start) as lines:
        for row, record in enumerate(islice(_records(lines, layout.delimiter), 1, None), 1):
            if len(record) != width:
                yield FieldError(detail=f"has {len(record)} cells where the header has {width}", row=row)
