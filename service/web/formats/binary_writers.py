"""Tables as columns, a part at a time: Parquet and Arrow streams."""

from collections.abc import Iterable, Iterator
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

ROWS_IN_A_GROUP: Final = 1 << 16
_END_OF_STREAM: Final = b"\xff\xff\xff\xff\0\0\0\0"

Batches = Iterable[pa.RecordBatch]


def write_parquet(batches: Batches, schema: pa.Schema) -> Iterator[bytes]:
    """Write Parquet, a row group as soon as there are rows enough for one."""
    sink = _Sink()
    with pq.ParquetWriter(sink, schema) as writer:
        for group in _grouped(batches, schema):
            writer.write_table(group)
            yield sink.drained()
    yield sink.drained()


def write_arrow(batches: Batches, schema: pa.Schema) -> Iterator[bytes]:
    """Write an Arrow stream, message by message.

    A writer would come back to Python for every column.
    """
    yield schema.serialize().to_pybytes()
    for batch in batches:
        yield batch.serialize().to_pybytes()
    yield _END_OF_STREAM


class _Sink:
    """Takes what a writer writes until somebody sends it."""

    closed = False

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._size = 0

    def write(self, part: pa.Buffer) -> int:
        """Keep a copy: the writer uses its memory again."""
        self._parts.append(bytes(part))
        self._size += len(self._parts[-1])
        return len(self._parts[-1])

    def tell(self) -> int:
        """Tell how much was written in all."""
        return self._size

    def flush(self) -> None:
        """Do nothing: whoever drains it sends on what there is."""

    def close(self) -> None:
        """Do nothing: what the writer wrote last is still to be sent."""

    def drained(self) -> bytes:
        """Give what has come since the last time."""
        parts, self._parts = self._parts, []
        return b"".join(parts)


def _grouped(batches: Batches, schema: pa.Schema) -> Iterator[pa.Table]:
    waiting: list[pa.RecordBatch] = []
    for batch in batches:
        waiting.append(batch)
        if sum(each.num_rows for each in waiting) >= ROWS_IN_A_GROUP:
            yield pa.Table.from_batches(waiting, schema)
            waiting = []
    if waiting:
        yield pa.Table.from_batches(waiting, schema)
