"""Tables as answers: in the format that the client prefers, sent while they are read."""

from collections.abc import Callable, Iterable, Mapping
from itertools import chain, islice
from typing import Annotated, Any, Final

import pyarrow as pa
from fastapi import Depends, Header, Query
from fastapi.responses import StreamingResponse

from service.stores.tables import Rows
from service.web.formats.writers import FORMATS, JSON, NO_EXTRA_FIELDS, TableFormat, negotiate, write_table

_NAMES: Final = [fmt.name for fmt in FORMATS]


def _format(
    accept: Annotated[str | None, Header(include_in_schema=False)] = None,
    name: Annotated[
        str | None,
        Query(
            alias="format",
            description="The format of the answer, where it cannot be asked for by `Accept`.",
            json_schema_extra={"enum": _NAMES},
        ),
    ] = None,
) -> TableFormat:
    return negotiate(accept, name)


ResponseFormatDep = Annotated[TableFormat, Depends(_format)]

# What OpenAPI says of an answer that is a `Streamed`; JSON is described by the route's own model.
TABLE_ANSWER: Final[dict[str, Any]] = {
    "content": {
        fmt.media_type: {"schema": {"type": "string"} | ({"format": "binary"} if fmt.ending else {})}
        for fmt in FORMATS
        if fmt.write
    },
}


class TableResponse(StreamingResponse):
    """A table, sent while it is read; what is wrong with its first rows is known before the answer begins."""

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
        begun = chain(list(islice(rest, 1)), rest)
        super().__init__(
            write_table(begun, schema, fmt, noun, after),
            media_type=fmt.media_type,
            headers=table_headers(fmt, noun),
        )


def table_response(
    rows: Rows, fmt: TableFormat, *, noun: str, size: int, token: Callable[[pa.Table], str]
) -> TableResponse:
    """Answer with JSON in pages of `size` rows, where `token` names what comes after one; other formats hold all."""
    if fmt != JSON:
        return TableResponse(rows.batches, rows.schema, fmt, noun=noun)
    page, more = first_rows(rows, size)
    after = {"next_page_token": token(page)} if more else {}
    return TableResponse(page.to_batches(), rows.schema, fmt, noun=noun, after=after)


def first_rows(rows: Rows, size: int) -> tuple[pa.Table, bool]:
    """Read the first rows, and whether there are more."""
    read: list[pa.RecordBatch] = []
    for batch in rows.batches:
        read.append(batch)
        if sum(each.num_rows for each in read) > size:
            break
    table = pa.Table.from_batches(read, rows.schema)
    return table.slice(0, size), table.num_rows > size


def table_headers(fmt: TableFormat, noun: str) -> dict[str, str]:
    """Give the headers of a table in a format."""
    kept = {"Content-Disposition": f'attachment; filename="{noun}{fmt.ending}"'} if fmt.ending else {}
    return {"Vary": "Accept", **kept}
