"""Customer tables: every write is a new Delta Lake version, and what has been dropped is gone."""

import json
import random
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
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
    """The customer tables below one directory."""

    def __init__(self, root: str | Path, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self._root = Path(root)
        self._sleep = sleep

    def replace(self, path: str, table: pa.Table) -> int:
        """Write a whole table in one commit, the first time or over the last; answers with its Delta version."""
        return self.write(path, table.schema, table.to_batches)

    def write(self, path: str, schema: pa.Schema, batches: Callable[[], Iterable[pa.RecordBatch]]) -> int:
        """Write a table batch by batch, never holding all of it; `batches` is asked again for another try."""
        return self._retried(lambda: _write(_opened(self._root / path, schema), self._root / path, schema, batches()))

    def modify(self, path: str, change: Callable[[pa.Table], pa.Table]) -> int:
        """Replace a table by what `change` makes of its newest version, anew if somebody else was faster meanwhile.

        Whole tables are written, so files never pile up within a version; what a version no longer needs is left to
        `purge`.
        """
        return self._retried(lambda: _modify(self._root / path, change))

    def read(self, path: str, version: int | None = None, columns: Sequence[str] | None = None) -> pa.Table:
        """Read a version, or the newest: rows and columns as they were written, or just `columns`."""
        try:
            return _read(_opened_at(self._root / path, version), columns)
        except FileNotFoundError as error:
            raise TableGone from error

    def find(self, path: str, version: int, column: str, value: str) -> pa.Table:
        """Read the rows of a version that have this text in a column."""
        try:
            return _dataset(_opened_at(self._root / path, version)).to_table(filter=ds.field(column) == value)
        except FileNotFoundError as error:
            raise TableGone from error

    def batches(
        self, path: str, version: int | None = None, columns: Sequence[str] | None = None, *, start: int = 0
    ) -> Iterator[pa.RecordBatch]:
        """Read a version, or the newest, batch by batch from the row `start`, counted from 0."""
        rows = _dataset(_opened_at(self._root / path, version))
        try:
            yield from _from_row(start, rows.to_batches(columns=columns))
        except FileNotFoundError as error:
            raise TableGone from error

    def purge(self, path: str, *, keep: Sequence[int] = ()) -> None:
        """Remove from the disk what neither the newest version nor those to `keep`, and those after them, need."""
        self._retried(lambda: _purge(self._root / path, keep))

    def exists(self, path: str) -> bool:
        """Tell whether anything was written under this path."""
        return DeltaTable.is_deltatable(str(self._root / path))

    def drop(self, path: str) -> None:
        """Remove a table with all its versions from the disk."""
        with suppress(FileNotFoundError):
            shutil.rmtree(self._root / path)

    def _retried(self, commit: Callable[[], int]) -> int:
        for attempt in range(ATTEMPTS):
            try:
                return commit()
            except (CommitFailedError, FileNotFoundError):  # another write, or what it left behind was purged
                self._sleep(_pause(attempt))
        raise TableBusy


def _pause(attempt: int) -> float:
    longest = min(LONGEST_PAUSE, FIRST_PAUSE * 2**attempt)
    return random.SystemRandom().uniform(longest / 2, longest)


def _modify(path: Path, change: Callable[[pa.Table], pa.Table]) -> int:
    delta = _opened_at(path, None)
    table = change(_read(delta, None))
    return _write(delta, path, table.schema, table.to_batches())


def _write(delta: DeltaTable, path: Path, schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> int:
    file = path / f"{uuid4().hex}.parquet"
    n_rows = _write_file(file, schema, batches)
    try:
        _commit(delta, file, n_rows, schema)
    except CommitFailedError:
        file.unlink(missing_ok=True)  # a purge may have taken it for a leftover
        raise
    return int(delta.version()) + 1


def _write_file(file: Path, schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> int:
    """Write the rows in their order, which Delta's own writer does not keep."""
    n_rows = 0
    texts = [field.name for field in schema if pa.types.is_string(field.type)]  # numbers only lose by a dictionary
    try:
        with pq.ParquetWriter(file, schema, compression="zstd", use_dictionary=texts) as writer:
            for batch in batches:
                writer.write_batch(batch, row_group_size=ROWS_IN_A_GROUP)
                n_rows += batch.num_rows
    except BaseException:
        file.unlink(missing_ok=True)
        raise
    return n_rows


def _commit(delta: DeltaTable, file: Path, n_rows: int, schema: pa.Schema) -> None:
    stats = json.dumps({"numRecords": n_rows})
    added = AddAction(file.name, file.stat().st_size, {}, int(time.time() * 1000), data_change=True, stats=stats)
    delta.create_write_transaction(
        [added],
        mode="overwrite",
        schema=Schema.from_arrow(schema),
        commit_properties=_COMMIT_ONCE,
        post_commithook_properties=_KEEP_THE_LOG,
    )


def _purge(path: Path, keep: Sequence[int]) -> int:
    delta = _opened_at(path, None)
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


def _opened(path: Path, schema: pa.Schema) -> DeltaTable:
    try:
        return DeltaTable(path)
    except TableNotFoundError:
        return DeltaTable.create(path, schema, mode="ignore", configuration=_NAMES_NOBODY)


def _opened_at(path: Path, version: int | None) -> DeltaTable:
    try:
        return DeltaTable(path, version=version)
    except DeltaError as error:
        raise TableGone from error


def _read(delta: DeltaTable, columns: Sequence[str] | None) -> pa.Table:
    return _dataset(delta).to_table(columns=None if columns is None else list(columns))


def _dataset(delta: DeltaTable) -> ds.Dataset:
    if pa.table(delta.deletion_vectors()).num_rows:
        raise TableChangedElsewhere
    # DeltaTable.to_pyarrow_table aborts the process at its exit; reading the files ourselves does not.
    files = [unquote(uri) for uri in delta.file_uris()]
    return ds.dataset(files, schema=pa.schema(delta.schema().to_arrow()), format="parquet")


def _from_row(start: int, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        if start < batch.num_rows:
            yield batch.slice(start)
        start = max(0, start - batch.num_rows)
