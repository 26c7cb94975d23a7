"""Arrow streams and files: read batch by batch, and only once what each says of itself is within the limits."""

import struct
from collections.abc import Iterator
from os import SEEK_END
from typing import BinaryIO, Final

import pyarrow as pa
from pyarrow import ipc

from service.web.formats.columnar import check_schema, raw_table, reading
from service.web.formats.faults import Bounds
from service.web.formats.flatbuffers import Table
from service.web.formats.patches import Patch

WHAT: Final = "an Arrow stream"
FILE_MAGIC: Final = b"ARROW1"

# The numbers that Arrow's Message.fbs and File.fbs give to what is needed here.
_DICTIONARY, _BATCH = 2, 3
_MESSAGE_KIND, _MESSAGE_HEADER = 1, 2
_DICTIONARY_DATA = 1
_BUFFERS, _COMPRESSION = 2, 3
_FOOTER_BLOCKS = (2, 3)
_BLOCK: Final = "<qi4xq"
_BUFFER: Final = "<qq"
_NOT_COMPRESSED: Final = -1


def read_arrow(file: BinaryIO, _: str | None, bounds: Bounds) -> Patch:
    """Read an Arrow stream, or the file that holds the same; every row has every column."""
    file.seek(0)
    is_file = file.read(len(FILE_MAGIC)) == FILE_MAGIC
    with reading(WHAT):
        messages = _filed(file) if is_file else ipc.MessageReader.open_stream(_opened(file))
        _check_account(messages, bounds)
        source = ipc.open_file(_opened(file)) if is_file else ipc.open_stream(_opened(file))
        check_schema(source.schema, bounds)
        batches = map(source.get_batch, range(source.num_record_batches)) if is_file else source
        return Patch(table=raw_table(batches, source.schema, bounds))


def _opened(file: BinaryIO, start: int = 0) -> pa.PythonFile:
    file.seek(start)
    return pa.PythonFile(file, mode="r")


def _filed(file: BinaryIO) -> Iterator[ipc.Message]:
    """Give the messages of a file in the order of its index."""
    end = file.seek(-4 - len(FILE_MAGIC), SEEK_END)
    (size,) = struct.unpack("<i", file.read(4))
    file.seek(end - size)
    footer = Table.root(memoryview(file.read(size)))
    for field in _FOOTER_BLOCKS:
        for start, *_ in footer.structs(field, _BLOCK):
            yield ipc.read_message(_opened(file, start))


def _check_account(messages: Iterator[ipc.Message], bounds: Bounds) -> None:
    n_bytes = 0
    for message in messages:
        n_bytes += sum(_unpacked_sizes(message))
        bounds.check(n_bytes=n_bytes)


def _unpacked_sizes(message: ipc.Message) -> Iterator[int]:
    """Tell how large the buffers of a message say they are once they are decompressed."""
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
