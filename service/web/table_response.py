"""Streaming responses that hold a table in the format that the client prefers."""

from collections.abc import Callable, Iterable, Mapping
from itertools import chain, islice
from typing import Annotated, Any, Final

import pyarrow as pa
from fastapi import Depends, Header, Query
from fastapi.responses import StreamingResponse

from service.stores.tables import Rows
from service.web.formats.writers import (
    FORMATS,
    JSON,
    NO_EXTRA_FIELDS,
    TableFormat,
    negotiate,
    write_table,
)

_NAMES: Final = [fmt.name for fmt in FORMATS]


def _format(
    accept: Annotated[str | None, Header(include_in_schema=False)] = None,
    name: Annotated[
        str | None,
        Query(
            alias="format",
            description="The format of the response, for clients that cannot set `Accept`.",
            json_schema_extra={"enum": _NAMES},
        ),
    ] = None,
) -> TableFormat:
    return negotiate(accept, name)


ResponseFormatDep = Annotated[TableFormat, Depends(_format)]

# The OpenAPI description of a `TableResponse`; JSON is described by the route's response model.
TABLE_ANSWER: Final[dict[str, Any]] = {
    "content": {
        fmt.media_type: {
            "schema": {"type": "string"} | ({"format": "binary"} if fmt.ending else {})
        }
        for fmt in FORMATS
        if fmt.write
    },
}


class TableResponse(StreamingResponse):
    """Streams a table.

    The first batch is read in advance, so that its errors still become problems.
    """

    def __init__(
        self,
        batches: Iterable[pa.RecordBatch],
        schema: pa.Schema,
        fmt: TableFormat,
        *,
        noun: str,
        after: Mapping[str, object] = NO_EXTRA_FIELDS,
    ) -> None:
        rest = iter(batches)
        batches_with_first_read = chain(list(islice(rest, 1)), rest)
        super().__init__(
            write_table(batches_with_first_read, schema, fmt, noun, after),
            media_type=fmt.media_type,
            headers=table_headers(fmt, noun),
        )


def table_response(
    rows: Rows, fmt: TableFormat, *, noun: str, size: int, token: Callable[[pa.Table], str]
) -> TableResponse:
    """Return one page of `size` rows as JSON, or all rows in any other format.

    `token` builds the next page token.
    """
    if fmt != JSON:
        return TableResponse(rows.batches, rows.schema, fmt, noun=noun)
    page, more = first_rows(rows, size)
    after = {"next_page_token": token(page)} if more else {}
    return TableResponse(page.to_batches(), rows.schema, fmt, noun=noun, after=after)


def first_rows(rows: Rows, size: int) -> tuple[pa.Table, bool]:
    """Return the first `size` rows, and whether more follow."""
    read: list[pa.RecordBatch] = []
    for batch in rows.batches:
        read.append(batch)
        if sum(each.num_rows for each in read) > size:
            break
    table = pa.Table.from_batches(read, rows.schema)
    return table.slice(0, size), table.num_rows > size


def table_headers(fmt: TableFormat, noun: str) -> dict[str, str]:
    """Return the response headers of a table."""
    attachment = (
        {"Content-Disposition": f'attachment; filename="{noun}{fmt.ending}"'} if fmt.ending else {}
    )
    return {"Vary": "Accept", **attachment}
