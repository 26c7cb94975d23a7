"""Bodies to tables: what a client may send. A new format is one file and one line in `READERS`."""

import codecs
from collections.abc import Callable
from email.message import Message
from typing import Final

import pyarrow as pa

from service.web.formats.bodies import UnreadableBody, UnsupportedFormat
from service.web.formats.delimited import read_csv
from service.web.formats.objects import read_json

__all__ = ["READERS", "UnreadableBody", "UnsupportedFormat", "read_table"]

CHARSETS: Final = ("utf-8", "utf-16", "utf-16-le", "utf-16-be", "ascii", "iso8859-1", "iso8859-15", "cp1252")

READERS: Final[dict[str, Callable[[bytes, str | None], pa.Table]]] = {
    "application/json": read_json,
    "text/csv": read_csv,
}


def read_table(body: bytes, content_type: str) -> pa.Table:
    """Read a body as it came: columns of text, int64 or float64, in the order in which they were first seen."""
    media_type, charset = _media_type(content_type)
    if media_type not in READERS:
        raise UnsupportedFormat(f"Send one of {', '.join(READERS)}")
    table = READERS[media_type](body, charset)
    if not table.num_rows:
        raise UnreadableBody("There are no customers in the body")
    return table


def _media_type(content_type: str) -> tuple[str, str | None]:
    message = Message()
    message["content-type"] = content_type
    charset = message.get_content_charset()
    return message.get_content_type(), charset and _known_charset(charset)


def _known_charset(charset: str) -> str:
    try:
        name = codecs.lookup(charset).name
    except LookupError:
        name = ""
    if name not in CHARSETS:
        raise UnsupportedFormat(f"Send the text in one of {', '.join(CHARSETS)}")
    return name
