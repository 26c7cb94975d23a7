"""Two-phase writes of table versions: the file is staged first, then committed to the Delta log."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Final
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import DeltaTable

from service.errors import TableBusy
from service.storage import Storage
from service.stores.delta import DeltaDirectory, commit, count_purges, dataset_of, file_of

ROW_GROUP_ROWS: Final = 131_072


@dataclass(kw_only=True)
class StagedVersion:
    """A version whose file is written, but not committed to the log."""

    directory: DeltaDirectory
    delta: DeltaTable
    schema: pa.Schema
    name: str
    n_rows: int
    committed: bool = False

    def commit(self) -> int:
        """Commit on top of the newest version.

        Raises TableBusy if a purge has begun, as it may remove the file.
        """
        with self.directory.conflicts_as_busy():
            purges = count_purges(self.delta)
            self.delta.update_incremental()
            if count_purges(self.delta) != purges:
                raise TableBusy
        return self.commit_next()

    def commit_next(self) -> int:
        """Commit on top of the version that was the newest at staging.

        Raises TableBusy if there is a newer one.
        """
        with self.directory.conflicts_as_busy():
            commit(
                self.delta,
                self.schema,
                file_of(self.name, self.directory.file_size(self.name), self.n_rows),
            )
        self.committed = True
        return int(self.delta.version()) + 1


@contextmanager
def stage(
    directory: DeltaDirectory, schema: pa.Schema, batches: Iterable[pa.RecordBatch]
) -> Iterator[StagedVersion]:
    """Write the file of a version.

    It is removed at the end of the block unless it was committed.
    """
    with directory.conflicts_as_busy():
        delta = directory.open(schema)
    with _staged(directory, delta, schema, batches) as staged:
        yield staged


def replace(directory: DeltaDirectory, schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> int:
    """Replace a table by streamed batches; return the new version."""
    with stage(directory, schema, batches) as staged:
        return staged.commit()


def modify(directory: DeltaDirectory, change: Callable[[pa.Table], pa.Table]) -> int:
    """Replace the newest version by `change` of it.

    Raises TableBusy if another version is committed meanwhile.
    """
    with directory.conflicts_as_busy():
        delta = directory.open_at(None)
        table = change(dataset_of(directory, delta).to_table())
    with _staged(directory, delta, table.schema, table.to_batches()) as staged:
        return staged.commit_next()


@contextmanager
def _staged(
    directory: DeltaDirectory,
    delta: DeltaTable,
    schema: pa.Schema,
    batches: Iterable[pa.RecordBatch],
) -> Iterator[StagedVersion]:
    # A purge removes only files whose number is lower than its own: those staged before it began.
    name = f"{count_purges(delta)}-{uuid4().hex}.parquet"
    path = f"{directory.path}/{name}"
    with directory.conflicts_as_busy():
        n_rows = _write_file(directory.files, path, schema, batches)
    staged = StagedVersion(
        directory=directory, delta=delta, schema=schema, name=name, n_rows=n_rows
    )
    try:
        yield staged
    finally:
        if not staged.committed:
            _remove(directory.files, path)


def _write_file(
    files: Storage, path: str, schema: pa.Schema, batches: Iterable[pa.RecordBatch]
) -> int:
    """Write a Parquet file and return its number of rows.

    Unlike Delta's writer, this keeps their order.
    """
    n_rows = 0
    texts = [
        field.name for field in schema if pa.types.is_string(field.type)
    ]  # a dictionary makes numbers larger
    try:
        with (
            files.arrow.open_output_stream(path) as stream,
            pq.ParquetWriter(stream, schema, compression="zstd", use_dictionary=texts) as writer,
        ):
            for batch in batches:
                writer.write_batch(batch, row_group_size=ROW_GROUP_ROWS)
                n_rows += batch.num_rows
    except BaseException:
        _remove(files, path)
        raise
    return n_rows


def _remove(files: Storage, path: str) -> None:
    """Remove an uncommitted file; if that fails, the next purge removes it."""
    with suppress(OSError):
        files.arrow.delete_file(path)
