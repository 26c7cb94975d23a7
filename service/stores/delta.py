"""One customer table as Delta Lake keeps it.

Imported once a table is read or written: with Arrow's datasets it takes 30 MB, and placing customers needs none of it.
"""

import json
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import wraps
from typing import Concatenate, Final, ParamSpec
from urllib.parse import unquote
from uuid import uuid4

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
from deltalake import CommitProperties, DeltaTable, PostCommitHookProperties, Schema
from deltalake.exceptions import CommitFailedError, DeltaError, TableNotFoundError
from deltalake.transaction import AddAction

from service.errors import TableChangedElsewhere, TableGone
from service.files import Files

ROWS_IN_A_GROUP: Final = 131_072

# File statistics would keep the least and the greatest customer id in the log.
_NAMES_NOBODY: Final = {"delta.dataSkippingStatsColumns": ""}
# A model names the version it learned from, so only an erasure may shorten the log.
_KEEP_THE_LOG: Final = PostCommitHookProperties(create_checkpoint=True, cleanup_expired_logs=False)
# Left to retry by itself, Delta lets two overwrites of an empty table through, and keeps the rows of both.
_COMMIT_ONCE: Final = CommitProperties(max_commit_retries=0)

P = ParamSpec("P")
Commit = Callable[Concatenate["Place", P], int]
Attempt = Callable[Concatenate["Place", P], int | None]


def _once(commit: Commit[P]) -> Attempt[P]:
    """Give None instead of a version where another write was faster, or what it left behind was purged."""

    @wraps(commit)
    def attempt(place: "Place", /, *args: P.args, **kwargs: P.kwargs) -> int | None:
        with suppress(CommitFailedError, FileNotFoundError), place.files.reached():
            return commit(place, *args, **kwargs)
        return None

    return attempt


@dataclass(frozen=True)
class Place:
    """Where one table lies."""

    files: Files
    path: str

    def exists(self) -> bool:
        """Tell whether anything was written here."""
        with self.files.reached():
            return DeltaTable.is_deltatable(self.files.at(self.path), self.files.options)

    def read(self, version: int | None, columns: Sequence[str] | None) -> pa.Table:
        """Read a version, or the newest: rows and columns as they were written, or just `columns`."""
        with self._there():
            return self._dataset(self._opened_at(version)).to_table(columns=None if columns is None else list(columns))

    def find(self, version: int, column: str, value: str) -> pa.Table:
        """Read the rows of a version that have this text in a column."""
        with self._there():
            return self._dataset(self._opened_at(version)).to_table(filter=ds.field(column) == value)

    def batches(self, version: int | None, columns: Sequence[str] | None, start: int) -> Iterator[pa.RecordBatch]:
        """Read a version, or the newest, batch by batch from the row `start`, counted from 0."""
        with self._there():
            yield from _from_row(start, self._dataset(self._opened_at(version)).to_batches(columns=columns))

    @_once
    def write(self, schema: pa.Schema, batches: Callable[[], Iterable[pa.RecordBatch]]) -> int:
        """Write a whole table, never holding all of it."""
        return self._write(self._opened(schema), schema, batches())

    @_once
    def modify(self, change: Callable[[pa.Table], pa.Table]) -> int:
        """Write what `change` makes of the newest version."""
        delta = self._opened_at(None)
        table = change(self._dataset(delta).to_table())
        return self._write(delta, table.schema, table.to_batches())

    @_once
    def purge(self, keep: Sequence[int]) -> int:
        """Remove what neither the newest version nor those to `keep`, and those after them, need."""
        delta = self._opened_at(None)
        # Who names the versions to keep may not know yet of those that others have written since.
        since = range(max(keep, default=delta.version()), delta.version() + 1)
        # Committed once and before it deletes, a vacuum and a write that overlap cannot both go on.
        delta.vacuum(
            retention_hours=0,
            dry_run=False,
            enforce_retention_duration=False,
            full=True,
            keep_versions=[*keep, *since],
            commit_properties=_COMMIT_ONCE,
            post_commithook_properties=_KEEP_THE_LOG,
        )
        return delta.version()

    def _opened(self, schema: pa.Schema) -> DeltaTable:
        where, options = self.files.at(self.path), self.files.options
        try:
            return DeltaTable(where, storage_options=options)
        except TableNotFoundError:
            return DeltaTable.create(where, schema, mode="ignore", configuration=_NAMES_NOBODY, storage_options=options)

    def _opened_at(self, version: int | None) -> DeltaTable:
        try:
            return DeltaTable(self.files.at(self.path), version=version, storage_options=self.files.options)
        except DeltaError as error:
            raise TableGone from error

    def _dataset(self, delta: DeltaTable) -> ds.Dataset:
        if pa.table(delta.deletion_vectors()).num_rows:
            raise TableChangedElsewhere
        # DeltaTable.to_pyarrow_table aborts the process at its exit; reading the files ourselves does not.
        names = pa.table(delta.get_add_actions()).column("path").to_pylist()
        files = [f"{self.path}/{unquote(name)}" for name in names]
        schema = pa.schema(delta.schema().to_arrow())
        return ds.dataset(files, schema=schema, format="parquet", filesystem=self.files.arrow)

    @contextmanager
    def _there(self) -> Iterator[None]:
        """Read from a table that may be removed meanwhile."""
        try:
            with self.files.reached():
                yield
        except FileNotFoundError as error:
            raise TableGone from error

    def _write(self, delta: DeltaTable, schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> int:
        name = f"{uuid4().hex}.parquet"
        file = f"{self.path}/{name}"
        n_rows = _write_file(self.files, file, schema, batches)
        try:
            _commit(delta, name, self.files.arrow.get_file_info(file).size, n_rows, schema)
        except CommitFailedError:
            _remove(self.files, file)  # a purge may have taken it for a leftover
            raise
        return int(delta.version()) + 1


def _write_file(files: Files, file: str, schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> int:
    """Write the rows in their order, which Delta's own writer does not keep."""
    n_rows = 0
    texts = [field.name for field in schema if pa.types.is_string(field.type)]  # numbers only lose by a dictionary
    try:
        with (
            files.arrow.open_output_stream(file) as stream,
            pq.ParquetWriter(stream, schema, compression="zstd", use_dictionary=texts) as writer,
        ):
            for batch in batches:
                writer.write_batch(batch, row_group_size=ROWS_IN_A_GROUP)
                n_rows += batch.num_rows
    except BaseException:
        _remove(files, file)
        raise
    return n_rows


def _remove(files: Files, file: str) -> None:
    """Remove a file that no version names; where that cannot be, a purge will."""
    with suppress(OSError):
        files.arrow.delete_file(file)


def _commit(delta: DeltaTable, name: str, size: int | None, n_rows: int, schema: pa.Schema) -> None:
    if size is None:
        raise FileNotFoundError(name)
    stats = json.dumps({"numRecords": n_rows})
    added = AddAction(name, size, {}, int(time.time() * 1000), data_change=True, stats=stats)
    delta.create_write_transaction(
        [added],
        mode="overwrite",
        schema=Schema.from_arrow(schema),
        commit_properties=_COMMIT_ONCE,
        post_commithook_properties=_KEEP_THE_LOG,
    )


def _from_row(start: int, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        if start < batch.num_rows:
            yield batch.slice(start)
        start = max(0, start - batch.num_rows)
