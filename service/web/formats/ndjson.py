"""NDJSON: one customer to a line, each an object of cells."""

from collections.abc import Iterator
from io import TextIOWrapper
from json import JSONDecodeError
from typing import BinaryIO, Final

from service.web.formats.charsets import opened_text
from service.web.formats.errors import TableLimits
from service.web.formats.json_reader import DECODER, MAX_VALUE_LENGTH
from service.web.formats.raw_table import RawTable
from service.web.formats.row_columns import BadRecord, read_records

TOO_LONG: Final = BadRecord(f"has {MAX_VALUE_LENGTH:,} characters or more")


def read_lines(file: BinaryIO, charset: str | None, bounds: TableLimits) -> RawTable:
    """Read NDJSON: one object per line.

    Empty lines are passed over, an absent field is null, and known to be absent.
    """
    with opened_text(file, charset or "utf-8") as text:
        return read_records(_customers(text), location=None, bounds=bounds)


def _customers(text: TextIOWrapper) -> Iterator[object]:
    for line in iter(lambda: text.readline(MAX_VALUE_LENGTH), ""):
        if len(line) == MAX_VALUE_LENGTH:
            yield TOO_LONG
            return
        if line.strip():
            yield _customer(line)


def _customer(line: str) -> object:
    try:
        return DECODER.decode(line)
    except JSONDecodeError as error:
        return BadRecord(f"is not JSON: {error.msg} at character {error.colno}")
    except RecursionError:
        return BadRecord("is nested too deeply")
    except ValueError:
        return BadRecord("holds a number with too many digits")
