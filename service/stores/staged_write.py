"""Versions of a table: written to a file first, committed thereafter."""

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

ROWS_IN_A_GROUP: Final = 131_072


@dataclass(kw_only=True)
class StagedVersion:
    """A version whose file is written: nobody reads it before it is committed."""

    place: DeltaDirectory
    delta: DeltaTable
    schema: pa.Schema
    name: str
    n_rows: int
    committed: bool = False

    def commit(self) -> int:
        """Commit over the newest version; TableBusy if a purge has begun meanwhile, as it may have taken the file."""
        with self.place.contended():
            purges = count_purges(self.delta)
            self.delta.update_incremental()
            if count_purges(self.delta) != purges:
                raise TableBusy
        return self.commit_next()

    def commit_next(self) -> int:
        """Commit over the version that was the newest when this one was begun; TableBusy if it is not any more."""
        with self.place.contended():
            commit(self.delta, self.schema, file_of(self.name, self.place.file_size(self.name), self.n_rows))
        self.committed = True
        return int(self.delta.version()) + 1


@contextmanager
def stage(place: DeltaDirectory, schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> Iterator[StagedVersion]:
    """Write the file of a version to be committed; removed at the end of the block if it was not."""
    with place.contended():
        delta = place.open(schema)
    with _staged(place, delta, schema, batches) as staged:
        yield staged


def replace(place: DeltaDirectory, schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> int:
    """Write a whole table, never holding all of it."""
    with stage(place, schema, batches) as staged:
        return staged.commit()


def modify(place: DeltaDirectory, change: Callable[[pa.Table], pa.Table]) -> int:
    """Write what `change` makes of the newest version; TableBusy if that is not the newest any more."""
    with place.contended():
        delta = place.open_at(None)
        table = change(dataset_of(place, delta).to_table())
    with _staged(place, delta, table.schema, table.to_batches()) as staged:
        return staged.commit_next()


@contextmanager
def _staged(
    place: DeltaDirectory, delta: DeltaTable, schema: pa.Schema, batches: Iterable[pa.RecordBatch]
) -> Iterator[StagedVersion]:
    # By this number a purge tells what was staged before it began from what is staged meanwhile.
    name = f"{count_purges(delta)}-{uuid4().hex}.parquet"
    path = f"{place.path}/{name}"
    with place.contended():
        n_rows = _write_file(place.files, path, schema, batches)
    staged = StagedVersion(place=place, delta=delta, schema=schema, name=name, n_rows=n_rows)
    try:
        yield staged
    finally:
        if not staged.committed:
            _remove(place.files, path)


def _write_file(files: Storage, path: str, schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> int:
    """Write the rows in their order, which Delta's own writer does not keep."""
    n_rows = 0
    texts = [field.name for field in schema if pa.types.is_string(field.type)]  # numbers only lose by a dictionary
    try:
        with (
            files.arrow.open_output_stream(path) as stream,
            pq.ParquetWriter(stream, schema, compression="zstd", use_dictionary=texts) as writer,
        ):
            for batch in batches:
                writer.write_batch(batch, row_group_size=ROWS_IN_A_GROUP)
                n_rows += batch.num_rows
    except BaseException:
        _remove(files, path)
        raise
    return n_rows


def _remove(files: Storage, path: str) -> None:
    """Remove a file that no version names; where that cannot be, a purge will."""
    with suppress(OSError):
        files.arrow.delete_file(path)
