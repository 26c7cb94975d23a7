"""Tables as columns, a part at a time: Parquet and Arrow streams."""

from collections.abc import Iterable, Iterator
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

ROWS_IN_A_GROUP: Final = 1 << 16
_END_OF_STREAM: Final = b"\xff\xff\xff\xff\0\0\0\0"

Batches = Iterable[pa.RecordBatch]


def write_parquet(batches: Batches, schema: pa.Schema) -> Iterator[bytes]:
    """Write Parquet, one row group at a time."""
    sink = _Buffer()
    with pq.ParquetWriter(sink, schema) as writer:
        for group in _grouped(batches, schema):
            writer.write_table(group)
            yield sink.read_new()
    yield sink.read_new()


def write_arrow(batches: Batches, schema: pa.Schema) -> Iterator[bytes]:
    """Write an Arrow stream, message by message.

    A writer would come back to Python for every column.
    """
    yield schema.serialize().to_pybytes()
    for batch in batches:
        yield batch.serialize().to_pybytes()
    yield _END_OF_STREAM


class _Buffer:
    """Buffer for the bytes of a writer until they are sent."""

    closed = False

    def __init__(self) -> None:
        self._services: list[bytes] = []
        self._size = 0

    def write(self, part: pa.Buffer) -> int:
        """Append a copy, as the writer reuses its memory."""
        self._services.append(bytes(part))
        self._size += len(self._services[-1])
        return len(self._services[-1])

    def tell(self) -> int:
        """Return the number of bytes written so far."""
        return self._size

    def flush(self) -> None:
        """Do nothing; `read_new` returns the bytes."""

    def close(self) -> None:
        """Do nothing, as the last bytes are still to be sent."""

    def read_new(self) -> bytes:
        """Return the bytes written since the last call."""
        services, self._services = self._services, []
        return b"".join(services)


def _grouped(batches: Batches, schema: pa.Schema) -> Iterator[pa.Table]:
    waiting: list[pa.RecordBatch] = []
    for batch in batches:
        waiting.append(batch)
        if sum(each.num_rows for each in waiting) >= ROWS_IN_A_GROUP:
            yield pa.Table.from_batches(waiting, schema)
            waiting = []
    if waiting:
        yield pa.Table.from_batches(waiting, schema)
