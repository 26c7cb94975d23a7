"""Customer tables: every write is a new Delta Lake version, and what has been dropped is gone."""

import json
import random
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import unquote
from uuid import uuid4

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
from deltalake import CommitProperties, DeltaTable, PostCommitHookProperties, Schema
from deltalake.exceptions import CommitFailedError, DeltaError, TableNotFoundError
from deltalake.transaction import AddAction

from service.errors import ServiceError
from service.files import Files, open_files

ATTEMPTS: Final = 12
FIRST_PAUSE: Final = 0.02
LONGEST_PAUSE: Final = 1.0
ROWS_IN_A_GROUP: Final = 131_072

# File statistics would keep the least and the greatest customer id in the log.
_NAMES_NOBODY: Final = {"delta.dataSkippingStatsColumns": ""}
# A model names the version it learned from, so only an erasure may shorten the log.
_KEEP_THE_LOG: Final = PostCommitHookProperties(create_checkpoint=True, cleanup_expired_logs=False)
# Left to retry by itself, Delta lets two overwrites of an empty table through, and keeps the rows of both.
_COMMIT_ONCE: Final = CommitProperties(max_commit_retries=0)


class TableGone(ServiceError):
    """The table, or this version of it, is no longer there."""


class TableBusy(ServiceError):
    """Others are writing to this table at the moment; try again shortly."""


class TableChangedElsewhere(ServiceError):
    """Another program has deleted rows of this table in a way that the service does not read."""


@dataclass(frozen=True, kw_only=True)
class Rows:
    """A table that is read while it is used."""

    schema: pa.Schema
    batches: Iterable[pa.RecordBatch]


class Tables:
    """The customer tables in one place, a directory or an object store."""

    def __init__(self, root: str | Path, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self._files = open_files(root)
        self._sleep = sleep

    def replace(self, path: str, table: pa.Table) -> int:
        """Write a whole table in one commit, the first time or over the last; answers with its Delta version."""
        return self.write(path, table.schema, table.to_batches)

    def write(self, path: str, schema: pa.Schema, batches: Callable[[], Iterable[pa.RecordBatch]]) -> int:
        """Write a table batch by batch, never holding all of it; `batches` is asked again for another try."""
        place = _Place(self._files, path)
        return self._retried(lambda: _write(place.opened(schema), place, schema, batches()))

    def modify(self, path: str, change: Callable[[pa.Table], pa.Table]) -> int:
        """Replace a table by what `change` makes of its newest version, anew if somebody else was faster meanwhile.

        Whole tables are written, so files never pile up within a version; what a version no longer needs is left to
        `purge`.
        """
        return self._retried(lambda: _modify(_Place(self._files, path), change))

    def read(self, path: str, version: int | None = None, columns: Sequence[str] | None = None) -> pa.Table:
        """Read a version, or the newest: rows and columns as they were written, or just `columns`."""
        place = _Place(self._files, path)
        with place.there():
            return place.dataset(place.opened_at(version)).to_table(columns=None if columns is None else list(columns))

    def find(self, path: str, version: int, column: str, value: str) -> pa.Table:
        """Read the rows of a version that have this text in a column."""
        place = _Place(self._files, path)
        with place.there():
            return place.dataset(place.opened_at(version)).to_table(filter=ds.field(column) == value)

    def batches(
        self, path: str, version: int | None = None, columns: Sequence[str] | None = None, *, start: int = 0
    ) -> Iterator[pa.RecordBatch]:
        """Read a version, or the newest, batch by batch from the row `start`, counted from 0."""
        place = _Place(self._files, path)
        with place.there():
            yield from _from_row(start, place.dataset(place.opened_at(version)).to_batches(columns=columns))

    def purge(self, path: str, *, keep: Sequence[int] = ()) -> None:
        """Remove from the disk what neither the newest version nor those to `keep`, and those after them, need."""
        self._retried(lambda: _purge(_Place(self._files, path), keep))

    def exists(self, path: str) -> bool:
        """Tell whether anything was written under this path."""
        with self._files.reached():
            return DeltaTable.is_deltatable(self._files.at(path), self._files.options)

    def drop(self, path: str) -> None:
        """Remove a table with all its versions for good."""
        self._files.remove(path)

    def answers(self) -> bool:
        """Tell whether the tables are within reach."""
        return self._files.answers()

    def _retried(self, commit: Callable[[], int]) -> int:
        for attempt in range(ATTEMPTS):
            try:
                with self._files.reached():
                    return commit()
            except (CommitFailedError, FileNotFoundError):  # another write, or what it left behind was purged
                self._sleep(_pause(attempt))
        raise TableBusy


def _pause(attempt: int) -> float:
    longest = min(LONGEST_PAUSE, FIRST_PAUSE * 2**attempt)
    return random.SystemRandom().uniform(longest / 2, longest)


@dataclass(frozen=True)
class _Place:
    """Where one table lies."""

    files: Files
    path: str

    def opened(self, schema: pa.Schema) -> DeltaTable:
        where, options = self.files.at(self.path), self.files.options
        try:
            return DeltaTable(where, storage_options=options)
        except TableNotFoundError:
            return DeltaTable.create(where, schema, mode="ignore", configuration=_NAMES_NOBODY, storage_options=options)

    def opened_at(self, version: int | None) -> DeltaTable:
        try:
            return DeltaTable(self.files.at(self.path), version=version, storage_options=self.files.options)
        except DeltaError as error:
            raise TableGone from error

    def dataset(self, delta: DeltaTable) -> ds.Dataset:
        if pa.table(delta.deletion_vectors()).num_rows:
            raise TableChangedElsewhere
        # DeltaTable.to_pyarrow_table aborts the process at its exit; reading the files ourselves does not.
        names = pa.table(delta.get_add_actions()).column("path").to_pylist()
        files = [f"{self.path}/{unquote(name)}" for name in names]
        schema = pa.schema(delta.schema().to_arrow())
        return ds.dataset(files, schema=schema, format="parquet", filesystem=self.files.arrow)

    @contextmanager
    def there(self) -> Iterator[None]:
        """Read from a table that may be removed meanwhile."""
        try:
            with self.files.reached():
                yield
        except FileNotFoundError as error:
            raise TableGone from error


def _modify(place: _Place, change: Callable[[pa.Table], pa.Table]) -> int:
    delta = place.opened_at(None)
    table = change(place.dataset(delta).to_table())
    return _write(delta, place, table.schema, table.to_batches())


def _write(delta: DeltaTable, place: _Place, schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> int:
    name = f"{uuid4().hex}.parquet"
    file = f"{place.path}/{name}"
    n_rows = _write_file(place.files, file, schema, batches)
    try:
        _commit(delta, name, place.files.arrow.get_file_info(file).size, n_rows, schema)
    except CommitFailedError:
        _remove(place.files, file)  # a purge may have taken it for a leftover
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


def _purge(place: _Place, keep: Sequence[int]) -> int:
    delta = place.opened_at(None)
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


def _from_row(start: int, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        if start < batch.num_rows:
            yield batch.slice(start)
        start = max(0, start - batch.num_rows)
