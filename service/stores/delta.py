"""One customer table in Delta Lake.

Imported on the first access to a table: with Arrow's datasets it takes 30 MB, and assigning
customers needs none of it.
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
from service.stores import lookup
from service.stores.lookup import Lookup

# File statistics would store the smallest and the largest customer id in the log.
_WITHOUT_STATISTICS: Final = {"delta.dataSkippingStatsColumns": ""}
# Models refer to the version that they learned from, so only an erasure may truncate the log.
_KEEP_LOG: Final = PostCommitHookProperties(create_checkpoint=True, cleanup_expired_logs=False)
_PURGES: Final = "purges"  # application id under which the log counts the table's purges


@dataclass(frozen=True)
class DeltaDirectory:
    """Directory of one Delta table."""

    files: Storage
    path: str

    def exists(self) -> bool:
        with self.files.reached():
            return DeltaTable.is_deltatable(self.files.at(self.path), self.files.options)

    def read(self, version: int | None, columns: Sequence[str] | None) -> pa.Table:
        """Read a version, or the newest, in the order written; `columns` selects columns."""
        with self._missing_as_gone():
            return dataset_of(self, self.open_at(version)).to_table(
                columns=None if columns is None else list(columns)
            )

    def find(self, version: int, column: str, value: str) -> pa.Table:
        """Read the rows of a version whose `column` equals `value`."""
        with self._missing_as_gone():
            return dataset_of(self, self.open_at(version)).to_table(
                filter=ds.field(column) == value
            )

    def lookup(self, version: int) -> Lookup:
        """Open the lookup file of a version, which is written if it is missing."""
        with self._missing_as_gone():
            [name] = file_names(self.open_at(version))
            path = f"{self.path}/{lookup.path_of(name)}"
            try:
                return Lookup.open(self.files, path)
            except FileNotFoundError:
                lookup.write(self.files, path, self.read(version, None))
            if not self._has_file(name):  # a purge may have missed the lookup file
                self.files.remove_file(path)
            return Lookup.open(self.files, path)

    def batches(
        self, version: int | None, columns: Sequence[str] | None, start: int
    ) -> Iterator[pa.RecordBatch]:
        """Read a version, or the newest, in batches from the row `start`, counted from 0."""
        with self._missing_as_gone():
            yield from _from_row(
                start, dataset_of(self, self.open_at(version)).to_batches(columns=columns)
            )

    def open(self, schema: pa.Schema) -> DeltaTable:
        """Open the newest version; a missing table is created without rows."""
        uri, options = self.files.at(self.path), self.files.options
        try:
            return DeltaTable(uri, storage_options=options)
        except TableNotFoundError:
            return DeltaTable.create(
                uri,
                schema,
                mode="ignore",
                configuration=_WITHOUT_STATISTICS,
                storage_options=options,
            )

    def open_at(self, version: int | None) -> DeltaTable:
        """Open a version, or the newest; raises TableGone if it does not exist."""
        try:
            return DeltaTable(
                self.files.at(self.path), version=version, storage_options=self.files.options
            )
        except DeltaError as error:
            raise TableGone from error

    def list_files(self) -> list[str]:
        """List the data files by their paths within the table; empty without a table."""
        found = self.files.arrow.get_file_info(
            FileSelector(self.path, recursive=True, allow_not_found=True)
        )
        names = [
            file.path.removeprefix(f"{self.path}/") for file in found if file.type == FileType.File
        ]
        return [name for name in names if not name.startswith("_delta_log/")]

    def file_size(self, name: str) -> int:
        """Return a file's size in bytes; raises FileNotFoundError."""
        size: int | None = self.files.arrow.get_file_info(f"{self.path}/{name}").size
        if size is None:
            raise FileNotFoundError(name)
        return size

    def _has_file(self, name: str) -> bool:
        return bool(self.files.arrow.get_file_info(f"{self.path}/{name}").is_file)

    @contextmanager
    def conflicts_as_busy(self) -> Iterator[None]:
        """Raise TableBusy for a block that loses a race against another change of the table."""
        try:
            with self.files.reached():
                yield
        except (CommitFailedError, FileNotFoundError, TableNotFoundError) as error:
            raise TableBusy from error

    @contextmanager
    def _missing_as_gone(self) -> Iterator[None]:
        """Raise TableGone for a block that reads a table that is removed meanwhile."""
        try:
            with self.files.reached():
                yield
        except FileNotFoundError as error:
            raise TableGone from error


def dataset_of(directory: DeltaDirectory, delta: DeltaTable) -> ds.Dataset:
    """Return the Arrow dataset of a version."""
    if pa.table(delta.deletion_vectors()).num_rows:
        raise TableChangedElsewhere
    # DeltaTable.to_pyarrow_table aborts the process at exit, so Arrow reads the files.
    files = [f"{directory.path}/{name}" for name in file_names(delta)]
    schema = pa.schema(delta.schema().to_arrow())
    return ds.dataset(files, schema=schema, format="parquet", filesystem=directory.files.arrow)


def file_names(delta: DeltaTable) -> list[str]:
    """List the files of a version by their paths within the table."""
    return [unquote(name) for name in pa.table(delta.get_add_actions()).column("path").to_pylist()]


def count_purges(delta: DeltaTable) -> int:
    """Return the number of purges that had begun when a version was committed."""
    return delta.transaction_version(_PURGES) or 0


def file_of(name: str, size: int, n_rows: int) -> AddAction:
    """Build a file's log entry, without statistics that would contain customer ids."""
    stats = json.dumps({"numRecords": n_rows})
    return AddAction(name, size, {}, int(time.time() * 1000), data_change=True, stats=stats)


def commit(
    delta: DeltaTable, schema: pa.Schema, file: AddAction | None, *, purges: int | None = None
) -> None:
    """Commit on top of the opened version.

    One file that replaces all others, or only the number of a purge.

    Delta's own retries are disabled: they would accept two concurrent overwrites of an empty table
    and keep the rows of both.
    """
    transactions = [] if purges is None else [Transaction(_PURGES, purges)]
    delta.create_write_transaction(
        [] if file is None else [file],
        mode="append" if file is None else "overwrite",
        schema=Schema.from_arrow(schema),
        commit_properties=CommitProperties(max_commit_retries=0, app_transactions=transactions),
        post_commithook_properties=_KEEP_LOG,
    )


def _from_row(start: int, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        if start < batch.num_rows:
            yield batch.slice(start)
        start = max(0, start - batch.num_rows)
