"""One customer table as Delta Lake keeps it.

Imported once a table is read or written: with Arrow's datasets it takes 30 MB, and placing customers needs none of it.
"""

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.dataset as ds
from deltalake import CommitProperties, DeltaTable, PostCommitHookProperties, Schema, Transaction
from deltalake.exceptions import CommitFailedError, DeltaError, TableNotFoundError
from deltalake.transaction import AddAction
from pyarrow.fs import FileSelector, FileType

from service.errors import TableBusy, TableChangedElsewhere, TableGone
from service.storage import Storage

# File statistics would keep the least and the greatest customer id in the log.
_NAMES_NOBODY: Final = {"delta.dataSkippingStatsColumns": ""}
# A model names the version it learned from, so only an erasure may shorten the log.
_KEEP_THE_LOG: Final = PostCommitHookProperties(create_checkpoint=True, cleanup_expired_logs=False)
_PURGES: Final = "purges"  # the application whose transactions count, in the log, the purges of the table


@dataclass(frozen=True)
class DeltaDirectory:
    """Where one table lies."""

    files: Storage
    path: str

    def exists(self) -> bool:
        """Tell whether anything was written here."""
        with self.files.reached():
            return DeltaTable.is_deltatable(self.files.at(self.path), self.files.options)

    def read(self, version: int | None, columns: Sequence[str] | None) -> pa.Table:
        """Read a version, or the newest: rows and columns as they were written, or just `columns`."""
        with self._there():
            return dataset_of(self, self.open_at(version)).to_table(columns=None if columns is None else list(columns))

    def find(self, version: int, column: str, value: str) -> pa.Table:
        """Read the rows of a version that have this text in a column."""
        with self._there():
            return dataset_of(self, self.open_at(version)).to_table(filter=ds.field(column) == value)

    def batches(self, version: int | None, columns: Sequence[str] | None, start: int) -> Iterator[pa.RecordBatch]:
        """Read a version, or the newest, batch by batch from the row `start`, counted from 0."""
        with self._there():
            yield from _from_row(start, dataset_of(self, self.open_at(version)).to_batches(columns=columns))

    def open(self, schema: pa.Schema) -> DeltaTable:
        """Open the newest version; a table that is not there begins empty."""
        where, options = self.files.at(self.path), self.files.options
        try:
            return DeltaTable(where, storage_options=options)
        except TableNotFoundError:
            return DeltaTable.create(where, schema, mode="ignore", configuration=_NAMES_NOBODY, storage_options=options)

    def open_at(self, version: int | None) -> DeltaTable:
        """Open a version, or the newest; TableGone if it is not there."""
        try:
            return DeltaTable(self.files.at(self.path), version=version, storage_options=self.files.options)
        except DeltaError as error:
            raise TableGone from error

    def list_files(self) -> list[str]:
        """List the files beside the log, by their paths within the table; none if there is no table."""
        found = self.files.arrow.get_file_info(FileSelector(self.path, recursive=True, allow_not_found=True))
        names = [file.path.removeprefix(f"{self.path}/") for file in found if file.type == FileType.File]
        return [name for name in names if not name.startswith("_delta_log/")]

    def file_size(self, name: str) -> int:
        """Return a file's size in bytes; FileNotFoundError if it is not there."""
        size: int | None = self.files.arrow.get_file_info(f"{self.path}/{name}").size
        if size is None:
            raise FileNotFoundError(name)
        return size

    @contextmanager
    def contended(self) -> Iterator[None]:
        """Write to a table that others may write to, purge or remove meanwhile: TableBusy if they were faster."""
        try:
            with self.files.reached():
                yield
        except (CommitFailedError, FileNotFoundError, TableNotFoundError) as error:
            raise TableBusy from error

    @contextmanager
    def _there(self) -> Iterator[None]:
        """Read from a table that may be removed meanwhile."""
        try:
            with self.files.reached():
                yield
        except FileNotFoundError as error:
            raise TableGone from error


def dataset_of(place: DeltaDirectory, delta: DeltaTable) -> ds.Dataset:
    """Return the rows of a version as Arrow reads them."""
    if pa.table(delta.deletion_vectors()).num_rows:
        raise TableChangedElsewhere
    # DeltaTable.to_pyarrow_table aborts the process at its exit; reading the files ourselves does not.
    files = [f"{place.path}/{name}" for name in file_names(delta)]
    schema = pa.schema(delta.schema().to_arrow())
    return ds.dataset(files, schema=schema, format="parquet", filesystem=place.files.arrow)


def file_names(delta: DeltaTable) -> list[str]:
    """Name the files of a version, by their paths within the table."""
    return [unquote(name) for name in pa.table(delta.get_add_actions()).column("path").to_pylist()]


def count_purges(delta: DeltaTable) -> int:
    """Return how many purges of the table had begun when a version was committed."""
    return delta.transaction_version(_PURGES) or 0


def file_of(name: str, size: int, n_rows: int) -> AddAction:
    """Describe a file to the log: no customer is named there."""
    stats = json.dumps({"numRecords": n_rows})
    return AddAction(name, size, {}, int(time.time() * 1000), data_change=True, stats=stats)


def commit(delta: DeltaTable, schema: pa.Schema, file: AddAction | None, *, purges: int | None = None) -> None:
    """Commit, over the version that is open, one file in place of all others, or only the number of a purge.

    Left to retry by itself, Delta would let two overwrites of an empty table through, and keep the rows of both.
    """
    counted = [] if purges is None else [Transaction(_PURGES, purges)]
    delta.create_write_transaction(
        [] if file is None else [file],
        mode="append" if file is None else "overwrite",
        schema=Schema.from_arrow(schema),
        commit_properties=CommitProperties(max_commit_retries=0, app_transactions=counted),
        post_commithook_properties=_KEEP_THE_LOG,
    )


def _from_row(start: int, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        if start < batch.num_rows:
            yield batch.slice(start)
        start = max(0, start - batch.num_rows)
