"""Writers of tables, and content negotiation between their formats.

A new format is a line in `FORMATS`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from types import MappingProxyType
from typing import Final

import pyarrow as pa

from service.errors import ServiceError
from service.web.formats.binary_writers import write_arrow, write_parquet
from service.web.formats.media_types import parse_media_type
from service.web.formats.text_writers import finite, write_csv, write_json, write_lines

ROWS_AT_ONCE: Final = 1 << 13

Batches = Iterable[pa.RecordBatch]


class NotAcceptable(ServiceError):
    """The table is not available in any of the requested formats."""

    status = HTTPStatus.NOT_ACCEPTABLE


@dataclass(frozen=True, kw_only=True)
class TableFormat:
    """One way to write a table.

    `write` is None where the rows are a field of a larger object, and `ending` where an answer is
    no file to keep.
    """

    name: str
    media_type: str
    write: Callable[[Batches, pa.Schema], Iterator[bytes]] | None = None
    ending: str | None = None


JSON: Final = TableFormat(name="json", media_type="application/json")

# The first one that a client takes as gladly as any other.
FORMATS: Final = (
    JSON,
    TableFormat(name="ndjson", media_type="application/x-ndjson", write=write_lines),
    TableFormat(name="csv", media_type="text/csv", write=write_csv, ending=".csv"),
    TableFormat(
        name="parquet",
        media_type="application/vnd.apache.parquet",
        write=write_parquet,
        ending=".parquet",
    ),
    TableFormat(
        name="arrow",
        media_type="application/vnd.apache.arrow.stream",
        write=write_arrow,
        ending=".arrows",
    ),
)
ALIASES: Final = {"application/jsonl": "application/x-ndjson"}
NO_EXTRA_FIELDS: Final[Mapping[str, object]] = MappingProxyType({})


def negotiate(accept: str | None, name: str | None = None) -> TableFormat:
    """Choose a format by its name, or as the Accept header prefers (RFC 9110); JSON by default."""
    if name is not None:
        return _first(fmt for fmt in FORMATS if fmt.name == name)
    ranges = list(map(_range, (accept or "*/*").split(",")))
    qualities = {fmt: _quality(fmt, ranges) for fmt in FORMATS}
    best = max(qualities.values())
    return _first(fmt for fmt, quality in qualities.items() if quality == best > 0)


def write_table(
    batches: Batches,
    schema: pa.Schema,
    fmt: TableFormat,
    noun: str,
    after: Mapping[str, object] = NO_EXTRA_FIELDS,
) -> Iterator[bytes]:
    """Write a table in batches of a few thousand rows; NaN and infinity become null.

    Parameters
    ----------
    batches
        The rows, taken as they are needed.
    schema
        Their columns: texts, numbers, booleans, dates and times.
    fmt
        How to write them.
    noun
        The field that the list of rows is in JSON.
    after
        Further fields of the JSON object, read after the last batch was taken.
    """
    rows = _in_slices(batches)
    return write_json(rows, schema, noun, after) if fmt.write is None else fmt.write(rows, schema)


def _in_slices(batches: Batches) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        for start in range(0, batch.num_rows, ROWS_AT_ONCE):
            part = batch.slice(start, ROWS_AT_ONCE)
            yield pa.RecordBatch.from_arrays(list(map(finite, part.columns)), schema=part.schema)


def _first(formats: Iterator[TableFormat]) -> TableFormat:
    for fmt in formats:
        return fmt
    names = ", ".join(f"{fmt.media_type} (format={fmt.name})" for fmt in FORMATS)
    raise NotAcceptable(f"Ask for one of {names}")


def _range(text: str) -> tuple[str, float]:
    """Parse a media range and its quality value."""
    media_type, parameters = parse_media_type(text)
    try:
        quality = float(parameters.get("q", "1"))
    except ValueError:
        quality = 1.0
    return ALIASES.get(media_type, media_type), quality


def _quality(fmt: TableFormat, ranges: Iterable[tuple[str, float]]) -> float:
    """Return the quality value of a format; the most specific media range applies."""
    family = fmt.media_type.partition("/")[0]
    by_range = dict(ranges)
    return next(
        (by_range[each] for each in (fmt.media_type, f"{family}/*", "*/*") if each in by_range), 0.0
    )
