"""Delimited text: comma, semicolon, bar or tab, as spreadsheets save it."""

import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from io import StringIO
from itertools import islice
from typing import BinaryIO, Final, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as arrow_csv

from service.errors import FieldError
from service.web.formats.charsets import blocks, opened_as_utf8, opened_text
from service.web.formats.errors import TableLimits, UnreadableBody, check_headers, raise_if_any
from service.web.formats.raw_table import RawTable, is_blank, without_empty_rows
from service.web.formats.titles import count_titles, starts_with_single_cell

# The rarest inside cells first: it wins a tie.
DELIMITERS: Final = ("\t", "|", ";", ",")
SAMPLE_CHARACTERS: Final = 1 << 17
SAMPLE_ROWS: Final = 50
BLOCK_BYTES: Final = 1 << 24
# As pandas calls it when it reads such a file.
INDEX_HEADER: Final = "Unnamed: 0"
FORMULA: Final = b'="'
PAIR: Final = 2  # cells

# What may stand before the header: a byte order mark, empty lines, and the line that tells Excel
# the delimiter.
_EMPTY_LINES: Final = rb"(?:[ \t;,|]*[\r\n])*"
_PREAMBLE = re.compile(
    rb"(?:\xef\xbb\xbf)?" + _EMPTY_LINES + rb"(?:\"?sep=([\t|;,])\"?[\r\n]+)?" + _EMPTY_LINES,
    re.IGNORECASE,
)
# How a spreadsheet is made to keep a text as it is, such as leading zeros: ="00123".
_FORMULA: Final = '^="([^"]*)"$'
_formula = re.compile(_FORMULA)

Record = list[str]


@dataclass(frozen=True, kw_only=True)
class _Dialect:
    """Start of the table in its file, delimiter and headers."""

    start: int
    delimiter: str
    header: Record
    warnings: tuple[str, ...] = ()


class _Sample(NamedTuple):
    """The first rows that are not empty, and the number of lines before each."""

    rows: list[Record]
    lines: list[int]


def read_csv(
    file: BinaryIO, charset: str | None, bounds: TableLimits, delimiter: str | None = None
) -> RawTable:
    """Read delimited text with a header.

    Every cell stays the text that it is, without the formula around it.
    """
    with opened_as_utf8(file, charset) as (text, doubts):
        layout = _layout(text, delimiter)
        bounds.check(columns=len(layout.header))
        _check_quotes(text, layout)
        has_formulas = _has_formulas(text)
        table = _split(text, layout)
    bounds.check(rows=table.num_rows, columns=table.num_columns)
    named = without_empty_rows(_named(table, layout.header))
    return RawTable(
        table=_unwrap_formulas(named) if has_formulas else named,
        warnings=(*doubts, *layout.warnings),
    )


def read_tsv(file: BinaryIO, charset: str | None, bounds: TableLimits) -> RawTable:
    """Read tab-separated text."""
    return read_csv(file, charset, bounds, "\t")


def sniff_delimiter(text: str) -> str:
    """Find the delimiter that splits the most of the first rows as it splits the header."""
    return max(DELIMITERS, key=lambda delimiter: _consistency(_sample(text, delimiter).rows))


def _layout(file: BinaryIO, delimiter: str | None) -> _Dialect:
    file.seek(0)
    head = file.read(4 * SAMPLE_CHARACTERS)
    preamble = next(_PREAMBLE.finditer(head))
    text = head[preamble.end() :].decode(errors="ignore")
    declared = preamble[1] and preamble[1].decode()
    found = delimiter or declared or sniff_delimiter(text)
    sample = _sample(text, found)
    if not sample.rows:
        raise UnreadableBody("The body is empty: a header and at least one customer are needed")
    n_titles, n_before = count_titles(sample.rows), len(preamble[0].splitlines())
    if len(sample.rows[0]) == 1 and not n_titles:
        _check_first_line(text, [delimiter] if delimiter else DELIMITERS, n_before + 1)
    header, *rows = sample.rows[n_titles:]
    above = "".join(islice(StringIO(text, newline=""), sample.lines[n_titles] if n_titles else 0))
    return _Dialect(
        start=preamble.end() + len(above.encode()),
        delimiter=found,
        header=[_one_line(_formula.sub(r"\1", cell)) for cell in _fitted(header, rows)],
        warnings=_title_warnings([n_before + line + 1 for line in sample.lines[: n_titles + 1]]),
    )


def _check_first_line(text: str, delimiters: Sequence[str], line: int) -> None:
    """Refuse a single cell above a table, unless the rows below may be sentences or numbers."""
    for delimiter in delimiters:
        rows = _sample(text, delimiter).rows
        are_texts = delimiter == "," and (
            len(rows[-1]) == PAIR or any(cell[:1] == " " for cell in rows[-1])
        )
        if starts_with_single_cell(rows) and not are_texts:
            raise UnreadableBody(
                f"Line {line} has one cell, and the lines below have {len(rows[1])}: send the "
                "table without what "
                "stands above its header, and with a header"
            )


def _title_warnings(lines: Sequence[int]) -> tuple[str, ...]:
    """Build the warning for title lines that are skipped above the header, the last of `lines`."""
    *titles, header = lines
    if not titles:
        return ()
    which = f"Lines {titles[0]} to {titles[-1]} are" if len(titles) > 1 else f"Line {titles[0]} is"
    return (f"{which} taken for a title and left out: the header is line {header}.",)


def _one_line(header: str) -> str:
    """Join the lines of a header that is wrapped in its cell."""
    lines = header.replace("\r", "\n").split("\n")
    return " ".join(filter(None, map(str.strip, lines))) if len(lines) > 1 else header


def _has_formulas(file: BinaryIO) -> bool:
    end = b""
    for block in blocks(file):
        if FORMULA in end + block[:1] or (
            FORMULA[:1] in block and FORMULA in block
        ):  # one byte is found faster
            return True
        end = block[-1:]
    return False


def _unwrap_formulas(table: pa.Table) -> pa.Table:
    """Read the formula of a text, ``="00123"``, as that text."""
    for at, column in enumerate(table.columns):
        texts = pc.replace_substring_regex(column, _FORMULA, r"\1")
        table = table.set_column(at, table.column_names[at], texts)
    return table


def _sample(text: str, delimiter: str) -> _Sample:
    reader = csv.reader(StringIO(text[:SAMPLE_CHARACTERS], newline=""), delimiter=delimiter)
    sample, n_lines = _Sample([], []), 0
    for row in reader:
        if any(map(str.strip, row)):
            sample.rows.append(row)
            sample.lines.append(n_lines)
        if len(sample.rows) == SAMPLE_ROWS:
            return sample
        n_lines = reader.line_num
    return (
        sample if len(text) <= SAMPLE_CHARACTERS else _Sample(sample.rows[:-1], sample.lines[:-1])
    )


def _consistency(rows: list[Record]) -> tuple[float, bool, int, int]:
    """Rank a delimiter by how uniformly and widely it splits the rows, keeping quotes whole."""
    n_titles = count_titles(rows)
    widths = list(map(len, rows[n_titles:]))
    if not widths or widths[0] == 1:
        return 0.0, False, 0, 1
    n_quotes = sum(cell.count('"') for row in rows for cell in row)
    return widths.count(widths[0]) / len(widths), not n_titles, -n_quotes, widths[0]


def _fitted(header: Record, rows: list[Record]) -> Record:
    """Cut the header to the rows' width if it only ends in one more delimiter."""
    width = Counter(map(len, rows)).most_common(1)[0][0] if rows else len(header)
    beyond = [header[width:], *(row[len(header) :] for row in rows)]
    if any(cell.strip() for cells in beyond for cell in cells):
        return header
    return (header + [""] * width)[:width]


def _records(lines: Iterable[str], delimiter: str, *, strict: bool = False) -> Iterator[Record]:
    """Read the rows that are not empty."""
    return (
        row
        for row in csv.reader(lines, delimiter=delimiter, strict=strict)
        if any(map(str.strip, row))
    )


def _split(file: BinaryIO, layout: _Dialect) -> pa.Table:
    names = list(map(str, range(len(layout.header))))
    junk = layout.delimiter + ' "\t'
    file.seek(layout.start)
    try:
        return arrow_csv.read_csv(
            pa.PythonFile(file, mode="r"),
            read_options=arrow_csv.ReadOptions(
                column_names=names, skip_rows_after_names=1, block_size=BLOCK_BYTES
            ),
            parse_options=arrow_csv.ParseOptions(
                delimiter=layout.delimiter,
                newlines_in_values=True,
                invalid_row_handler=lambda row: "error" if row.text.strip(junk) else "skip",
            ),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()), check_utf8=False
            ),
        )
    except pa.ArrowInvalid:
        raise_if_any(_ragged_rows(file, layout), "rows do not fit the header")
        raise UnreadableBody("The body cannot be read as delimited text") from None


def _named(table: pa.Table, header: Record) -> pa.Table:
    """Name the columns; drop one without header and cells, and name an index column."""
    header = [INDEX_HEADER, *header[1:]] if _is_index(table, header) else header
    spare = {
        at
        for at, name in enumerate(header)
        if not name.strip() and pc.all(is_blank(table.column(at))).as_py()
    }
    check_headers(header, spare)
    kept = [at for at in range(len(header)) if at not in spare]
    return table.select(kept).rename_columns([header[at] for at in kept])


def _is_index(table: pa.Table, header: Record) -> bool:
    """Check for a first column of whole numbers without a header, the row index of pandas."""
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
                yield FieldError(
                    detail=f"has {len(record)} cells where the header has {width}", row=row
                )
