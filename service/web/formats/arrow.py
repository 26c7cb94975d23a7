"""Arrow streams and files.

Read batch by batch; the declared sizes of each batch are checked before it is decoded.
"""

import struct
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Final, NamedTuple

import pyarrow as pa
from pyarrow import ipc

from service.web.formats.arrow_columns import (
    Budget,
    arrow_errors_as_unreadable,
    check_schema,
    raw_columns,
)
from service.web.formats.errors import TableLimits
from service.web.formats.flatbuffers import Table

WHAT: Final = "an Arrow stream"
FILE_MAGIC: Final = b"ARROW1"

# Enum values and field numbers of Arrow's Message.fbs and File.fbs.
_DICTIONARY, _BATCH = 2, 3
_MESSAGE_KIND, _MESSAGE_HEADER = 1, 2
_DICTIONARY_DATA = 1
_BUFFERS, _COMPRESSION = 2, 3
_FOOTER_DICTIONARIES, _FOOTER_BATCHES = 2, 3
_BLOCK: Final = "<qi4xq"  # start of a message, size of its metadata, padding, size of its body
_BUFFER: Final = "<qq"  # start and size
_NOT_COMPRESSED: Final = -1


class _Block(NamedTuple):
    """Position and sizes of a message in a file, from the file's index."""

    start: int
    n_metadata_bytes: int
    n_body_bytes: int

    @property
    def end(self) -> int:
        return self.start + self.n_metadata_bytes + self.n_body_bytes


def read_arrow(body: pa.Buffer, bounds: TableLimits) -> pa.Table:
    """Read an Arrow stream or an Arrow file."""
    is_file = bytes(memoryview(body)[: len(FILE_MAGIC)]) == FILE_MAGIC
    with arrow_errors_as_unreadable(WHAT):
        messages = _indexed_messages(body) if is_file else ipc.MessageReader.open_stream(body)
        n_bytes = 0
        for message in messages:
            n_bytes += sum(_unpacked_sizes(message))
            bounds.check(n_bytes=n_bytes)
        source = ipc.open_file(body) if is_file else ipc.open_stream(body)
        check_schema(source.schema, bounds)
        batches = map(source.get_batch, range(source.num_record_batches)) if is_file else source
        names = source.schema.names
        columns = raw_columns(batches, len(names), Budget(bounds, n_columns=len(names)))
        return pa.table(columns, names=names)


def _indexed_messages(body: pa.Buffer) -> Iterator[ipc.Message]:
    """Read the messages of a file in the order of its index, whose entries must not overlap."""
    index_end = body.size - 4 - len(FILE_MAGIC)
    (size,) = struct.unpack_from("<i", body, index_end)
    index = Table.root(memoryview(body)[index_end - size : index_end])
    dictionaries, batches = (
        [_Block(*block) for block in index.structs(field, _BLOCK)]
        for field in (_FOOTER_DICTIONARIES, _FOOTER_BATCHES)
    )
    _check_order(batches)
    _check_order(sorted(dictionaries + batches))
    for block in (*dictionaries, *batches):
        message = ipc.read_message(body.slice(block.start))
        if (
            message.metadata.size > block.n_metadata_bytes
            or message.body.size != block.n_body_bytes
        ):
            raise ValueError("a message has another size than the index says")
        yield message


def _check_order(blocks: Iterable[_Block]) -> None:
    """Raise unless blocks ascend and do not overlap.

    Thousands that share their bytes would cost as many batches.
    """
    for block, following in pairwise(blocks):
        if not block.start < block.end <= following.start:
            raise ValueError("the index names bytes twice")


def _unpacked_sizes(message: ipc.Message) -> Iterator[int]:
    """Yield the declared sizes of the decompressed buffers of a message."""
    root = Table.root(memoryview(message.metadata))
    kind = root.byte(_MESSAGE_KIND)
    if kind not in {_DICTIONARY, _BATCH}:
        return
    header = root.table(_MESSAGE_HEADER)
    batch = header.table(_DICTIONARY_DATA) if kind == _DICTIONARY else header
    if not batch.has(_COMPRESSION):
        yield message.body.size
        return
    for offset, length in batch.structs(_BUFFERS, _BUFFER):
        if length:
            (size,) = struct.unpack_from("<q", message.body, offset)
            yield length if size == _NOT_COMPRESSED else max(size, 0)
